"""Heads on frozen states: by the truth, and by reward alone. Small, seeded, and the same on every machine.

Both are linear: what a linear head finds was there to be found, and what it does not may still be.
Ref: alain2016 (linear probes).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Head:
    """A linear head: weights [features, classes], shift and scale [features] of what it was trained on."""

    weights: Floats
    bias: Floats
    shift: Floats
    scale: Floats

    def scores(self, states: Floats) -> Floats:
        """Return [n, classes], larger for what the head takes to be right."""
        found: Floats = ((states - self.shift) / self.scale) @ self.weights + self.bias
        return found

    def choose(self, states: Floats) -> npt.NDArray[np.int64]:
        """Return the class of each state."""
        return np.asarray(self.scores(states).argmax(axis=1))


def fit(states: Floats, labels: Sequence[int], classes: int, *, decay: float = 1.0) -> Head:
    """Return the ridge classifier of `states` [n, features]: least squares on one column for each class.

    decay: relative to the mean square of the features. Solved in the smaller of the two dimensions, so that a few
    examples of many features cost little. Raises ValueError for no examples.
    Ref: hoerl1970.
    """
    x, shift, scale = _standard(states)
    y = np.full((len(x), classes), -1.0)
    y[np.arange(len(x)), np.asarray(labels)] = 1.0
    bias = y.mean(axis=0)
    n, features = x.shape
    if n <= features:
        weights = x.T @ np.linalg.solve(x @ x.T + decay * features * np.eye(n), y - bias)
    else:
        weights = np.linalg.solve(x.T @ x + decay * n * np.eye(features), x.T @ (y - bias))
    return Head(weights, bias, shift, scale)


def learn_by_reward(
    states: Floats,
    classes: int,
    reward: Callable[[int, int], float],
    rng: np.random.Generator,
    *,
    passes: int = 40,
    rate: float = 0.5,
) -> Head:
    """Return a head that never saw a truth: it chose, was told how good that was, and chose otherwise.

    reward: of class c for state i, in [0, 1]; asked once for each choice that is made. A softmax policy on the same
    features, its gradient estimated from the choices (a baseline of the mean reward so far taken off), averaged over
    the second half of its life.
    Ref: williams1992.
    """
    x, shift, scale = _standard(states)
    x = x / np.sqrt(x.shape[1])
    weights, bias = np.zeros((x.shape[1], classes)), np.zeros(classes)
    mean_weights, mean_bias, kept = np.zeros_like(weights), np.zeros(classes), 0
    known: dict[tuple[int, int], float] = {}
    baseline = 1.0 / classes
    for number in range(passes):
        step = rate * np.sqrt(x.shape[1]) * (1 - number / passes)
        for i in map(int, rng.permutation(len(x))):
            odds = x[i] @ weights + bias
            chances = np.exp(odds - odds.max())
            chances /= chances.sum()
            choice = int(rng.choice(classes, p=chances))
            if (i, choice) not in known:
                known[i, choice] = float(reward(i, choice))
            got = known[i, choice]
            pull = -chances * (got - baseline)
            pull[choice] += got - baseline
            weights += step * np.outer(x[i], pull)
            bias += 0.1 * pull
            baseline += 0.02 * (got - baseline)
        if number >= passes // 2:
            mean_weights, mean_bias, kept = mean_weights + weights, mean_bias + bias, kept + 1
    kept = max(kept, 1)
    return Head(mean_weights / kept / np.sqrt(x.shape[1]), mean_bias / kept, shift, scale)


def _standard(states: Floats) -> tuple[Floats, Floats, Floats]:
    if states.ndim != 2 or len(states) == 0:
        raise ValueError("a head needs the states of some examples")
    shift, spread = states.mean(axis=0), states.std(axis=0)
    scale = np.where(spread > 1e-8, spread, 1.0)
    return (states - shift) / scale, shift, scale
