import random

import pytest

from nightschool.search.bandit import Arm, choose


def test_all_have_their_turn_from_the_beginning() -> None:
    assert {choose([Arm(), Arm(), Arm()], random.Random(i)) for i in range(50)} == {0, 1, 2}
    assert {choose([Arm(2, 0, 30), Arm(), Arm()], random.Random(i)) for i in range(50)} == {0, 1, 2}
    with pytest.raises(ValueError, match="nothing to choose"):
        choose([], random.Random(0))


def test_success_for_each_token_counts() -> None:
    good, dear = Arm(100, 60, 100 * 10), Arm(100, 90, 100 * 1000)
    assert {choose([dear, good], random.Random(i)) for i in range(50)} == {1}


def test_it_is_never_much_worse_than_the_best_arm() -> None:
    """Over 2,000 tokens' worth of pulls, at least 70% of what the best arm alone would bring, whichever it is."""
    for rates, costs in (
        ((0.05, 0.5, 0.1), (10, 10, 10)),
        ((0.9, 0.3, 0.2), (90, 10, 40)),
        ((0.3, 0.3, 0.3), (9, 9, 9)),
    ):
        dice = random.Random(3)
        arms = [Arm() for _ in rates]
        left = 20_000
        while left > 0:
            i = choose(arms, dice)
            arms[i] += Arm(1, int(dice.random() < rates[i]), costs[i])
            left -= costs[i]
        best = max(rate / cost for rate, cost in zip(rates, costs, strict=True)) * 20_000
        assert sum(arm.worked for arm in arms) > 0.7 * best


def test_what_is_believed_before_gives_way_to_what_is_seen() -> None:
    before = [(0.4, 3.6), (2.0, 2.0)]

    def share(arms: list[Arm]) -> float:
        return sum(choose(arms, random.Random(i), before) for i in range(400)) / 400

    assert 0.85 < share([Arm(), Arm()]) < 1
    assert share([Arm(30, 25, 300), Arm(30, 3, 300)]) < 0.05
    with pytest.raises(ValueError, match="zip"):
        choose([Arm()], random.Random(0), before)
