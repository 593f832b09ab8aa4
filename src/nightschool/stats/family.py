"""Several tests at once, so that looking often does not make luck look like truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nightschool.stats.rates import exact_low, p_above


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted for the family, in the given order: reject those at most alpha.

    Ref: holm1979.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    floor = 0.0
    for rank, i in enumerate(order):
        floor = max(floor, min(1.0, (len(order) - rank) * p_values[i]))
        adjusted[i] = floor
    return adjusted


def fixed_sequence(p_values: Sequence[float], alpha: float = 0.025) -> int:
    """Return how many hypotheses are rejected: from the first on, each at full `alpha`, until one is not.

    The order must be fixed before the data are seen; then any false rejection has probability at most `alpha`.
    Ref: maurer1995; westfall2001.
    """
    for count, p in enumerate(p_values):
        if p > alpha:
            return count
    return len(p_values)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way that might reach the target, with its exam outcomes. Missing answers count in n, as not passed."""

    name: str
    passed: int
    n: int


@dataclass(frozen=True, slots=True)
class Reached:
    """One test on the way to the cheapest that reaches the target. low: exact lower bound at this test's `alpha`."""

    name: str
    p_value: float
    alpha: float
    low: float
    reached: bool


def cheapest_reaching(candidates: Sequence[Candidate], target: float, alpha: float = 0.025) -> list[Reached]:
    """Return the tests done, cheapest way first, ending with the first that is shown to lie above `target`, or all.

    candidates: in order of cost, chosen and ordered without a look at these outcomes. Only the last can be reached.

    A sequence that goes on after a failure may not use the whole `alpha` each time: with five ways just at the target
    the first "success" would be luck five times as often. Here each test spends half of what is left, the last all of
    it, so that a false claim has probability at most `alpha` however the ways depend on each other. One candidate is
    tested at full `alpha`.

    Raises ValueError for no candidates.
    Ref: wiens2003 (fallback procedure); clopper1934.
    """
    if not candidates:
        raise ValueError("no way to test against the target")
    done: list[Reached] = []
    left = alpha
    for place, way in enumerate(candidates):
        spend = left if place == len(candidates) - 1 else left / 2
        left -= spend
        p = p_above(way.passed, way.n, target)
        done.append(Reached(way.name, p, spend, exact_low(way.passed, way.n, spend), p <= spend))
        if done[-1].reached:
            break
    return done
