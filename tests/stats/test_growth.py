"""Growth that was planted is called by its name, and what cannot be told is not."""

import numpy as np
import pytest

from nightschool.stats.growth import growth

SIZES = (1e3, 3e3, 1e4, 3e4, 1e5, 3e5)
LINE = 1 / (1 + np.exp(-np.linspace(-2.5, 2.5, 6)))
STEP = np.array([0.05, 0.05, 0.05, 0.9, 0.9, 0.9])


def rates(levels, items=150, seed=0):
    return (np.random.default_rng(seed).random((items, len(levels))) < np.asarray(levels)).astype(float)


def measures(levels, items=150, seed=0):
    rng = np.random.default_rng(seed)
    return np.asarray(levels) + rng.normal(0, 2, (items, 1)) + rng.normal(0, 0.5, (items, len(levels)))


@pytest.mark.parametrize(
    ("outcomes", "shape"),
    [
        (rates(LINE), "smooth"),
        (rates(STEP), "switch-like"),
        (rates([0.3] * 6), "flat"),
        (measures(np.linspace(6, 1, 6)), "smooth"),
        (measures([6, 6, 6, 1, 1, 1]), "switch-like"),
        (measures([2] * 6), "flat"),
    ],
)
def test_what_was_planted_is_found(outcomes, shape):
    found = growth(SIZES, outcomes, np.random.default_rng(1))
    assert found.shape == shape
    assert found.levels == pytest.approx(outcomes.mean(axis=0))
    if shape == "switch-like":
        assert found.place == 3


def test_neither_is_said_too_often_where_both_fit_alike():
    between = (LINE + STEP) / 2
    said = [growth(SIZES, rates(between, 60, seed), np.random.default_rng(seed)).shape for seed in range(20)]
    assert said.count("undecided") > 2


@pytest.mark.parametrize(("levels", "wrong"), [(LINE, "switch-like"), (STEP, "smooth")])
def test_the_wrong_name_is_rare(levels, wrong):
    said = [growth(SIZES, rates(levels, 60, seed), np.random.default_rng(seed)).shape for seed in range(50)]
    assert said.count(wrong) <= 2


def test_what_falls_grows_too():
    found = growth(SIZES, 1 - rates(STEP), np.random.default_rng(0))
    assert found.shape == "switch-like"
    assert found.rise.high < 0


@pytest.mark.parametrize(
    ("sizes", "outcomes"),
    [((1, 2, 3), rates([0.1, 0.5, 0.9])), ((1, 2, 2, 4), rates([0.1] * 4)), ((1, 2, 3, 4), rates([0.1] * 4, items=5))],
)
def test_what_cannot_be_told_is_refused(sizes, outcomes):
    with pytest.raises(ValueError, match="it takes"):
        growth(sizes, outcomes, np.random.default_rng(0))
