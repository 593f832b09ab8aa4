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
from nightschool.stats.rates import log_factorials, quantile


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

    n: items; changed: share of items whose outcome differs between first and second.

    A loss of 10 points at 48 items, a quarter of them changed, is seen one time in four:

    >>> round(power_to_see(48, -0.10, 0.25), 2)
    0.26
    """

    def seen(gained: npt.NDArray[np.int64], lost: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        critical = np.array([_fewest(total, alpha) for total in range(n + 1)])
        total = np.minimum(gained + lost, n)
        few: npt.NDArray[np.bool_] = np.minimum(gained, lost) <= critical[total]
        return few

    return _power(n, changed, difference, seen)


def items_to_see(difference: float, changed: float, power: float = 0.8, alpha: float = 0.05) -> int:
    """Return about how many items let McNemar's test see a true paired `difference` with probability `power`.

    Ref: connor1987, eq. 4 (normal approximation).
    """
    if difference == 0 or abs(difference) > changed or changed > 1:
        raise ValueError(f"no sample shows a difference of {difference} among {changed} changed")
    z_power = quantile(2 * power - 1) if power > 0.5 else 0.0
    root = quantile(1 - alpha) * math.sqrt(changed) + z_power * math.sqrt(changed - difference**2)
    return math.ceil((root / difference) ** 2)


def _fewest(total: int, alpha: float) -> int:
    """Return the largest smaller count of `total` changed items that is significant, -1 where none is."""
    count = -1
    while count + 1 <= total // 2 and mcnemar(Paired(0, count + 1, total - count - 1, 0)) <= alpha:
        count += 1
    return count


_Reject = Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], npt.NDArray[np.bool_]]


def _power(n: int, changed: float, truth: float, reject: _Reject) -> float:
    """Return the probability of `reject` over all (gained, lost) of the trinomial distribution."""
    if n < 1 or not 0 <= changed <= 1 or abs(truth) > changed:
        raise ValueError(f"{n} items of which {changed} change cannot differ by {truth}")
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


def _check(margin: float) -> None:
    if not 0 < margin < 1:
        raise ValueError(f"a margin is between 0 and 1, not {margin}")
