"""What to try next, by what has worked and what it cost: a bandit with a price on each pull. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arm:
    """How often something was tried, how often it worked, and what it cost in all (tokens)."""

    tries: int = 0
    worked: int = 0
    cost: int = 0

    def after(self, worked: bool, cost: int) -> Arm:
        """Return the arm after one more try."""
        return Arm(self.tries + 1, self.worked + worked, self.cost + cost)

    def __add__(self, other: Arm) -> Arm:
        return Arm(self.tries + other.tries, self.worked + other.worked, self.cost + other.cost)


def choose(arms: Sequence[Arm], bonus: float = 1.0) -> int:
    """Return the arm of the greatest hoped-for success for each token: what was never tried first, in order.

    The hope is the upper confidence bound of the success rate, at most one; it is divided by the mean cost of a try.
    bonus: how much to explore.

    Raises ValueError where there is no arm.
    Ref: auer2002 (the bound), tranthanh2012 (rates divided by costs under a budget).
    """
    if not arms:
        raise ValueError("there is nothing to choose from")
    untried = [i for i, arm in enumerate(arms) if not arm.tries]
    if untried:
        return untried[0]
    total = sum(arm.tries for arm in arms)

    def worth(i: int) -> float:
        arm = arms[i]
        hope = arm.worked / arm.tries + bonus * math.sqrt(math.log(total) / (2 * arm.tries))
        return min(1.0, hope) / max(1.0, arm.cost / arm.tries)

    return max(range(len(arms)), key=lambda i: (worth(i), -i))
