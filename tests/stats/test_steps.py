import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.stats.steps import by_step, horizon, simulate, two_state


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.mark.parametrize(("error", "recovery"), [(0.05, 0.0), (0.1, 0.3), (0.3, 0.5), (0.02, 0.1)])
def test_planted_error_and_recovery_are_found_within_a_tenth(error: float, recovery: float) -> None:
    found = two_state(simulate(error, recovery, 40, 1500, rng()))
    assert found.error.value == pytest.approx(error, rel=0.1)
    assert found.error.low <= error <= found.error.high
    assert found.recovery is not None
    assert found.recovery.value == pytest.approx(recovery, rel=0.1, abs=1e-9)


def test_the_model_predicts_what_the_chain_does() -> None:
    runs = simulate(0.1, 0.3, 20, 4000, rng())
    model = two_state(runs)
    for place in by_step(runs):
        assert place.right.value == pytest.approx(model.right_at(place.step), abs=0.03)
        assert place.survived == pytest.approx(model.survives(place.step), abs=0.03)
        assert place.n == 4000


def test_runs_that_end_early_count_as_far_as_they_went() -> None:
    whole = simulate(0.1, 0.0, 12, 6000, rng())
    cut = [run[: 3 + i % 10] for i, run in enumerate(whole)]
    for place in by_step(cut):
        assert place.survived == pytest.approx(0.9**place.step, abs=0.04)


@pytest.mark.parametrize("level", [0.5, 0.8])
def test_horizons_of_a_known_error(level: float) -> None:
    runs = simulate(0.05, 0.2, 30, 800, rng())
    found = horizon(runs, level, rng())
    truth = math.log(level) / math.log(0.95)
    assert found.steps == pytest.approx(truth, rel=0.1)
    assert found.high is not None
    assert found.low <= truth <= found.high
    assert not found.extrapolated


def test_without_a_mistake_a_horizon_has_a_lower_end_alone() -> None:
    found = horizon([[True] * 10] * 50, 0.5, rng())
    assert (found.steps, found.high, found.extrapolated) == (None, None, True)
    assert 5 < found.low < 50


def test_nothing_to_tell_from_is_said() -> None:
    with pytest.raises(ValueError, match="no run has a step"):
        two_state([[], []])
    with pytest.raises(ValueError, match="two runs"):
        horizon([[True]], 0.5, rng())
    with pytest.raises(ValueError, match="between 0 and 1"):
        horizon([[True], [True]], 1.0, rng())
    assert by_step([]) == []


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=6), min_size=1, max_size=8))
def test_rates_are_rates_and_survival_never_rises(runs: list[list[bool]]) -> None:
    found = two_state(runs)
    assert 0 <= found.error.low <= found.error.value <= found.error.high <= 1
    survived = [place.survived for place in by_step(runs)]
    assert survived == sorted(survived, reverse=True)
    assert all(0 <= found.right_at(n) <= 1 for n in range(9))
