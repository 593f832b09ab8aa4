"""Regularised logistic regression on labels and on pairs at once, by Newton's method. Small, exact, without chance.

A label says that an example is wanted or not; a pair says which of two is better, and counts as a label on their
difference (Bradley and Terry). Solved in the space that the examples span, where that is much the smaller one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
DECAYS = (0.01, 0.1, 1.0, 10.0, 100.0)
_STEPS = 100
_MARGIN = 30.0
"""Log-odds beyond which a probability is no longer told from 0 or 1."""


def sigmoid(odds: Floats) -> Floats:
    """Return the probabilities of log-odds."""
    chances: Floats = 1.0 / (1.0 + np.exp(-np.clip(odds, -_MARGIN, _MARGIN)))
    return chances


def fit(features: Floats, wanted: Sequence[bool], biased: Sequence[bool], decay: float = 1.0) -> tuple[Floats, float]:
    """Return weights[d] and a bias that minimise the log-loss and decay / 2 times the squared length of the weights.

    features[n, d]: of examples, or differences of pairs; biased: whether the bias counts for a row (a pair has none).
    Where it counts for none, the bias is 0. Raises ValueError for no rows or a decay that is not above zero.
    Ref: cessie1992 (ridge); bradley1952 (pairs).
    """
    if features.ndim != 2 or len(features) == 0 or not decay > 0:
        raise ValueError("logistic regression needs rows of features, and a decay above 0")
    back = None
    if features.shape[1] > 2 * len(features):
        left, values, back = np.linalg.svd(features, full_matrices=False)
        features = left * values
    x = np.column_stack([features, np.asarray(biased, dtype=float)])
    y = np.asarray(wanted, dtype=float)
    ridge = np.full(x.shape[1], decay)
    ridge[-1] = 1e-6 if np.any(biased) else 1.0  # a bias is hardly held back: only so far that it exists

    def loss(w: Floats) -> float:
        odds = x @ w
        return float(np.logaddexp(0.0, odds).sum() - y @ odds + ridge @ (w * w) / 2)

    w = np.zeros(x.shape[1])
    at = loss(w)
    for _ in range(_STEPS):
        p = sigmoid(x @ w)
        slope = x.T @ (p - y) + ridge * w
        curve = (x.T * (p * (1 - p) + 1e-12)) @ x + np.diag(ridge)
        step = np.linalg.solve(curve, slope)
        w, at, moved = _shorter(loss, w, step, at)
        if moved < 1e-9:
            break
    weights: Floats = w[:-1] if back is None else back.T @ w[:-1]
    return weights, float(w[-1])


def _shorter(loss: Callable[[Floats], float], w: Floats, step: Floats, at: float) -> tuple[Floats, float, float]:
    """Return the point along -step where the loss is less, halving the step until it is, and how far it lies."""
    size = 1.0
    for _ in range(40):
        tried = w - size * step
        if (found := loss(tried)) <= at:
            return tried, found, size * float(np.abs(step).max())
        size /= 2
    return w, at, 0.0


def log_loss(odds: Floats, wanted: Sequence[bool]) -> float:
    """Return the mean negative log-probability of what was wanted, in nats."""
    signs = np.where(np.asarray(wanted, dtype=bool), 1.0, -1.0)
    return float(np.logaddexp(0.0, -signs * odds).mean())


def choose_decay(
    features: Floats,
    wanted: Sequence[bool],
    biased: Sequence[bool],
    folds: Sequence[int],
    decays: Sequence[float] = DECAYS,
) -> float:
    """Return the decay of the least log-loss on rows that were left out, fold by fold; of equals the largest.

    folds: of each row; rows about one item belong to one fold.
    """
    y, b, f = np.asarray(wanted, bool), np.asarray(biased, bool), np.asarray(folds)
    best, least = decays[-1], np.inf
    for decay in sorted(decays, reverse=True):
        lost = []
        for fold in np.unique(f):
            out = f == fold
            if out.all():
                return decay
            weights, bias = fit(features[~out], y[~out].tolist(), b[~out].tolist(), decay)
            lost.append(log_loss(features[out] @ weights + bias * b[out], y[out].tolist()) * out.sum())
        if sum(lost) < least - 1e-9:
            best, least = decay, sum(lost)
    return best
