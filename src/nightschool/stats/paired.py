"""The same items twice, before and after or way against way: counts, test and interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nightschool.items import Score
from nightschool.stats.rates import quantile


@dataclass(frozen=True, slots=True)
class Paired:
    """How outcomes of the same items compare. gained: failed first, passed second; lost: the other way round."""

    both: int
    gained: int
    lost: int
    neither: int

    @classmethod
    def of(cls, first: Sequence[bool], second: Sequence[bool]) -> Paired:
        """Return the counts of two outcomes for each item, in the same order. Raises ValueError for unequal lengths."""
        pairs = list(zip(first, second, strict=True))
        return cls(
            both=sum(a and b for a, b in pairs),
            gained=sum(b and not a for a, b in pairs),
            lost=sum(a and not b for a, b in pairs),
            neither=sum(not a and not b for a, b in pairs),
        )

    @property
    def n(self) -> int:
        """Return the number of items."""
        return self.both + self.gained + self.lost + self.neither


def mcnemar(paired: Paired) -> float:
    """Return the two-sided mid-p value of McNemar's exact test: is `gained` unlike `lost`?

    Twice the smaller binomial tail less the probability of the observed count; 1 where gained equals lost.
    Ref: fagerland2013.

    >>> mcnemar(Paired(both=59, gained=6, lost=16, neither=80))
    0.03468966484069824
    """
    fewer, n = min(paired.gained, paired.lost), paired.gained + paired.lost
    below = ways = 1  # of none at all, out of 2^n; each further one follows from the one before
    for k in range(fewer):
        ways = ways * (n - k) // (k + 1)
        below += ways
    return min(1.0, (2 * below - ways) / (1 << n))


def score_z(gained: npt.ArrayLike, lost: npt.ArrayLike, n: int, delta: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the score statistic of "the true difference (second less first) is `delta`", for arrays of counts.

    Positive where the data lie above `delta`. At delta of 1 or -1 it is infinite unless the data are there too.
    Ref: tango1998, eq. 7 and 14.
    """
    b, c, d = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (gained, lost, delta)))
    linear = -b - c + (2 * n - b + c) * d
    constant = -c * d * (1 - d)
    rare = (np.sqrt(np.maximum(linear**2 - 8 * n * constant, 0.0)) - linear) / (4 * n)  # constrained P(lost)
    variance = np.maximum(n * (2 * rare + d * (1 - d)), 0.0)
    distance = b - c - n * d
    with np.errstate(divide="ignore", invalid="ignore"):
        z = distance / np.sqrt(variance)
    return np.where(np.isnan(z), 0.0, z)


def difference(paired: Paired, level: float = 0.95) -> Score:
    """Return how much better the second is (in [-1, 1]) with its score interval.

    The interval holds exactly the differences that the score test does not reject, so that it agrees with
    `noninferior`; it keeps its width where no item changed.

    Raises ValueError for no items.
    Ref: tango1998.
    """
    n = paired.n
    if n == 0:
        raise ValueError("a difference needs at least one item")
    z = quantile(level)
    value = (paired.gained - paired.lost) / n
    return Score(value, _end(paired, value, -1.0, z), _end(paired, value, 1.0, -z), n)


def _end(paired: Paired, value: float, far: float, z: float) -> float:
    """Return where between the estimate and `far` the statistic crosses `z`, by bisection."""
    near = value
    for _ in range(60):
        middle = (near + far) / 2
        if abs(float(score_z(paired.gained, paired.lost, paired.n, middle))) < abs(z):
            near = middle
        else:
            far = middle
    return near
