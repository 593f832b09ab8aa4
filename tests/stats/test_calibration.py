import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.stats.calibration import brier, calibration_error, reliability, scaled, selective, temperature


def sure(n: int, seed: int, sharpness: float = 1.0) -> tuple[list[float], list[bool]]:
    """Return confidences that are right, or too sure by `sharpness`, with outcomes."""
    rng = np.random.default_rng(seed)
    truth = rng.beta(2, 2, n)
    odds = np.log(truth / (1 - truth)) * sharpness
    return (1 / (1 + np.exp(-odds))).tolist(), (rng.random(n) < truth).tolist()


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_perfect_confidence_has_no_error_left() -> None:
    found = [calibration_error(*sure(250, seed), rng(), resamples=200) for seed in range(30)]
    assert np.mean([each.value**2 for each in found]) < 0.003  # with the bias left in it is about 0.008
    assert sum(each.low < 0.01 for each in found) >= 26


def test_a_planted_error_is_found() -> None:
    y = np.random.default_rng(0).random(4000) < 0.6
    found = calibration_error([0.8] * 4000, y.tolist(), rng(), resamples=200)
    assert found.value == pytest.approx(0.2, abs=0.02)
    assert found.low <= 0.2 <= found.high


def test_reliability_groups_are_of_equal_size_and_ties_stay_together() -> None:
    bins = reliability([0.1] * 50 + [0.9] * 50, [False] * 45 + [True] * 50 + [False] * 5, bins=10)
    assert [each.right.n for each in bins] == [50, 50]
    assert [each.confidence for each in bins] == pytest.approx([0.1, 0.9])
    assert [each.right.value for each in bins] == pytest.approx([0.1, 0.9])


def test_brier_known_by_hand() -> None:
    assert brier([1.0, 0.0, 0.5, 0.5], [True, False, True, False], rng()).value == pytest.approx(0.125)


@pytest.mark.parametrize("sharpness", [0.5, 2.0, 3.0])
def test_temperature_takes_off_what_is_too_sure(sharpness: float) -> None:
    practice, practised = sure(4000, 1, sharpness)
    found = temperature(practice, practised)
    assert found == pytest.approx(sharpness, rel=0.12)
    exam, outcomes = sure(4000, 2, sharpness)
    before = calibration_error(exam, outcomes, rng(), resamples=20).value
    after = calibration_error(scaled(exam, found), outcomes, rng(), resamples=20).value
    assert after < 0.3 * before


def test_scaling_by_one_changes_nothing_and_keeps_order() -> None:
    assert scaled([0.2, 0.9], 1.0) == pytest.approx([0.2, 0.9])
    assert scaled([0.2, 0.5, 0.9], 7.0) == sorted(scaled([0.2, 0.5, 0.9], 7.0))


def test_declining_to_answer_buys_accuracy_where_confidence_means_something() -> None:
    assert selective([0.9, 0.8, 0.7, 0.6], [True, True, False, False]) == [
        (0.25, 1.0), (0.5, 1.0), (0.75, pytest.approx(2 / 3)), (1.0, 0.5),
    ]  # fmt: skip
    assert selective([0.5, 0.5], [True, False]) == [(1.0, 0.5)]


@pytest.mark.parametrize(("c", "y"), [([], []), ([0.5], [True, False]), ([1.5], [True])])
def test_what_is_no_confidence_is_refused(c: list[float], y: list[bool]) -> None:
    with pytest.raises(ValueError, match="confidence in"):
        reliability(c, y)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30))
def test_every_answer_is_in_one_group(pairs: list[tuple[float, bool]]) -> None:
    c, y = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    bins = reliability(c, y)
    assert sum(each.right.n for each in bins) == len(pairs)
    assert [each.confidence for each in bins] == sorted(each.confidence for each in bins)
    assert 0 <= brier(c, y, rng()).value <= 1
