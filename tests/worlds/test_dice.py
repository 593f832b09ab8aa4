from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.items import Noise
from nightschool.worlds.dice import Dice


def test_the_same_name_rolls_the_same_for_ever():
    dice = Dice(Noise(("worlds", 1)))
    assert [dice.below(100) for _ in range(5)] == [88, 41, 77, 27, 50]
    assert dice.shuffled(range(6)) == [5, 2, 0, 3, 1, 4]


@given(st.integers(0, 10**9), st.integers(1, 8), st.integers(-20, 20), st.integers(0, 12))
def test_distinct_numbers_are_distinct_and_of_the_range(seed, k, low, room):
    chosen = Dice(Noise((seed,))).distinct(k, low, low + k - 1 + room)
    assert len(set(chosen)) == k
    assert all(low <= c <= low + k - 1 + room for c in chosen)


def test_every_order_is_equally_likely():
    dice = Dice(Noise(("orders",)))
    counts = Counter(tuple(dice.shuffled("abc")) for _ in range(6_000))
    assert len(counts) == 6
    assert all(850 < count < 1_150 for count in counts.values())  # 5 standard deviations of 1,000


def test_every_choice_of_distinct_numbers_is_equally_likely():
    dice = Dice(Noise(("choices",)))
    counts = Counter(tuple(dice.distinct(2, 0, 3)) for _ in range(12_000))
    assert len(counts) == 12
    assert all(850 < count < 1_150 for count in counts.values())


def test_what_is_impossible_is_refused():
    with pytest.raises(ValueError, match="no 3 unlike"):
        Dice(Noise((1,))).distinct(3, 0, 1)
    with pytest.raises(ValueError, match="nothing lies"):
        Dice(Noise((1,))).below(0)


def test_chance_is_as_likely_as_it_says():
    dice = Dice(Noise(("chance",)))
    assert 250 < sum(dice.chance(0.3) for _ in range(1_000)) < 350
    assert not any(dice.chance(0.0) for _ in range(100))
