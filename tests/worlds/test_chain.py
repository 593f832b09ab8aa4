import math
from collections import Counter
from itertools import pairwise

import pytest

from nightschool.items import Noise
from nightschool.worlds.chain import Chain, random_chain
from nightschool.worlds.dice import Dice

COIN = Chain(((0.5, 0.5), (0.5, 0.5)))
CIRCLE = Chain(((0.0, 1.0), (1.0, 0.0)))


def test_entropy_rates_known_by_hand() -> None:
    assert COIN.entropy_rate() == pytest.approx(math.log(2))
    assert CIRCLE.entropy_rate() == 0
    mixed = Chain(((0.9, 0.1), (0.5, 0.5)))  # stationary (5/6, 1/6)
    assert mixed.stationary() == pytest.approx((5 / 6, 1 / 6))
    bits = -(0.9 * math.log(0.9) + 0.1 * math.log(0.1)) * 5 / 6 + math.log(2) / 6
    assert mixed.entropy_rate() == pytest.approx(bits)


@pytest.mark.parametrize(("states", "ways"), [(3, 1), (6, 2), (12, 11)])
def test_random_chains_have_their_ways_and_reach_every_letter(states: int, ways: int) -> None:
    chain = random_chain(states, ways, 1)
    for row in chain.rows:
        assert sum(row) == pytest.approx(1)
        assert sum(p > 0 for p in row) == ways
    assert min(chain.stationary()) > 0
    assert chain == random_chain(states, ways, 1)
    assert ways == 1 or chain != random_chain(states, ways, 2)


def test_samples_follow_the_chain() -> None:
    chain = random_chain(5, 3, 0)
    text = chain.sample(30_000, Dice(Noise((1,))))
    assert all(chain.allows(a, b) for a, b in pairwise(text))
    counts = Counter(text)
    for symbol, share in zip(chain.symbols, chain.stationary(), strict=True):
        assert counts[symbol] / len(text) == pytest.approx(share, abs=0.02)
    surprise = -sum(chain.logps(text[1:], text[0])) / (len(text) - 1)
    assert surprise == pytest.approx(chain.entropy_rate(), abs=0.02)


def test_what_is_impossible_has_no_probability_but_for_a_floor() -> None:
    assert CIRCLE.logps("a", "a") == (-math.inf,)
    assert CIRCLE.logps("a", "a", floor=0.1) == pytest.approx((math.log(0.05),))
    assert not CIRCLE.allows("a", "a")
    assert not CIRCLE.allows("a", "x")
    assert not CIRCLE.allows("", "a")
