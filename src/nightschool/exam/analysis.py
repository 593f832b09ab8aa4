"""What an analysis is: it looks at what was answered, asks more where it must, and says what it found.

    look(sitting) -> Finding

An analysis sees the same room as the rungs. It grades through the sitting, so that equal answers are judged once, and
runs what it needs through the room, so that the exam's budget holds for it too. Register one as an entry point of the
group `nightschool.analyses`; parameters come as `noise:formats=60`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from nightschool.exam.finding import Finding
from nightschool.exam.result import Row
from nightschool.exam.rung import Part, Room
from nightschool.items import Item, Noise, Trace
from nightschool.ports import Ability
from nightschool.registry import make

Grade = Callable[[Sequence[tuple[Item, str]]], list[bool | None]]


@dataclass(frozen=True, slots=True)
class Sitting:
    """What was done. rows: by name; done: parts with their traces, by the part's name; grade: whether answers to items
    pass the reference critic, None for each on which it failed.
    """

    room: Room
    rows: Mapping[str, Row]
    done: Mapping[str, tuple[Part, tuple[Trace, ...]]]
    grade: Grade

    def rng(self, name: str) -> np.random.Generator:
        """Return the random numbers of one analysis: those of the seed and its name."""
        return np.random.default_rng(Noise((self.room.seed, "analysis", name)).key())

    def greedy_rows(self) -> dict[str, Row]:
        """Return the rows that answer the plain question in words once for each item, by name, the room's first."""
        return {
            name: row
            for name, row in self.rows.items()
            if row.rung == "zero-shot" and not row.spread and row.accuracy is not None
        }


class Analysis(Protocol):
    """One way to look at an exam. needs: abilities without which there is nothing; asks: whether it asks a model."""

    name: str
    title: str
    needs: frozenset[Ability]
    asks: bool

    def look(self, sitting: Sitting) -> Finding | str:
        """Return what was found, or in words why nothing can be."""


def left_out(count: int, total: int, what: str = "answers") -> tuple[str, ...]:
    """Return a note on what an analysis leaves out because no critic judged it, or nothing where there is none of it.

    >>> left_out(2, 60)
    ('Left out, because the critic failed on them: 2 of 60 answers.',)
    """
    return (f"Left out, because the critic failed on them: {count} of {total} {what}.",) if count else ()


def open_analyses(specs: Sequence[str]) -> list[Analysis]:
    """Return the analyses that `specs` name (`noise:formats=60`). Raises UnknownName and BadSpec."""
    return [make("analyses", spec) for spec in specs]


def look(analysis: Analysis, sitting: Sitting) -> Finding:
    """Return what `analysis` finds; where there is nothing, a finding that says why."""
    if lacks := analysis.needs - sitting.room.abilities:
        return Finding(analysis.name, analysis.title, unavailable=f"this model cannot: {', '.join(sorted(lacks))}")
    found = analysis.look(sitting)
    return Finding(analysis.name, analysis.title, unavailable=found) if isinstance(found, str) else found
