import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.search.particles import effective, log_mean, log_sum, normalised, relative_variance, systematic

LOGW = st.lists(st.one_of(st.floats(-50, 50), st.just(-math.inf)), min_size=1, max_size=30).filter(
    lambda logw: max(logw) > -math.inf
)


@given(LOGW)
def test_weights_add_up(logw: list[float]) -> None:
    assert math.isclose(sum(normalised(logw)), 1.0)
    assert math.isclose(log_sum(logw), log_mean(logw) + math.log(len(logw)), abs_tol=1e-9)
    assert 1 - 1e-9 <= effective(logw) <= len(logw) + 1e-9


def test_nothing_has_no_weight() -> None:
    nothing = [-math.inf] * 3
    assert log_sum(nothing) == log_sum([]) == log_mean([]) == -math.inf
    assert effective(nothing) == 0
    assert normalised(nothing) == [1 / 3] * 3
    with pytest.raises(ValueError, match="nothing has weight"):
        systematic(nothing, 0.5)


@given(LOGW, st.floats(0, 1, exclude_max=True))
def test_everyone_comes_as_often_as_it_weighs_give_or_take_one(logw: list[float], u: float) -> None:
    chosen = systematic(logw, u)
    assert len(chosen) == len(logw)
    assert list(chosen) == sorted(chosen)
    counts = Counter(chosen)
    for i, p in enumerate(normalised(logw)):
        expected = len(logw) * p
        assert math.floor(expected - 1e-6) <= counts[i] <= math.ceil(expected + 1e-6)
        assert p > 0 or not counts[i]


def test_resampling_is_unbiased() -> None:
    logw = [math.log(w) for w in (0.1, 0.5, 2.0, 1.4)]
    counts: Counter[int] = Counter()
    for k in range(1000):
        counts.update(systematic(logw, (k + 0.5) / 1000))
    for i, p in enumerate(normalised(logw)):
        assert abs(counts[i] / 4000 - p) < 0.002


def test_without_resampling_the_variance_is_that_of_a_mean() -> None:
    dice = random.Random(1)
    weights = [dice.expovariate(1.0) for _ in range(50)]
    mean = sum(weights) / 50
    usual = sum((w - mean) ** 2 for w in weights) / 49 / 50 / mean**2
    assert math.isclose(relative_variance([math.log(w) for w in weights], range(50)), usual)


def test_one_ancestor_tells_nothing() -> None:
    assert relative_variance([0.0, 0.0], [1, 1]) == math.inf
    assert relative_variance([0.0], [0]) == math.inf
    assert relative_variance([0.0] * 4, [0, 1, 2, 3]) == 0.0
