from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as oracle

from nightschool.stats import clustered_rate, exact_low, items_for_width, items_to_prove, p_above, rates, wilson
from nightschool.stats.rates import tail

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_wilson_agrees_with_scipy(count: tuple[int, int]) -> None:
    passed, n = count
    ours, theirs = wilson(passed, n), oracle.binomtest(passed, n).proportion_ci(method="wilson")
    assert ours.low == pytest.approx(theirs.low, abs=1e-9)
    assert ours.high == pytest.approx(theirs.high, abs=1e-9)
    assert (ours.value, ours.n) == (passed / n, n)


@given(counts)
def test_wilson_is_symmetric_and_holds_its_rate(count: tuple[int, int]) -> None:
    passed, n = count
    score, mirror = wilson(passed, n), wilson(n - passed, n)
    assert 0 <= score.low <= score.value <= score.high <= 1
    assert score.low < score.high
    assert score.low == pytest.approx(1 - mirror.high, abs=1e-12)


@pytest.mark.parametrize(("n", "rate"), [(24, 0.1), (50, 0.5), (250, 0.9), (250, 0.03)])
def test_wilson_covers_the_truth(n: int, rate: float) -> None:
    draws = np.random.default_rng(0).binomial(n, rate, 10_000)
    covered = {k: (s := wilson(int(k), n)).low <= rate <= s.high for k in np.unique(draws)}
    assert np.mean([covered[k] for k in draws]) > 0.93


@pytest.mark.parametrize(("passed", "n"), [(0, 0), (3, 2), (-1, 5)])
def test_wilson_refuses_what_is_no_rate(passed: int, n: int) -> None:
    with pytest.raises(ValueError, match="a rate needs"):
        wilson(passed, n)


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_clusters_of_one_are_at_least_plain_wilson(outcomes: list[bool]) -> None:
    plain, ours = wilson(sum(outcomes), len(outcomes)), clustered_rate([[float(o)] for o in outcomes])
    assert ours.value == pytest.approx(plain.value)
    assert ours.low <= plain.low + 1e-9  # sample variance divides by n - 1: a shade wider
    assert ours.high >= plain.high - 1e-9
    assert ours.n == len(outcomes)


def test_repeating_an_outcome_adds_no_certainty() -> None:
    once = clustered_rate([[1.0], [0.0], [1.0], [0.0], [0.0]])
    thrice = clustered_rate([[1.0] * 3, [0.0] * 3, [1.0] * 3, [0.0] * 3, [0.0] * 3])
    assert (once.low, once.high) == pytest.approx((thrice.low, thrice.high))


def test_clean_zero_keeps_the_width_of_its_items() -> None:
    ours, plain = clustered_rate([[0.0, 0.0]] * 40), wilson(0, 40)
    assert (ours.low, ours.high) == pytest.approx((plain.low, plain.high))


def test_clustered_rate_covers_the_truth_where_draws_repeat() -> None:
    rng = np.random.default_rng(1)
    rates = rng.beta(0.5, 1.5, size=(2000, 60))  # mean 0.25, items differ much
    outcomes = rng.binomial(4, rates) / 4
    scores = [clustered_rate([[v] for v in row]) for row in outcomes]
    assert np.mean([s.low <= 0.25 <= s.high for s in scores]) > 0.935


@pytest.mark.parametrize("clusters", [[], [[1.0], []], [[1.5]]])
def test_clustered_rate_refuses_what_is_no_rate(clusters: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="rate"):
        clustered_rate(clusters)


@given(st.integers(1, 300), st.floats(0, 1))
def test_tail_is_the_binomial_survival_function(n: int, rate: float) -> None:
    ours = tail(n, rate)
    assert ours[: n + 1] == pytest.approx(oracle.binom.sf(np.arange(n + 1) - 1, n, rate), abs=1e-9)
    assert ours[n + 1] == 0


@given(counts, st.floats(0.01, 0.99))
def test_p_above_agrees_with_scipy(count: tuple[int, int], target: float) -> None:
    expected = oracle.binomtest(*count, p=target, alternative="greater").pvalue
    assert p_above(*count, target) == pytest.approx(expected, abs=1e-9)


@given(counts)
def test_exact_low_agrees_with_scipy(count: tuple[int, int]) -> None:
    expected = oracle.binomtest(*count, alternative="greater").proportion_ci(0.975, method="exact").low
    assert exact_low(*count) == pytest.approx(expected, abs=1e-7)


def test_a_true_95_needs_about_230_items_to_prove_90() -> None:
    assert items_to_prove(0.95, 0.90) == 231
    need = int(oracle.binom.isf(0.025, 231, 0.9)) + 1
    assert oracle.binom.sf(need - 1, 231, 0.95) >= 0.8
    assert oracle.binom.sf(need - 1, 231, 0.90) <= 0.025


def test_items_to_prove_gives_up_aloud() -> None:
    with pytest.raises(ValueError, match="never proves"):
        items_to_prove(0.9, 0.9)


def test_more_items_than_anyone_examines_are_not_counted_out() -> None:
    assert items_to_prove(0.9001, 0.9) is None
    assert items_to_prove(151 / 300, 0.5) is None


@pytest.mark.parametrize(("truth", "target"), [(0.5045, 0.5), (0.9027, 0.9), (0.0013, 0.001)])
def test_items_to_prove_are_found_without_trying_them_all(
    truth: float, target: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    powers = Mock(wraps=rates._power_to_prove)
    monkeypatch.setattr(rates, "_power_to_prove", powers)
    n = items_to_prove(truth, target)
    assert powers.call_count < 1_000  # a step for each of 90,000 and more, if all were tried
    assert n is not None
    assert 90_000 < n < 100_000
    assert _proves(n, truth, target)


@given(
    st.floats(0, 0.95), st.floats(0.05, 0.5), st.sampled_from([0.01, 0.025, 0.05]), st.sampled_from([0.5, 0.8, 0.95])
)
def test_items_to_prove_are_the_fewest(target: float, more: float, alpha: float, power: float) -> None:
    truth = min(1.0, target + more)
    one_by_one = next(n for n in range(1, 10_000) if _proves(n, truth, target, alpha, power))
    assert items_to_prove(truth, target, alpha, power) == one_by_one


def _proves(n: int, truth: float, target: float, alpha: float = 0.025, power: float = 0.8) -> bool:
    need = int(np.argmax(tail(n, target) <= alpha))
    return bool(tail(n, truth)[need] >= power)


@given(st.floats(0.02, 0.4), st.floats(0.05, 0.95))
def test_items_for_width_is_the_fewest(half: float, rate: float) -> None:
    n = items_for_width(half, rate)

    def width(items: int) -> float:
        score = wilson(rate * items, items)
        return (score.high - score.low) / 2

    assert width(n) <= half
    assert n == 1 or width(n - 1) > half
