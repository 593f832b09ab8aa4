"""Where to practise next: at the hardest level where search finds something.

A search that never succeeds teaches nothing, and one that always succeeds teaches nothing new (Bengio 2009,
curriculum learning; Florensa 2018, goals of intermediate difficulty). So the school looks down from the goal, level
by level and with ever more worked examples, until some draws pass, and looks again after every round of lessons,
since what was out of reach an hour ago may be within reach now.

Pure: it is told counts and says what to try; `climb` does the trying.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from nightschool.items import Item


@dataclass(frozen=True, slots=True)
class Place:
    """Where to practise. level: index into the world's levels; shots: worked examples in the prompt."""

    level: int
    shots: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What was found at a place: `passed` of `draws` draws, and `solved` of `items` items by at least one draw."""

    draws: int = 0
    passed: int = 0
    items: int = 0
    solved: int = 0

    @property
    def rate(self) -> float:
        """Return the share of draws that passed, in [0, 1]; 0 where none was made."""
        return self.passed / self.draws if self.draws else 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.draws + other.draws,
            self.passed + other.passed,
            self.items + other.items,
            self.solved + other.solved,
        )


@dataclass(frozen=True, slots=True)
class Curriculum:
    """The choice of a place, round by round.

    levels: how many the world has, easiest first; shots: numbers of worked examples to try, fewest first;
    enough: share of draws that must pass for a place to be worth a round; mastered: share at which the goal needs no
    more practice. tried: what the looks of the current round found.
    """

    levels: int
    shots: tuple[int, ...] = (0, 3)
    enough: float = 0.08
    mastered: float = 0.97
    tried: Mapping[Place, Tally] = field(default_factory=dict)

    @property
    def goal(self) -> Place:
        """Return the place that the day is about: the last level, without examples."""
        return Place(self.levels - 1, self.shots[0])

    def order(self) -> list[Place]:
        """Return the places in the order in which they are looked at.

        Hardest level first and, at each level, fewest examples first; but examples are tried only after every level
        was tried without, because a lesson learned without them serves the goal more directly.
        """
        return [Place(level, shots) for shots, level in product(self.shots, reversed(range(self.levels)))]

    def look(self) -> list[Place]:
        """Return the places to look at next, none when the choice can be made.

        All levels with the same number of examples are looked at together: one wide search is faster than several
        narrow ones.
        """
        if any(tally.rate >= self.enough for tally in self.tried.values()):
            return []
        untried = [place for place in self.order() if place not in self.tried]
        return [place for place in untried if place.shots == untried[0].shots]

    def found(self, place: Place, tally: Tally) -> Curriculum:
        """Return the curriculum told that `place` gave `tally`."""
        return replace(self, tried={**self.tried, place: self.tried.get(place, Tally()) + tally})

    def choice(self) -> Place | None:
        """Return where to practise this round: the first place with enough, else the one that gave most.

        None when nothing passed anywhere: then there is nothing to learn from.
        """
        for place in self.order():
            if place in self.tried and self.tried[place].rate >= self.enough:
                return place
        best = max(self.tried.items(), key=lambda pair: pair[1].rate, default=None)
        return best[0] if best and best[1].passed else None

    def again(self) -> Curriculum:
        """Return the curriculum at the start of the next round, when everything is to be looked at anew."""
        return replace(self, tried={})


def next_items(pool: Sequence[Item], record: Mapping[str, Tally], limit: int) -> list[Item]:
    """Return at most `limit` items of `pool` to practise on: new ones first, then those solved sometimes.

    record: item id -> what draws on it gave so far. Items solved neither always nor never are ranked by the variance
    of their outcome, r(1 - r), with r the posterior mean under a uniform prior, so that few draws are not believed
    too much. Items solved always come last. The order of `pool` breaks ties: the choice is deterministic.
    """
    fresh = [item for item in pool if item.id not in record]
    if len(fresh) >= limit:
        return fresh[:limit]

    def learnable(item: Item) -> float:
        tally = record[item.id]
        rate = (tally.passed + 1) / (tally.draws + 2)
        return -rate * (1 - rate)

    seen = sorted((item for item in pool if item.id in record), key=learnable)
    return (fresh + seen)[:limit]
