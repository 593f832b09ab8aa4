"""Nothing was lost, as a claim that can fail: non-inferiority of a paired difference, and the power to see it.

A test that finds no loss has not shown that there is none. Non-inferiority turns the burden round: the loss must be
shown to be smaller than a stated margin, and a sample too small to show it does not pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nightschool.items import Score
from nightschool.stats.paired import Paired, difference, mcnemar, score_z
from nightschool.stats.rates import Floats, log_factorials, quantile, tail_near


@dataclass(frozen=True, slots=True)
class NonInferiority:
    """Whether a loss larger than `margin` is ruled out. power: the chance to rule it out if nothing was lost."""

    difference: Score
    margin: float
    accepted: bool
    power: float


def noninferior(paired: Paired, margin: float, level: float = 0.95) -> NonInferiority:
    """Return whether the lower end of the paired difference's interval lies above -`margin`.

    level: of the two-sided interval, so 0.95 tests one-sided at 0.025. The power assumes no true difference and as
    many changed items as were seen (at least one in n, so that a sample without change is not thought certain).

    Raises ValueError for no items or a margin outside (0, 1).
    Ref: tango1998; piaggio2012.
    """
    _check(margin)
    measured = difference(paired, level)
    changed = max(paired.gained + paired.lost, 1) / paired.n
    return NonInferiority(
        measured, margin, measured.low > -margin, power_to_accept(paired.n, margin, changed, level=level)
    )


def power_to_accept(n: int, margin: float, changed: float, truth: float = 0.0, level: float = 0.95) -> float:
    """Return the exact probability that `noninferior` accepts.

    n: items; changed: share of items whose outcome differs between first and second; truth: the true difference
    (-0.15 for a loss of 15 points, for which this is the gate's rate of error).

    Raises ValueError where |truth| > changed: that many changes cannot make that difference.
    """
    _check(margin)
    z = quantile(level)
    return _power(n, changed, truth, lambda gained, lost: score_z(gained, lost, n, -margin) > z)


def power_to_see(n: int, difference: float, changed: float, alpha: float = 0.05) -> float:
    """Return the exact probability that McNemar's mid-p test sees a true paired `difference` at `alpha`.

    n: items; changed: share of items whose outcome differs between first and second. 10,000 items take a tenth of a
    second.

    A loss of 10 points at 48 items, a quarter of them changed, is seen one time in four:

    >>> round(power_to_see(48, -0.10, 0.25), 2)
    0.26
    """

    _check_change(n, changed, difference)
    if changed == 0:
        return 0.0
    logs = log_factorials(n)
    first, above = tail_near(n, changed, logs)
    seen = 0.0
    for total, probability in enumerate(
        above[:-1] - above[1:], first
    ):  # how many change, and then how many of them gain
        few = _fewest(total, alpha, logs)
        if few >= 0:
            start, gained = tail_near(total, (1 + difference / changed) / 2, logs)
            many, more_than_few = (_at(gained, k - start) for k in (total - few, few + 1))
            seen += float(probability) * (many + 1 - more_than_few)
    return min(1.0, seen)


def items_to_see(difference: float, changed: float, power: float = 0.8, alpha: float = 0.05) -> int:
    """Return about how many items let McNemar's test see a true paired `difference` with probability `power`.

    Ref: connor1987, eq. 4 (normal approximation).
    """
    if difference == 0 or abs(difference) > changed or changed > 1:
        raise ValueError(f"no sample shows a difference of {difference} among {changed} changed")
    z_power = quantile(2 * power - 1) if power > 0.5 else 0.0
    root = quantile(1 - alpha) * math.sqrt(changed) + z_power * math.sqrt(changed - difference**2)
    return math.ceil((root / difference) ** 2)


def _fewest(total: int, alpha: float, logs: Floats) -> int:
    """Return the largest smaller count of `total` changed items that is significant, -1 where none is."""
    start, above = tail_near(total, 0.5, logs)
    p_values = above[:-1] + above[1:]  # mid-p of the larger count, since both tails are alike
    close = np.abs(p_values - alpha) < 1e-9  # too close for floats: `mcnemar` counts exactly
    for place in np.flatnonzero(close):
        larger = start + int(place)
        p_values[place] = mcnemar(Paired(0, larger, total - larger, 0)) if 2 * larger >= total else 1.0
    larger = start + int(np.argmax(p_values <= alpha)) if (p_values <= alpha).any() else start + len(p_values)
    return total - larger


def _at(above: Floats, place: int) -> float:
    """Return what stands at `place` of what `tail_near` returns: 1 before it, 0 behind it."""
    return 1.0 if place < 0 else float(above[min(place, len(above) - 1)])


_Reject = Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], npt.NDArray[np.bool_]]


def _power(n: int, changed: float, truth: float, reject: _Reject) -> float:
    """Return the probability of `reject` over all (gained, lost) of the trinomial distribution."""
    _check_change(n, changed, truth)
    up, down, still = (changed + truth) / 2, (changed - truth) / 2, 1 - changed
    gained, lost = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    rest = n - gained - lost
    possible = rest >= 0
    gained, lost, rest = gained[possible], lost[possible], rest[possible]
    logs = log_factorials(n)
    logp = logs[n] - logs[gained] - logs[lost] - logs[rest]
    for count, rate in ((gained, up), (lost, down), (rest, still)):
        logp = logp + (count * math.log(rate) if rate > 0 else np.where(count == 0, 0.0, -np.inf))
    return float(min(1.0, np.exp(logp)[reject(gained, lost)].sum()))


def _check_change(n: int, changed: float, truth: float) -> None:
    if n < 1 or not 0 <= changed <= 1 or abs(truth) > changed:
        raise ValueError(f"{n} items of which {changed} change cannot differ by {truth}")


def _check(margin: float) -> None:
    if not 0 < margin < 1:
        raise ValueError(f"a margin is between 0 and 1, not {margin}")
