"""What selection costs: draws for each accepted answer, and what n draws will contain, told from a few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nightschool.stats.rates import clustered_rate

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ratio:
    """Draws for each accepted one. value and high are None where none was accepted, or none may be."""

    value: float | None
    low: float
    high: float | None
    n: int


def curation_ratio(passed: Sequence[int], draws: Sequence[int]) -> Ratio:
    """Return how many draws it takes for one that passes, with its 95% interval. n: items.

    passed, draws: for each item. The interval is that of the rate of passing, turned over, its items being the
    clusters. Raises ValueError for no items, or an item without draws.
    Ref: korn1998.
    """
    rate = clustered_rate([[1.0] * k + [0.0] * (n - k) for k, n in zip(passed, draws, strict=True)])
    return Ratio(
        1 / rate.value if rate.value > 0 else None, 1 / rate.high, 1 / rate.low if rate.low > 0 else None, rate.n
    )


@dataclass(frozen=True, slots=True)
class Ability:
    """How the chance of passing is spread over items: beta(a, b), and `never` of the items have none at all.

    Items differ: with one rate for all, n draws would promise far too much.
    """

    a: float
    b: float
    never: float

    def pass_at(self, n: int) -> float:
        """Return the share of items of which n draws contain one that passes. Ref: schaeffer2025, eq. 7."""
        fails = 1.0
        for j in range(n):
            fails *= (self.b + j) / (self.a + self.b + j)
        return (1 - self.never) * (1 - fails)


def fit_ability(passed: Sequence[int], draws: Sequence[int]) -> Ability:
    """Return the spread that makes these counts likeliest: a zero-inflated beta-binomial, by a search on a grid.

    The grid is over the mean, the concentration and the share of items without any chance, and is refined three times.
    Raises ValueError for no items, or an item without draws.
    """
    k, n = np.array(passed), np.array(draws)
    if len(k) == 0 or len(k) != len(n) or (n < 1).any() or (k > n).any() or (k < 0).any():
        raise ValueError("a spread of ability needs items with draws of which some number passed")
    pairs, counts = np.unique(np.stack([k, n], axis=1), axis=0, return_counts=True)
    weights = counts.astype(float)
    mean_at, sure_at, never_at = (-7.0, 7.0), (-3.0, 6.0), (0.0, 0.98)
    best = (0.0, 0.0, 0.0)
    for _ in range(4):
        means, sures = np.linspace(*mean_at, 25), np.linspace(*sure_at, 21)
        nevers = np.linspace(*never_at, 15)
        odds, log_sure, never = np.meshgrid(means, sures, nevers, indexing="ij")
        fits = _log_likelihood(odds, log_sure, never, pairs, weights)
        i, j, m = np.unravel_index(int(np.argmax(fits)), fits.shape)
        best = (float(means[i]), float(sures[j]), float(nevers[m]))
        mean_at, sure_at, never_at = (
            _around(centre, grid, *limits)
            for centre, grid, limits in zip(
                best, (means, sures, nevers), ((-9.0, 9.0), (-4.0, 8.0), (0.0, 0.999)), strict=True
            )
        )
    mean, sure = 1 / (1 + np.exp(-best[0])), float(np.exp(best[1]))
    return Ability(float(mean * sure), float((1 - mean) * sure), best[2])


def _around(centre: float, grid: Floats, least: float, most: float) -> tuple[float, float]:
    step = 2 * float(grid[1] - grid[0])
    return max(least, centre - step), min(most, centre + step)


def _log_likelihood(odds: Floats, log_sure: Floats, never: Floats, pairs: Floats, weights: Floats) -> Floats:
    mean, sure = 1 / (1 + np.exp(-odds)), np.exp(log_sure)
    a, b = mean * sure, (1 - mean) * sure
    total = np.zeros_like(a)
    for (k, n), weight in zip(pairs, weights, strict=True):
        logp = np.zeros_like(a)
        for j in range(int(n)):
            logp -= np.log(a + b + j)
            logp += np.log(a + j) if j < k else 0.0
            logp += np.log(b + j) if j < n - k else 0.0
        likelihood = (1 - never) * np.exp(logp) + (never if k == 0 else 0.0)
        total += weight * np.log(np.maximum(likelihood, 1e-300))
    return total
