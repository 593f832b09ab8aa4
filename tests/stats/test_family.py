import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as oracle

from nightschool.stats import Candidate, cheapest_reaching, fixed_sequence, holm

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(p_values)
def test_holm_is_monotone_between_raw_and_bonferroni(raw: list[float]) -> None:
    adjusted = holm(raw)
    assert all(p <= a <= min(1.0, p * len(raw)) + 1e-12 for p, a in zip(raw, adjusted, strict=True))
    order = np.argsort(raw, kind="stable")
    assert (np.diff(np.array(adjusted)[order]) >= 0).all()


@given(p_values)
def test_holm_does_what_its_steps_say(raw: list[float]) -> None:
    rejected: set[int] = set()
    for rank, i in enumerate(sorted(range(len(raw)), key=lambda i: raw[i])):
        if raw[i] * (len(raw) - rank) > 0.05:
            break
        rejected.add(i)
    assert {i for i, a in enumerate(holm(raw)) if a <= 0.05} == rejected


def test_holm_of_nothing_is_nothing() -> None:
    assert holm([]) == []


def test_holm_keeps_the_family_error() -> None:
    raw = np.random.default_rng(0).uniform(size=(10_000, 6))
    assert np.mean([min(holm(list(row))) <= 0.05 for row in raw]) <= 0.055


def test_fixed_sequence_stops_at_the_first_failure() -> None:
    assert fixed_sequence([0.01, 0.02, 0.9, 0.001]) == 2
    assert fixed_sequence([0.9, 0.001]) == 0
    assert fixed_sequence([0.01, 0.001]) == 2


def test_cheapest_reaching_stops_at_the_first_that_reaches() -> None:
    ways = [Candidate("words", 100, 200), Candidate("few-shot", 199, 200), Candidate("search", 200, 200)]
    tests = cheapest_reaching(ways, 0.9)
    assert [(t.name, t.reached) for t in tests] == [("words", False), ("few-shot", True)]
    assert tests[-1].low > 0.9
    assert tests[0].low < 0.5


def test_one_candidate_is_tested_at_full_alpha() -> None:
    (test,) = cheapest_reaching([Candidate("only", 195, 200)], 0.9, alpha=0.025)
    assert test.alpha == 0.025
    assert test.p_value == pytest.approx(oracle.binomtest(195, 200, 0.9, alternative="greater").pvalue)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6), st.floats(0.3, 0.95))
def test_alpha_is_spent_once_and_the_bound_agrees(passed: list[int], target: float) -> None:
    tests = cheapest_reaching([Candidate(str(i), k, 50) for i, k in enumerate(passed)], target)
    assert sum(t.alpha for t in tests) <= 0.025 + 1e-12
    assert all(not t.reached for t in tests[:-1])
    for test in tests:
        if abs(test.low - target) > 1e-6:
            assert test.reached == (test.low > target)


def test_five_ways_just_at_the_target_seldom_look_as_if_one_reached_it() -> None:
    passed = np.random.default_rng(1).binomial(250, 0.9, size=(10_000, 5))
    needed: dict[tuple[int, int], bool] = {}
    claims = naive = 0
    for row in passed:
        claim = False
        for place, k in enumerate(row):
            if (place, k) not in needed:
                blanks = [Candidate("no", 0, 250)] * place
                rest = [Candidate("no", 0, 250)] * (4 - place)
                found = cheapest_reaching([*blanks, Candidate("this", int(k), 250), *rest], 0.9)
                needed[place, k] = found[-1].name == "this" and found[-1].reached
            claim |= needed[place, k]
        claims += claim
        naive += bool((oracle.binom.sf(row - 1, 250, 0.9) <= 0.025).any())
    assert claims / 10_000 <= 0.0275
    assert naive / 10_000 > 0.05  # what testing each at full alpha would have claimed


def test_no_way_is_refused() -> None:
    with pytest.raises(ValueError, match="no way"):
        cheapest_reaching([], 0.9)
