"""What to try next, by what has worked and what it cost: a bandit with a price on each pull. Pure but for its dice."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arm:
    """How often something was tried, how often it worked, and what it cost in all (tokens)."""

    tries: int = 0
    worked: int = 0
    cost: int = 0

    def __add__(self, other: Arm) -> Arm:
        return Arm(self.tries + other.tries, self.worked + other.worked, self.cost + other.cost)


Belief = tuple[float, float]
"""The a and b of a beta distribution, both above zero: what is thought of a success rate."""

NOTHING: Belief = (1.0, 1.0)
"""Every rate is as likely as any other."""


def choose(arms: Sequence[Arm], dice: random.Random, before: Sequence[Belief] = ()) -> int:
    """Return an arm, as often as it seems to be the one that succeeds most for each token; at the outset, any.

    A success rate is drawn from what is believed of each arm (Beta(a + worked, b + failed)), and divided by the mean
    cost of its tries; what was never tried is thought to cost what the others do. before: (a, b) of each arm; NOTHING
    of all of them where there are none.

    Raises ValueError where there is no arm.
    Ref: thompson1933, chapelle2011 (many choices before anything is heard of them), tranthanh2012 (rates divided by
    costs under a budget).
    """
    if not arms:
        raise ValueError("there is nothing to choose from")
    tries = sum(arm.tries for arm in arms)
    usual = sum(arm.cost for arm in arms) / max(1, tries)

    def worth(arm: Arm, belief: Belief) -> float:
        a, b = belief
        rate = dice.betavariate(a + arm.worked, b + arm.tries - arm.worked)
        return rate / max(1.0, arm.cost / arm.tries if arm.tries else usual)

    drawn = [worth(*each) for each in zip(arms, before or [NOTHING] * len(arms), strict=True)]
    return max(range(len(arms)), key=lambda i: (drawn[i], -i))
