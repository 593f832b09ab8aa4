import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as oracle

from nightschool.stats import bootstrap_difference, bootstrap_mean
from nightschool.stats.bootstrap import student

clusters = st.lists(st.lists(st.floats(-5, 5), min_size=1, max_size=4), min_size=2, max_size=20)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@settings(max_examples=50, deadline=None)
@given(clusters)
def test_mean_is_of_all_outcomes_and_repeats(groups: list[list[float]]) -> None:
    score = bootstrap_mean(groups, rng(), resamples=200)
    assert score.value == pytest.approx(np.mean([v for g in groups for v in g]))
    assert score.low <= score.value <= score.high
    assert score == bootstrap_mean(groups, rng(), resamples=200)
    assert score.n == len(groups)


def test_agrees_with_scipy_for_single_outcomes() -> None:
    values = rng(1).normal(size=200)
    ours = bootstrap_mean([[v] for v in values], rng(2), resamples=10_000)
    theirs = oracle.bootstrap((values,), np.mean, method="percentile", rng=rng(3)).confidence_interval
    assert ours.low == pytest.approx(theirs.low, abs=0.01)
    assert ours.high == pytest.approx(theirs.high, abs=0.01)


def test_repeated_outcomes_do_not_narrow_the_interval() -> None:
    values = rng(1).normal(size=50)
    once = bootstrap_mean([[v] for v in values], rng(2))
    often = bootstrap_mean([[v] * 8 for v in values], rng(2))
    assert (once.low, once.high) == pytest.approx((often.low, often.high))


@pytest.mark.parametrize("items", [12, 50])
def test_null_differences_are_seldom_excluded(items: int) -> None:
    source, wrong, trials = rng(items), 0, 600
    for _ in range(trials):
        ability = source.beta(1, 1, size=(items, 1))
        first, second = source.binomial(1, ability, (items, 3)), source.binomial(1, ability, (items, 3))
        score = bootstrap_difference(first.tolist(), second.tolist(), source, resamples=400)
        wrong += not score.low <= 0 <= score.high
    # 5.5% plus two standard errors of the simulation itself
    assert wrong / trials <= 0.055 + 2 * (0.05 * 0.95 / trials) ** 0.5


def test_difference_is_second_less_first() -> None:
    score = bootstrap_difference([[0, 0], [0, 1]], [[1], [1]], rng())
    assert score.value == pytest.approx(0.75)


@pytest.mark.parametrize("groups", [[], [[1.0]], [[1.0], []]])
def test_refuses_what_has_no_spread(groups: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="bootstrap needs"):
        bootstrap_mean(groups, rng())


@pytest.mark.parametrize("freedom", [1, 2, 3, 5, 11, 60])
def test_student_quantile(freedom: int) -> None:
    assert student(0.025, freedom) == pytest.approx(oracle.t.ppf(0.025, freedom), rel=2e-3)
