"""A small learned ranker: one weight for each feature, fitted on which memories turned out to be of use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightschool.remember.recall.features import NAMES


@dataclass(frozen=True, slots=True)
class Ranker:
    """weights[NAMES]: logits per unit of each feature; features that it does not name weigh nothing."""

    weights: Mapping[str, float]

    def scores(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return one logit for each row of `features` [candidates, NAMES]."""
        return np.asarray(features @ np.array([self.weights.get(name, 0.0) for name in NAMES], np.float32))


@dataclass(frozen=True, slots=True)
class Example:
    """One cue's candidates: features [candidates, NAMES], and the indices of those that were wanted."""

    features: NDArray[np.float32]
    wanted: Sequence[int]


def fitted(
    examples: Iterable[Example], *, prior: Ranker, pull: float = 1.0, steps: int = 300, rate: float = 0.05
) -> Ranker:
    """Return the ranker under which what was wanted is likeliest among its candidates, held near `prior`.

    The loss is that of a softmax over each cue's candidates; pull: how many examples the prior is worth, per unit of
    squared distance in a feature's standard deviations. Full batches, so that the same examples give the same ranker.

    Ref: cao2007 (ListNet).
    """
    kept = [example for example in examples if len(example.wanted) and len(example.features) > 1]
    if not kept:
        return prior
    rows = np.concatenate([example.features for example in kept])
    scale = rows.std(0) + 1e-3
    owner = np.repeat(np.arange(len(kept)), [len(example.features) for example in kept])
    starts = np.searchsorted(owner, np.arange(len(kept)))
    wanted = np.zeros(len(rows))
    for start, example in zip(starts, kept, strict=True):
        wanted[start + np.asarray(example.wanted)] = 1.0 / len(example.wanted)
    scaled = rows / scale
    origin = np.array([prior.weights.get(name, 0.0) for name in NAMES]) * scale
    w, mean, square = origin.copy(), np.zeros(len(NAMES)), np.zeros(len(NAMES))
    for step in range(1, steps + 1):
        logits = scaled @ w
        likely = np.exp(logits - np.maximum.reduceat(logits, starts)[owner])
        likely /= np.add.reduceat(likely, starts)[owner]
        slope = ((likely - wanted) @ scaled + pull * (w - origin)) / len(kept)
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        w -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return Ranker({name: round(float(value), 4) for name, value in zip(NAMES, w / scale, strict=True)})


PLAIN = Ranker({"words": 4.0, "meaning": 2.0, "tag": 0.5, "time": 1.0, "linked": 1.0, "second cue": 1.0})
"""by hand: where nothing was learned yet"""
