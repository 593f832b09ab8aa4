from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightschool.critics.learning.logistic import choose_decay, fit, log_loss, sigmoid


def planted(n: int, d: int, seed: int = 0) -> tuple[np.ndarray, list[bool], np.ndarray]:
    dice = np.random.default_rng(seed)
    x, w = dice.normal(size=(n, d)), dice.normal(size=d)
    return x, (dice.random(n) < sigmoid(x @ w - 0.5)).tolist(), w


@pytest.mark.parametrize(("n", "d"), [(200, 3), (30, 100)])
def test_the_slope_of_what_is_minimised_is_zero_there(n: int, d: int) -> None:
    x, y, _ = planted(n, d)
    weights, bias = fit(x, y, [True] * n, decay=0.7)
    miss = sigmoid(x @ weights + bias) - np.array(y, float)
    assert np.abs(x.T @ miss + 0.7 * weights).max() < 1e-5
    assert abs(miss.sum()) < 1e-3


def test_what_was_planted_is_found() -> None:
    x, y, w = planted(4000, 3)
    weights, bias = fit(x, y, [True] * len(y), decay=0.01)
    assert weights == pytest.approx(w, abs=0.2)
    assert bias == pytest.approx(-0.5, abs=0.15)


def test_a_pair_is_a_label_on_the_difference_and_moves_no_bias() -> None:
    x, _, w = planted(2000, 4, seed=1)
    odds = x @ w
    first, second = x[::2], x[1::2]
    signs = np.where(odds[::2] > odds[1::2], 1.0, -1.0)[:, None]
    weights, bias = fit((first - second) * signs, [True] * len(first), [False] * len(first), decay=1.0)
    assert bias == 0.0
    assert np.corrcoef(x @ weights, odds)[0, 1] > 0.99


def test_separable_labels_stay_finite() -> None:
    weights, bias = fit(np.array([[-1.0], [1.0]]), [False, True], [True, True], decay=1e-3)
    assert np.isfinite(weights).all()
    assert np.isfinite(bias)


@settings(max_examples=20)
@given(st.integers(2, 12), st.integers(1, 15), st.integers(0, 99))
def test_the_order_of_rows_is_nothing(n: int, d: int, seed: int) -> None:
    x, y, _ = planted(n, d, seed)
    order = np.random.default_rng(seed).permutation(n)
    weights, bias = fit(x, y, [True] * n)
    again, same = fit(x[order], [y[i] for i in order], [True] * n)
    assert again == pytest.approx(weights, abs=1e-5)
    assert same == pytest.approx(bias, abs=1e-3)


def test_noise_is_held_back_and_a_signal_is_not() -> None:
    dice = np.random.default_rng(3)
    x = dice.normal(size=(60, 40))
    folds = [i % 5 for i in range(60)]
    noise = choose_decay(x, (dice.random(60) < 0.5).tolist(), [True] * 60, folds)
    signal = choose_decay(x[:, :2], (x[:, 0] > 0).tolist(), [True] * 60, folds)
    assert noise == 100.0
    assert signal <= 1.0


def test_log_loss_of_knowing_nothing_is_a_bit() -> None:
    assert log_loss(np.zeros(4), [True, False, True, False]) == pytest.approx(np.log(2))


@pytest.mark.parametrize(("rows", "decay"), [(0, 1.0), (3, 0.0), (3, float("nan"))])
def test_nonsense_is_refused(rows: int, decay: float) -> None:
    with pytest.raises(ValueError, match="needs rows of features, and a decay above 0"):
        fit(np.ones((rows, 2)), [True] * rows, [True] * rows, decay)
