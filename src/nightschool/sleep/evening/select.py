"""Which memories a night consolidates: what matters, is not yet known to the weights, still holds, and is fading.

Pure: it is given what the memories say, how well the weights know them, and how much room the night has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from nightschool.items import Lesson
from nightschool.remember.forget import SUMMARY
from nightschool.remember.memory import Memory
from nightschool.remember.strength import retrievability

KNOWN_NATS = 0.1
"""nats per token: below it the answer to one's own question comes nine times of ten, token by token"""
_DULL = 0.1  # of the urge is left to what is not salient at all


@dataclass(frozen=True, slots=True)
class Candidate:
    """A memory that could be learned. lessons: what it makes; nats: per token of their answers, None if unknown."""

    memory: Memory
    lessons: tuple[Lesson, ...]
    nats: float | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """A memory that this night leaves alone, and why."""

    memory: Memory
    why: str


@dataclass(frozen=True, slots=True)
class Selection:
    """chosen: the most urgent first; left: everything else, in the order of the store."""

    chosen: tuple[Candidate, ...]
    left: tuple[Left, ...]

    @property
    def lessons(self) -> tuple[Lesson, ...]:
        """Return the lessons of all that was chosen."""
        return tuple(lesson for each in self.chosen for lesson in each.lessons)

    def counts(self) -> dict[str, int]:
        """Return how many memories were left for each reason."""
        found: dict[str, int] = {}
        for left in self.left:
            found[left.why] = found.get(left.why, 0) + 1
        return found


def sift(memories: Iterable[tuple[Memory, Sequence[Lesson]]]) -> Selection:
    """Return what can be learned at all: memories with their lessons, without what no longer holds or says nothing.

    What the model itself said is not learned: a mind that is taught its own words grows sure of them, right or wrong.
    """
    chosen: list[Candidate] = []
    left: list[Left] = []
    for memory, lessons in memories:
        if memory.superseded_by is not None:
            left.append(Left(memory, "superseded by a newer one"))
        elif memory.source == SUMMARY:
            left.append(Left(memory, "a summary of others"))
        elif memory.source == "assistant":
            left.append(Left(memory, "said by the model itself"))
        elif not lessons:
            left.append(Left(memory, "states nothing"))
        else:
            chosen.append(Candidate(memory, tuple(lessons)))
    return Selection(tuple(chosen), tuple(left))


def choose(
    sifted: Selection,
    nats: Sequence[float | None],
    now: float,
    *,
    room: int | None,
    known: float = KNOWN_NATS,
    foreseen: Mapping[str, float] | None = None,
) -> Selection:
    """Return the most urgent of the chosen whose lessons fit into `room`, and why each of the others is left.

    nats: of each candidate, as the weights are now; room: lessons, None for all; now: Unix seconds; foreseen: by id,
    how likely it is that reward follows, where a hippocampus tells. One that does not fit is skipped, and smaller ones
    behind it may still be taken.
    """
    left = list(sifted.left)
    open_: list[Candidate] = []
    for each, loss in zip(sifted.chosen, nats, strict=True):
        if loss is not None and loss < known:
            left.append(Left(each.memory, "known already"))
        else:
            open_.append(replace(each, nats=loss))
    chosen: list[Candidate] = []
    taken = 0
    for each in sorted(
        open_, key=lambda each: -urge(each, now, (foreseen or {}).get(each.memory.id, 0.0))
    ):  # stable: the older first
        if room is not None and taken + len(each.lessons) > room:
            left.append(Left(each.memory, "no room tonight"))
            continue
        chosen.append(each)
        taken += len(each.lessons)
    return Selection(tuple(chosen), tuple(left))


def urge(candidate: Candidate, now: float, foreseen: float = 0.0) -> float:
    """Return how much a memory asks to be learned tonight, in [0, 2].

    (0.1 + 0.9 salience) x (1 - exp(-nats)) x (2 - what is left of it): salience in [0, 1], by surprise under the
    present weights where none was noted, and at least as `foreseen`; the middle is how often a token of its answers
    would be missed; what is left is its place on the forgetting curve, so that of two alike the one that fades comes
    first, at most twice as urgent.
    """
    memory, nats = candidate.memory, candidate.nats
    salience = memory.salience
    if salience.surprise is None and nats is not None:
        salience = replace(salience, surprise=nats)
    unknown = 1.0 if nats is None else 1.0 - math.exp(-nats)
    return (
        (_DULL + (1 - _DULL) * max(salience.value, foreseen)) * unknown * (2.0 - retrievability(memory.strength, now))
    )
