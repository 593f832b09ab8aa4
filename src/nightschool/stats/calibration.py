"""Does what is said to be 80% sure come true 80% of the time? Reliability, Brier, calibration error, temperature."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nightschool.items import Score
from nightschool.stats.bootstrap import bootstrap_mean, expanded
from nightschool.stats.rates import wilson

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of similar confidence. confidence: their mean; right: the share that was, with its interval."""

    confidence: float
    right: Score


def reliability(confidences: Sequence[float], outcomes: Sequence[bool], bins: int = 10) -> list[Bin]:
    """Return the reliability curve: answers in order of confidence, in at most `bins` groups of equal size.

    Answers of equal confidence are never parted. Raises ValueError for no answers or confidences outside [0, 1].
    Ref: murphy1977.
    """
    c, y = _checked(confidences, outcomes)
    groups = _groups(c, bins)
    return [Bin(float(c[group].mean()), wilson(float(y[group].sum()), len(group))) for group in groups]


def brier(confidences: Sequence[float], outcomes: Sequence[bool], rng: np.random.Generator) -> Score:
    """Return the mean squared distance of confidence from outcome, with its bootstrap interval. Ref: brier1950."""
    c, y = _checked(confidences, outcomes)
    squares = [[float(square)] for square in (c - y) ** 2]
    return bootstrap_mean(squares, rng) if len(squares) > 1 else Score(squares[0][0], 0.0, 1.0, 1)


def calibration_error(
    confidences: Sequence[float],
    outcomes: Sequence[bool],
    rng: np.random.Generator,
    bins: int = 10,
    resamples: int = 1000,
) -> Score:
    """Return the root mean squared calibration error, less its bias, with its bootstrap interval.

    The plain error of groups is above zero even for perfect confidences, because each group's share of right answers
    scatters. The variance of that scatter is taken off the square (twice in resamples, which scatter once more).

    Ref: kumar2019, sec. 4 (the debiased estimator); naeini2015.
    """
    c, y = _checked(confidences, outcomes)
    n, groups = len(c), _groups(c, bins)
    member = np.zeros((n, len(groups)))
    for place, group in enumerate(groups):
        member[group, place] = 1.0
    value = float(_squared_error(np.ones((1, n)), c, y, member, once=1)[0])
    if n < 2:
        return Score(math.sqrt(max(value, 0.0)), 0.0, 1.0, n)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(float)
    edge = expanded(0.025, n)
    low, high = np.quantile(_squared_error(weights, c, y, member, once=2), [edge, 1 - edge])
    ends = [math.sqrt(max(float(each), 0.0)) for each in (min(low, value), value, max(high, value))]
    return Score(ends[1], ends[0], ends[2], n)


def _squared_error(weights: Floats, c: Floats, y: Floats, member: Floats, once: int) -> Floats:
    """Return the squared error of each row of weights, less `once` times the variance that groups have by chance."""
    count = weights @ member
    there = np.maximum(count, 1.0)
    right, sure = (weights @ (member * y[:, None])) / there, (weights @ (member * c[:, None])) / there
    scatter = right * (1 - right) / np.maximum(count - 1, 1.0)
    squares: Floats = (count * ((right - sure) ** 2 - once * scatter)).sum(axis=1) / len(c)
    return squares


def temperature(confidences: Sequence[float], outcomes: Sequence[bool]) -> float:
    """Return the temperature that makes the confidences fit best: the log-odds are divided by it.

    Above 1 the confidences were too sure. Found by golden section on the log-loss, between 1/20 and 20.
    Fit it on practice items, and report on others. Ref: guo2017; platt1999.
    """
    c, y = _checked(confidences, outcomes)
    odds = _log_odds(c)

    def loss(log_t: float) -> float:
        z = odds / math.exp(log_t)
        return float((np.logaddexp(0.0, z) - y * z).mean())

    low, high, golden = math.log(0.05), math.log(20.0), (math.sqrt(5) - 1) / 2
    for _ in range(80):
        a, b = high - golden * (high - low), low + golden * (high - low)
        if loss(a) <= loss(b):
            high = b
        else:
            low = a
    return math.exp((low + high) / 2)


def scaled(confidences: Sequence[float], temperature: float) -> list[float]:
    """Return the confidences with their log-odds divided by `temperature`."""
    odds = _log_odds(np.array(confidences, dtype=float)) / temperature
    return [float(p) for p in 1 / (1 + np.exp(-odds))]


def selective(confidences: Sequence[float], outcomes: Sequence[bool]) -> list[tuple[float, float]]:
    """Return (share answered, share of those right), the surest first: what declining to answer would buy.

    Ties in confidence are answered together. Ref: geifman2017.
    """
    c, y = _checked(confidences, outcomes)
    order = np.argsort(-c, kind="stable")
    right = np.cumsum(y[order])
    ends = [i for i in range(len(c)) if i + 1 == len(c) or c[order[i]] != c[order[i + 1]]]
    return [((i + 1) / len(c), float(right[i] / (i + 1))) for i in ends]


def _checked(confidences: Sequence[float], outcomes: Sequence[bool]) -> tuple[Floats, Floats]:
    c, y = np.array(confidences, dtype=float), np.array(outcomes, dtype=float)
    if len(c) == 0 or len(c) != len(y) or not ((c >= 0) & (c <= 1)).all():
        raise ValueError("calibration needs a confidence in [0, 1] for each outcome, and at least one")
    return c, y


def _groups(c: Floats, bins: int) -> list[npt.NDArray[np.int64]]:
    order = np.argsort(c, kind="stable")
    size = max(1, math.ceil(len(c) / bins))
    groups: list[npt.NDArray[np.int64]] = []
    start = 0
    while start < len(c):
        end = min(start + size, len(c))
        while end < len(c) and c[order[end]] == c[order[end - 1]]:
            end += 1
        groups.append(order[start:end])
        start = end
    return groups


def _log_odds(c: Floats) -> Floats:
    safe = np.clip(c, 1e-6, 1 - 1e-6)
    odds: Floats = np.log(safe) - np.log1p(-safe)
    return odds
