import numpy as np
import pytest

from nightschool.stats.curation import curation_ratio, fit_ability
from nightschool.stats.draws import pass_at_k


def test_a_known_ratio_with_its_interval() -> None:
    rng = np.random.default_rng(1)
    passed = rng.binomial(16, 0.125, 300).tolist()
    found = curation_ratio(passed, [16] * 300)
    assert found.value == pytest.approx(8, rel=0.1)
    assert found.high is not None
    assert found.low < 8 < found.high


def test_where_nothing_passes_there_is_a_lower_end_alone() -> None:
    found = curation_ratio([0] * 40, [4] * 40)
    assert (found.value, found.high) == (None, None)
    assert found.low > 4


@pytest.mark.parametrize(("a", "b", "never"), [(1.0, 3.0, 0.0), (0.3, 2.0, 0.0), (2.0, 6.0, 0.5), (8.0, 8.0, 0.0)])
def test_what_many_draws_will_contain_is_told_from_a_few(a: float, b: float, never: float) -> None:
    rng = np.random.default_rng(2)
    chances = rng.beta(a, b, 1500) * (rng.random(1500) >= never)
    few = rng.binomial(8, chances)
    many = rng.binomial(64, chances)
    ability = fit_ability(few.tolist(), [8] * 1500)
    for n in (1, 4, 16, 32):
        measured = np.mean([pass_at_k(64, int(k), n) for k in many])
        assert ability.pass_at(n) == pytest.approx(measured, abs=0.04), n


def test_more_draws_never_contain_less() -> None:
    ability = fit_ability([0, 1, 2, 0, 4], [4] * 5)
    found = [ability.pass_at(n) for n in range(20)]
    assert found[0] == 0
    assert found == sorted(found)
    assert found[-1] <= 1


def test_counts_that_make_no_sense_are_refused() -> None:
    for passed, draws in (([], []), ([3], [2]), ([0], [0])):
        with pytest.raises(ValueError, match="ability"):
            fit_ability(passed, draws)
