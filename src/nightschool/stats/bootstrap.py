"""Intervals of means and differences whose outcomes repeat within an item: whole items are drawn again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from nightschool.items import Score


def bootstrap_mean(
    clusters: Sequence[Sequence[float]], rng: np.random.Generator, *, level: float = 0.95, resamples: int = 2000
) -> Score:
    """Return the mean of all outcomes with its clustered bootstrap interval (expanded percentile). n: items.

    clusters: for each item its outcomes (one per wording or draw), of any real value. Where all items agree the
    interval has no width: for rates near 0 or 1 prefer `rates.clustered_rate`, which keeps one.

    Raises ValueError for fewer than two items or an item without outcomes.
    Ref: field2007 (cluster bootstrap); hesterberg2015 (expanded percentile interval).
    """
    sums = np.array([sum(c) for c in clusters], dtype=float)
    sizes = np.array([len(c) for c in clusters], dtype=float)
    m = len(clusters)
    if m < 2 or sizes.min() == 0:
        raise ValueError("a clustered bootstrap needs two items or more, and at least one outcome of each")
    picks = rng.multinomial(m, np.full(m, 1 / m), size=resamples)
    means = (picks @ sums) / (picks @ sizes)
    edge = expanded((1 - level) / 2, m)
    low, high = np.quantile(means, [edge, 1 - edge])
    value = float(sums.sum() / sizes.sum())
    return Score(value, min(float(low), value), max(float(high), value), m)


def bootstrap_difference(
    first: Sequence[Sequence[float]],
    second: Sequence[Sequence[float]],
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    resamples: int = 2000,
) -> Score:
    """Return mean(second) - mean(first) over the same items, each item counting once, with its clustered interval.

    first, second: for each item its outcomes, in the same order of items; the numbers of outcomes may differ.
    """
    means = [[float(np.mean(b)) - float(np.mean(a))] for a, b in zip(first, second, strict=True)]
    return bootstrap_mean(means, rng, level=level, resamples=resamples)


def expanded(alpha: float, m: int) -> float:
    """Return the percentile that corrects the bootstrap's narrowness for m items."""
    return NormalDist().cdf(math.sqrt(m / (m - 1)) * student(alpha, m - 1))


def student(probability: float, freedom: int) -> float:
    """Return the quantile of Student's t: exact for 1 and 2 degrees of freedom, else within 2% of the tail's value.

    Ref: abramowitz1964, 26.7.5.
    """
    if freedom == 1:
        return math.tan(math.pi * (probability - 0.5))
    if freedom == 2:
        return (2 * probability - 1) / math.sqrt(2 * probability * (1 - probability))
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / freedom ** (i + 1) for i, term in enumerate(terms))
