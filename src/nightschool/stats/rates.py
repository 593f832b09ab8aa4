"""The interval of a rate, exact tests against a target, and how many items a claim needs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from nightschool.items import Score

Floats = npt.NDArray[np.float64]


def quantile(level: float) -> float:
    """Return the normal quantile of a two-sided interval: 1.96 for `level` 0.95. Raises ValueError outside (0, 1)."""
    if not 0 < level < 1:
        raise ValueError(f"a confidence level is between 0 and 1, not {level}")
    return NormalDist().inv_cdf(0.5 + level / 2)


def wilson(passed: float, n: float, level: float = 0.95) -> Score:
    """Return `passed` of `n` as a rate with its Wilson score interval.

    passed, n: counts; fractions are allowed, for an effective number of items. The interval stays in [0, 1] and has
    width even when nothing or everything passed.

    Raises ValueError for n of zero: no items give no rate.
    Ref: wilson1927.

    >>> wilson(0, 24)
    Score(value=0.0, low=0.0, high=0.13797620467498012, n=24)
    """
    if n <= 0 or not 0 <= passed <= n:
        raise ValueError(f"a rate needs 0 <= passed <= n and n > 0, not {passed} of {n}")
    z2 = quantile(level) ** 2
    rate = passed / n
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (rate * (1 - rate) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    low = 0.0 if passed == 0 else max(0.0, middle - half)
    high = 1.0 if passed == n else min(1.0, middle + half)
    return Score(rate, min(low, rate), max(high, rate), round(n))


def clustered_rate(clusters: Sequence[Sequence[float]], level: float = 0.95) -> Score:
    """Return the mean of outcomes that repeat within items, with a Wilson interval at the effective number of items.

    clusters: for each item its outcomes, each in [0, 1] (one per wording or draw). The effective number is the one at
    which independent items would have the variance that the items' means show. It is at least the items less one (the
    sample variance divides by that) where all have as many outcomes, can be less where they have not, and is exactly
    the items where nothing varies, so that a clean zero keeps an honest interval. n: items.

    Raises ValueError for no items, an item without outcomes, or outcomes outside [0, 1].
    Ref: korn1998.
    """
    sizes = np.array([len(c) for c in clusters], dtype=float)
    if sizes.size == 0 or sizes.min() == 0:
        raise ValueError("a clustered rate needs at least one item, and at least one outcome of each")
    sums = np.array([sum(c) for c in clusters], dtype=float)
    flat = np.concatenate([np.asarray(c, dtype=float) for c in clusters])
    if not ((flat >= 0) & (flat <= 1)).all():
        raise ValueError("outcomes of a rate are in [0, 1]")
    m, rate = len(clusters), float(np.clip(sums.sum() / sizes.sum(), 0.0, 1.0))
    variance = 0.0
    if m > 1:
        residuals = (sums - rate * sizes) / sizes.mean()
        variance = float((residuals**2).sum()) / (m - 1) / m
    spread = rate * (1 - rate)
    # Unequal sizes can make the items' variance larger than independent items would have: then the n falls below m.
    effective = spread / variance if variance > 1e-15 and spread > 1e-15 else float(m)
    score = wilson(rate * effective, effective, level)
    return Score(rate, min(score.low, rate), max(score.high, rate), m)


def apart(first: Score, second: Score) -> Score:
    """Return the first rate less the second, of other items, with the interval that their Wilson intervals make.

    n: items of both. Ref: newcombe1998.

    >>> apart(wilson(9, 10), wilson(3, 10)).low > 0
    True
    """
    gap = first.value - second.value
    low = gap - math.hypot(first.value - first.low, second.high - second.value)
    high = gap + math.hypot(first.high - first.value, second.value - second.low)
    return Score(gap, max(-1.0, low), min(1.0, high), first.n + second.n)


def log_factorials(n: int) -> Floats:
    """Return log k! for k = 0 .. n."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1, dtype=float)))])


def tail(n: int, rate: float) -> Floats:
    """Return P(X >= k) for k = 0 .. n + 1, where X counts successes of `n` trials of probability `rate`."""
    if rate <= 0 or rate >= 1:
        sure = 0 if rate <= 0 else n
        return np.where(np.arange(n + 2) <= sure, 1.0, 0.0)
    logs = log_factorials(n)
    k = np.arange(n + 1)
    masses = np.exp(logs[n] - logs - logs[::-1] + k * math.log(rate) + (n - k) * math.log1p(-rate))
    above: Floats = np.concatenate([np.cumsum(masses[::-1])[::-1], [0.0]])
    return np.minimum(above, 1.0)


def p_above(passed: int, n: int, target: float) -> float:
    """Return the exact one-sided p-value of "the true rate is above `target`", given `passed` of `n`.

    Ref: clopper1934.
    """
    if n <= 0 or not 0 <= passed <= n or not 0 <= target <= 1:
        raise ValueError(f"cannot test {passed} of {n} against {target}")
    return float(tail(n, target)[passed])


def exact_low(passed: int, n: int, alpha: float = 0.025) -> float:
    """Return the lower end of the exact interval: the largest rate that `p_above` rejects at `alpha`.

    Ref: clopper1934.
    """
    if passed == 0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if p_above(passed, n, middle) <= alpha else (low, middle)
    return low


MOST_TO_PROVE = 100_000
"""The most items that `items_to_prove` tells of: more than anyone will examine."""


def items_to_prove(truth: float, target: float, alpha: float = 0.025, power: float = 0.8) -> int | None:
    """Return the fewest items that prove a rate above `target` with probability `power`, when it truly is `truth`.

    The proof is the exact one-sided test at `alpha` (0.025: the lower end of a 95% interval). Counts make the power
    a saw, so that a few items more can have a little less of it. None where it takes more than `MOST_TO_PROVE`.

    Raises ValueError unless target < truth.
    Ref: chernick2002.

    >>> items_to_prove(0.95, 0.90)
    231
    """
    if not 0 <= target < truth <= 1:
        raise ValueError(f"a true rate of {truth} never proves a rate above {target}")
    logs = log_factorials(MOST_TO_PROVE)

    def bound(n: int) -> float:
        return _power_to_prove(n, truth, target, alpha, logs)[1]

    if bound(MOST_TO_PROVE) < power:
        return None
    # Where coins may be tossed, more items never prove less, and no test without coins proves more: so the fewest are
    # looked for among the tests with coins, and from there on upwards, which is a tooth of the saw or a few.
    high = 1
    while bound(min(high, MOST_TO_PROVE)) < power:
        high *= 2
    low, high = high // 2 + 1, min(high, MOST_TO_PROVE)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if bound(middle) < power else (low, middle)
    return next(
        (n for n in range(low, MOST_TO_PROVE + 1) if _power_to_prove(n, truth, target, alpha, logs)[0] >= power), None
    )


def _power_to_prove(n: int, truth: float, target: float, alpha: float, logs: Floats) -> tuple[float, float]:
    """Return the power of the exact test, and that of the one which tosses a coin to use up all of `alpha`."""
    first, above = tail_near(n, target, logs)
    need = int(np.argmax(above <= alpha))  # the smallest count that rejects; the last has probability 0
    rest = (alpha - above[need]) / (above[need - 1] - above[need]) if need else 0.0
    start, reached = tail_near(n, truth, logs)
    sure, one_less = (reached[min(max(k - start, 0), len(reached) - 1)] for k in (first + need, first + need - 1))
    return float(sure), float(sure + rest * (one_less - sure))


def tail_near(n: int, rate: float, logs: Floats) -> tuple[int, Floats]:
    """Return a first count and P(X >= k) from it on, as `tail` does, without the counts that never happen.

    Those are ten standard deviations and more from the mean: they have 1 below and 0 above it. logs: `log_factorials`.
    """
    if rate <= 0 or rate >= 1:
        return 0, tail(n, rate)
    wide = 10 * math.sqrt(n * rate * (1 - rate)) + 20
    k = np.arange(max(0, int(n * rate - wide)), min(n, int(n * rate + wide)) + 1)
    masses = np.exp(logs[n] - logs[k] - logs[n - k] + k * math.log(rate) + (n - k) * math.log1p(-rate))
    return int(k[0]), np.concatenate([np.minimum(np.cumsum(masses[::-1])[::-1], 1.0), [0.0]])


def items_for_width(half: float, rate: float = 0.5, level: float = 0.95) -> int:
    """Return how many items make a Wilson interval at most `half` wide to each side of its middle.

    >>> items_for_width(0.05)
    381
    """
    if not 0 < half < 0.5:
        raise ValueError(f"half a width is between 0 and 0.5, not {half}")
    low, high = 1, 1
    while _half(high, rate, level) > half:
        high *= 2
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if _half(middle, rate, level) > half else (low, middle)
    return low


def _half(n: int, rate: float, level: float) -> float:
    score = wilson(rate * n, n, level)
    return (score.high - score.low) / 2
