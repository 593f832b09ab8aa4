"""Where failure comes from: variance of outcomes over items, wordings and repeats, taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the variance with its 95% bootstrap interval, all in [0, 1]."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Components:
    """Shares of the variance of outcomes; they sum to one.

    item: some items fail whatever is said and drawn; wording: some wordings are worse for all items; both: which
    wording fails depends on the item; repeat: the same question in the same words is answered now right, now wrong.
    repeat is None where nothing was repeated: `both` then holds it too. variance: in all, before it is shared out.
    """

    item: Share
    wording: Share
    both: Share
    repeat: Share | None
    variance: float
    items: int
    wordings: int
    repeats: int


def components(
    outcomes: Sequence[Sequence[Sequence[float]]], rng: np.random.Generator, resamples: int = 1000
) -> Components | None:
    """Return the variance components of outcomes[item][wording][repeat], or None where nothing varies.

    Method of moments for two crossed random effects with repeats; components below zero count as zero. The intervals
    draw items again, so that they hold for other items and for these wordings.

    Raises ValueError unless there are two items and two wordings or more, and as many repeats everywhere.
    Ref: searle1992, ch. 4.
    """
    y = np.array(outcomes, dtype=float)
    if y.ndim != 3 or y.shape[0] < 2 or y.shape[1] < 2 or y.shape[2] < 1:
        raise ValueError("variance components need two items and two wordings or more, each pair as often")
    found = _parts(y)
    total = float(found.sum())
    if total <= 1e-12:
        return None
    drawn = []
    for _ in range(resamples):
        parts = _parts(y[rng.integers(0, len(y), len(y))])
        if parts.sum() > 1e-12:
            drawn.append(parts / parts.sum())
    low, high = np.quantile(np.array(drawn), [0.025, 0.975], axis=0)
    values = found / total
    shares = [Share(float(v), float(min(a, v)), float(max(b, v))) for v, a, b in zip(values, low, high, strict=True)]
    repeat = shares[3] if y.shape[2] > 1 else None
    return Components(shares[0], shares[1], shares[2], repeat, total, *y.shape)


def _parts(y: Floats) -> Floats:
    """Return the variances of item, wording, their interaction and repeats, none below zero."""
    items, wordings, repeats = y.shape
    mean, cell = y.mean(), y.mean(axis=2)
    by_item, by_wording = cell.mean(axis=1), cell.mean(axis=0)
    ms_item = wordings * repeats * ((by_item - mean) ** 2).sum() / (items - 1)
    ms_wording = items * repeats * ((by_wording - mean) ** 2).sum() / (wordings - 1)
    rest = cell - by_item[:, None] - by_wording[None, :] + mean
    ms_both = repeats * (rest**2).sum() / ((items - 1) * (wordings - 1))
    ms_repeat = ((y - cell[:, :, None]) ** 2).sum() / (items * wordings * (repeats - 1)) if repeats > 1 else 0.0
    parts = np.array(
        [
            (ms_item - ms_both) / (wordings * repeats),
            (ms_wording - ms_both) / (items * repeats),
            (ms_both - ms_repeat) / repeats,
            ms_repeat,
        ]
    )
    return np.asarray(np.maximum(parts, 0.0))
