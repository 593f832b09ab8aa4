"""How something grows over a family: smoothly with the size, or at one place as if a switch were thrown.

Two descriptions of the same outcomes compete on items that neither was fitted on: a line over the logarithm of the size
(for outcomes of all or nothing in log-odds), and a step between two sizes, one level before it and one behind. What an
item's outcomes are worth to each is paired, so that the interval of the difference is one over items.
Ref: schaeffer2023 (a switch may be in the measure alone); vuong1989 (a test between descriptions).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from nightschool.items import Score
from nightschool.stats.bootstrap import bootstrap_mean

Floats = npt.NDArray[np.float64]
Shape = Literal["flat", "smooth", "switch-like", "undecided"]
_FOLDS = 5
_LEAST_SIZES, _LEAST_ITEMS = 4, 20
_PRIOR = 0.5  # outcomes of each kind that a rate is given beforehand, so that none is certain
_RISE = 0.05  # of the range (of rates 1, of other measures their spread): what grows less is flat


@dataclass(frozen=True, slots=True)
class Growth:
    """shape: what it is; difference: nats for each item by which the step foretells better than the line (below zero:
    worse); rise: last level less first; place: before which size the step stands; levels: means at each size.
    """

    shape: Shape
    difference: Score
    rise: Score
    place: int
    levels: tuple[float, ...]


def growth(sizes: Sequence[float], outcomes: Sequence[Sequence[float]], rng: np.random.Generator) -> Growth:
    """Return how `outcomes` [items, sizes] grow with `sizes` (rising, above zero; at least four).

    Outcomes that are all 0 or 1 are rates; others are measures with noise, each item's own level taken off. Flat: the
    last level is not shown to lie above or below the first, or by next to nothing. Raises ValueError for fewer than 20
    items, fewer than four sizes or sizes that do not rise: with three, a line and a step are hardly two things.
    """
    y, x = np.asarray(outcomes, dtype=float), np.log(np.asarray(sizes, dtype=float))
    if y.ndim != 2 or len(y) < _LEAST_ITEMS or y.shape[1] != len(x):
        raise ValueError(f"it takes {_LEAST_ITEMS} items with an outcome at each of {len(x)} sizes, not {y.shape}")
    if len(x) < _LEAST_SIZES or not (np.diff(x) > 0).all():
        raise ValueError(f"it takes {_LEAST_SIZES} sizes, each larger than the one before, not {list(sizes)}")
    rates = bool(np.isin(y, (0.0, 1.0)).all())
    rise = bootstrap_mean([[row[-1] - row[0]] for row in y], rng)
    worth = np.zeros(len(y))
    fold = rng.permutation(len(y)) % _FOLDS
    for number in range(_FOLDS):
        seen, held = y[fold != number], y[fold == number]
        score = _of_rates if rates else _of_measures
        worth[fold == number] = score(x, seen, held)
    difference = bootstrap_mean([[each] for each in worth], rng)
    spread = 1.0 if rates else float(y.std()) or 1.0
    shape: Shape = "undecided"
    if (rise.low <= 0 <= rise.high) or abs(rise.value) < _RISE * spread:
        shape = "flat"
    elif difference.low > 0:
        shape = "switch-like"
    elif difference.high < 0:
        shape = "smooth"
    return Growth(shape, difference, rise, _step(y.mean(axis=0)), tuple(y.mean(axis=0).tolist()))


def _of_rates(x: Floats, seen: Floats, held: Floats) -> Floats:
    """Return for each held item how many nats the step gives it more than the line."""
    right, n = seen.sum(axis=0), len(seen)
    place = _step_of_rates(right, n)
    step = np.empty(len(x))
    for part in (slice(None, place), slice(place, None)):
        step[part] = (right[part].sum() + _PRIOR) / (n * len(right[part]) + 2 * _PRIOR)
    line = _logistic(x, right, n)
    return _nats(held, step) - _nats(held, line)


def _nats(held: Floats, rates: Floats) -> Floats:
    found: Floats = (held * np.log(rates) + (1 - held) * np.log1p(-rates)).sum(axis=1)
    return found


def _step_of_rates(right: Floats, n: int) -> int:
    """Return before which size a step explains the counts best."""
    scores = []
    for place in range(1, len(right)):
        total = 0.0
        for part in (right[:place], right[place:]):
            rate = (part.sum() + _PRIOR) / (n * len(part) + 2 * _PRIOR)
            total += float(part.sum() * np.log(rate) + (n * len(part) - part.sum()) * np.log1p(-rate))
        scores.append(total)
    return 1 + int(np.argmax(scores))


def _logistic(x: Floats, right: Floats, n: int) -> Floats:
    """Return the rates of a logistic line through counts, by Newton's steps; a weak prior keeps its slope finite."""
    z = (x - x.mean()) / (x.std() or 1.0)
    design, weights = np.stack([np.ones_like(z), z]), np.zeros(2)
    total, counts = n + 2 * _PRIOR, right + _PRIOR
    for _ in range(50):
        rates = 1 / (1 + np.exp(-np.clip(weights @ design, -30, 30)))
        pull = design @ (counts - total * rates) - 1e-3 * weights
        bend = (design * (total * rates * (1 - rates))) @ design.T + 1e-3 * np.eye(2)
        step = np.linalg.solve(bend, pull)
        weights = weights + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    found: Floats = np.clip(1 / (1 + np.exp(-np.clip(weights @ design, -30, 30))), 1e-6, 1 - 1e-6)
    return found


def _of_measures(x: Floats, seen: Floats, held: Floats) -> Floats:
    """Return the same for measures, whose noise is taken to be normal and as large as the better one leaves."""
    seen, held = seen - seen.mean(axis=1, keepdims=True), held - held.mean(axis=1, keepdims=True)
    means = seen.mean(axis=0)
    place = _step(means)
    step = np.where(np.arange(len(x)) < place, means[:place].mean(), means[place:].mean())
    slope = float(((x - x.mean()) * means).sum() / ((x - x.mean()) ** 2).sum())
    line = slope * (x - x.mean())
    noise = max(min(float(((seen - each) ** 2).mean()) for each in (step, line)), 1e-12)
    found: Floats = (((held - line) ** 2).sum(axis=1) - ((held - step) ** 2).sum(axis=1)) / (2 * noise)
    return found


def _step(means: Floats) -> int:
    """Return before which size a step explains the means best."""
    errors = [
        sum(float(((part - part.mean()) ** 2).sum()) for part in (means[:place], means[place:]))
        for place in range(1, len(means))
    ]
    return 1 + int(np.argmin(errors))
