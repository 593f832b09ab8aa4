"""Weighted samples: their mean, their effective number, resampling, and how sure the mean of the weights is. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate


def log_sum(logw: Sequence[float]) -> float:
    """Return log sum_i exp(logw[i]) in nats; -inf where nothing has weight."""
    top = max(logw, default=-math.inf)
    if top == -math.inf:
        return -math.inf
    return top + math.log(math.fsum(math.exp(w - top) for w in logw))


def log_mean(logw: Sequence[float]) -> float:
    """Return log of the mean weight in nats; -inf where nothing has weight."""
    return log_sum(logw) - math.log(len(logw)) if logw else -math.inf


def normalised(logw: Sequence[float]) -> list[float]:
    """Return the weights scaled to add up to one; all equal where nothing has weight."""
    total = log_sum(logw)
    if total == -math.inf:
        return [1 / len(logw)] * len(logw)
    return [math.exp(w - total) for w in logw]


def effective(logw: Sequence[float]) -> float:
    """Return how many equally weighted samples these are worth, in [1, len(logw)]; 0 where nothing has weight.

    Ref: kong1994.
    """
    if log_sum(logw) == -math.inf:
        return 0.0
    return 1 / math.fsum(p * p for p in normalised(logw))


def systematic(logw: Sequence[float], u: float) -> tuple[int, ...]:
    """Return as many indices as there are weights, in ascending order: i on average n * p[i] times, with one number.

    u: uniform in [0, 1). Index i comes floor(n p[i]) or ceil(n p[i]) times. Raises ValueError where nothing has weight.
    Ref: kitagawa1996; douc2005.
    """
    if log_sum(logw) == -math.inf:
        raise ValueError("nothing has weight, so there is nothing to resample")
    n = len(logw)
    ends = list(accumulate(normalised(logw)))
    last = max(i for i, w in enumerate(logw) if w > -math.inf)  # rounding may leave ends[-1] below one
    chosen, i = [], 0
    for k in range(n):
        mark = (k + u) / n
        while i < last and ends[i] <= mark:
            i += 1
        chosen.append(i)
    return tuple(chosen)


def relative_variance(logw: Sequence[float], eves: Sequence[int]) -> float:
    """Return an estimate of var(Z) / Z^2 for the mean weight Z of one particle system; so it is of log Z, roughly.

    eves: of each particle its first ancestor, which numbers as many as there are particles. It is the variance between
    the shares of the weight that the first ancestors came to have; without resampling, the usual one of a mean. Where
    a single ancestor is left it says nothing and is infinite.
    Ref: chan2013; lee2018.
    """
    n = len(logw)
    if n < 2 or log_sum(logw) == -math.inf:
        return math.inf
    shares: dict[int, float] = {}
    for eve, p in zip(eves, normalised(logw), strict=True):
        shares[eve] = shares.get(eve, 0.0) + p
    if len(shares) == 1:
        return math.inf
    return max(0.0, math.fsum(share * share for share in shares.values()) - 1 / n) * n / (n - 1)
