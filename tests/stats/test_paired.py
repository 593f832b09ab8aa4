import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as oracle

from nightschool.stats import Paired, difference, mcnemar
from nightschool.stats.paired import score_z

tables = st.builds(Paired, *[st.integers(0, 60)] * 4).filter(lambda p: p.n > 0)


def draw(rng: np.random.Generator, n: int, gained: float, lost: float, times: int) -> list[tuple[Paired, int]]:
    """Return the distinct tables of `times` samples, each with how often it came."""
    rest = 1 - gained - lost
    found, how_often = np.unique(rng.multinomial(n, [gained, lost, rest], times), axis=0, return_counts=True)
    return [(Paired(0, int(g), int(c), int(r)), int(k)) for (g, c, r), k in zip(found, how_often, strict=True)]


def test_counts_are_of_the_right_kind() -> None:
    first, second = [True, True, False, False, False], [True, False, True, True, False]
    assert Paired.of(first, second) == Paired(both=1, gained=2, lost=1, neither=1)
    with pytest.raises(ValueError, match="argument 2"):
        Paired.of([True], [])


def test_mcnemar_gives_the_published_example() -> None:
    # fagerland2013: airway hyper-responsiveness before and after stem cell transplantation
    assert mcnemar(Paired(both=1, gained=7, lost=1, neither=12)) == pytest.approx(0.0391, abs=1e-4)


@given(tables)
def test_mcnemar_is_the_exact_test_less_one_point(paired: Paired) -> None:
    n, fewer = paired.gained + paired.lost, min(paired.gained, paired.lost)
    if n == 0 or paired.gained == paired.lost:
        assert mcnemar(paired) == 1
        return
    expected = oracle.binomtest(fewer, n).pvalue - oracle.binom.pmf(fewer, n, 0.5)
    assert mcnemar(paired) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("n", "changed"), [(48, 0.1), (100, 0.3), (250, 0.05), (250, 0.5)])
def test_mcnemar_errs_at_most_55_times_in_1000_under_the_null(n: int, changed: float) -> None:
    rng = np.random.default_rng(n)
    wrong = sum(k for p, k in draw(rng, n, changed / 2, changed / 2, 10_000) if mcnemar(p) <= 0.05)
    assert wrong / 10_000 <= 0.055


@given(tables)
def test_interval_holds_what_the_score_test_keeps(paired: Paired) -> None:
    score = difference(paired)
    assert -1 <= score.low <= score.value <= score.high <= 1
    assert score.low < score.high
    z = oracle.norm.ppf(0.975)
    for end in (score.low, score.high):
        if -1 < end < 1:
            statistic = float(score_z(paired.gained, paired.lost, paired.n, end))
            assert abs(statistic) == pytest.approx(z, rel=1e-4) or abs(end - score.value) < 1e-9


@given(tables)
def test_interval_mirrors_when_first_and_second_swap(paired: Paired) -> None:
    score = difference(paired)
    mirror = difference(Paired(paired.both, paired.lost, paired.gained, paired.neither))
    assert (score.low, score.high) == pytest.approx((-mirror.high, -mirror.low), abs=1e-9)


def test_interval_of_one_loss_in_44_reaches_farther_down() -> None:
    score = difference(Paired(both=43, gained=0, lost=1, neither=0))
    assert (score.low, score.high) == pytest.approx((-0.1187, 0.0606), abs=2e-3)


@given(tables)
def test_constrained_rate_maximises_the_likelihood(paired: Paired) -> None:
    b, c, n, delta = paired.gained, paired.lost, paired.n, 0.1
    grid = np.linspace(1e-6, (1 - delta) / 2 - 1e-6, 4001)  # P(lost); P(gained) is that plus delta

    def likelihood(q: float | np.ndarray) -> np.ndarray:
        return b * np.log(q + delta) + c * np.log(q) + (n - b - c) * np.log(1 - 2 * q - delta)

    z = float(score_z(b, c, n, delta))
    best = grid[np.argmax(likelihood(grid))]
    expected = (b - c - n * delta) / np.sqrt(n * (2 * best + delta * (1 - delta)))
    assert z == pytest.approx(expected, rel=2e-2, abs=1e-2)


@pytest.mark.parametrize(("gained", "lost"), [(0.05, 0.05), (0.02, 0.08), (0.01, 0.0)])
def test_interval_covers_the_truth(gained: float, lost: float) -> None:
    found = draw(np.random.default_rng(3), 150, gained, lost, 4_000)
    covered = sum(k for p, k in found if (s := difference(p)).low <= gained - lost <= s.high)
    assert covered / 4_000 > 0.935


def test_no_items_give_no_difference() -> None:
    with pytest.raises(ValueError, match="at least one item"):
        difference(Paired(0, 0, 0, 0))
