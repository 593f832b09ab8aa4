"""Worst, median and best of many ways over the same items, known within their intervals at a part of the full grid.

A first part of the calls is spread evenly over all ways, and the items evenly over them. The rest goes, round by round,
to the ways that may still be the best, the worst, or next to the median. Items are compared with themselves: what is
known of an item from other ways is taken off its outcome, so that an easy sample does not look like a good way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nightschool.items import Score
from nightschool.stats.rates import quantile

Floats = npt.NDArray[np.float64]
Cells = Sequence[tuple[int, int]]
_ROUNDS = 12
_EVEN = 0.4
_MIDDLE = 1.1  # standard errors to each side that the median is given (benchmarks/exam_statistics.py counts how often)
_WIDER = 1.1  # of variances: where to look was chosen by what was seen


@dataclass(frozen=True, slots=True)
class Spread:
    """What the full grid would show, told from `calls` of its cells.

    worst, median, best: accuracies with 95% intervals, n being the items; ways: the same of each way, in the given
    order; share: of the grid that was looked at; likely_worst, likely_best: the ways that stand there.
    """

    worst: Score
    median: Score
    best: Score
    ways: tuple[Score, ...]
    calls: int
    share: float
    likely_worst: int
    likely_best: int


def explore(
    ways: int,
    items: int,
    look: Callable[[Cells], Sequence[float]],
    rng: np.random.Generator,
    share: float = 0.2,
) -> Spread:
    """Return the spread of `ways` ways over `items` items, looking at no more than `share` of all cells.

    look: returns the outcome, in [0, 1], of each (way, item) that it is given; it is called a few times, never twice
    with the same cell.

    The upper end of the best needs no correction for having looked at many: the best way is one, and the largest upper
    end is not below its own. The lower end is corrected for their number, since any of them may seem better than it is.

    Raises ValueError for fewer than three ways, or a share that leaves less than two items for each.
    Ref: auer2002 (upper bounds guide where to look); polo2024 (items told from other ways).
    """
    budget = int(share * ways * items)
    if ways < 3 or not 0 < share <= 1 or budget < 2 * ways:
        raise ValueError(f"{share:.0%} of {ways} ways and {items} items is too little to tell a spread from")
    seen = np.full((ways, items), np.nan)
    order = _orders(ways, items, rng)
    taken = np.zeros(ways, dtype=int)

    def take(counts: npt.NDArray[np.int64]) -> None:
        cells = [(way, int(item)) for way in range(ways) for item in order[way, taken[way] : taken[way] + counts[way]]]
        if cells:
            for (way, item), outcome in zip(cells, look(cells), strict=True):
                seen[way, item] = outcome
        taken[:] += np.minimum(counts, items - taken)

    take(np.full(ways, max(2, int(_EVEN * budget / ways))))
    for number in range(_ROUNDS):
        now = (budget - int(taken.sum())) // (_ROUNDS - number)
        chosen = _candidates(*_estimates(seen), taken < items, max(2, ways // 12)) if now else []
        counts = np.zeros(ways, dtype=int)
        for place in range(now if chosen else 0):
            counts[chosen[place % len(chosen)]] += 1
        take(counts)
    return _spread(seen, taken)


def _orders(ways: int, items: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return for each way an order of the items; as a whole, every item comes early about as often as any other."""
    base = rng.permutation(items)
    shifts = (np.arange(ways) * items // ways + rng.integers(0, items)) % items
    rows = [np.roll(base, -int(shift)) for shift in shifts]
    return np.array(rows)[rng.permutation(ways)]


def _candidates(mean: Floats, error: Floats, open_: npt.NDArray[np.bool_], keep: int) -> list[int]:
    """Return the ways to look at next: those that may be best, those that may be worst, those about the median."""
    middle = float(np.median(mean))
    orders = (np.argsort(-(mean + 2 * error)), np.argsort(mean - 2 * error), np.argsort(np.abs(mean - middle) - error))
    chosen: dict[int, None] = {}
    for order in orders:
        chosen |= {int(way): None for way in [way for way in order if open_[way]][:keep]}
    return list(chosen)


def _estimates(seen: Floats) -> tuple[Floats, Floats]:
    """Return each way's accuracy over all items, items compared with themselves, and its standard error."""
    ways, items = seen.shape
    there = ~np.isnan(seen)
    filled = np.where(there, seen, 0.0)
    count = there.sum(axis=1)
    overall = float(filled.sum() / there.sum())
    # What other ways say of an item, drawn towards the mean of all as if four more had said that.
    others = (filled.sum(axis=0) - filled + 4 * overall) / (there.sum(axis=0) - there + 4)
    residual = np.where(there, seen - others, 0.0)
    centre = residual.sum(axis=1) / count
    squares = (np.where(there, (residual - centre[:, None]) ** 2, 0.0)).sum(axis=1)
    pooled = max(float(squares.sum() / max(count.sum() - ways, 1)), 1e-4)
    variance = (squares + 5 * pooled) / (np.maximum(count - 1, 0) + 5)
    error = np.sqrt(np.maximum(_WIDER * variance * (1 - count / items) / count, 0.0))
    return np.clip(others.mean(axis=1) + centre, 0, 1), error


def _spread(seen: Floats, taken: npt.NDArray[np.int64]) -> Spread:
    ways, items = seen.shape
    mean, error = _estimates(seen)
    one, many = quantile(0.95), quantile(1 - 0.05 / ways)

    def score(value: float, low: float, high: float) -> Score:
        low, high = max(0.0, low), min(1.0, high)
        return Score(min(max(value, low), high), low, high, items)

    best, worst = int(np.argmax(mean - one * error)), int(np.argmin(mean + one * error))
    middle = [float(np.median(mean + side * _MIDDLE * error)) for side in (0, -1, 1)]
    return Spread(
        worst=score(float(mean[worst]), float((mean - one * error).min()), float((mean + many * error).min())),
        median=score(*middle),
        best=score(float(mean[best]), float((mean - many * error).max()), float((mean + one * error).max())),
        ways=tuple(score(float(m), float(m - one * e), float(m + one * e)) for m, e in zip(mean, error, strict=True)),
        calls=int(taken.sum()),
        share=float(taken.sum() / seen.size),
        likely_worst=worst,
        likely_best=best,
    )
