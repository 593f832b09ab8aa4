"""What a rung is: one way to get a capability out of a model, and the contract that every rung keeps.

    plan(room)       -> Plan    which searches to run, and what cannot be had and why
    read(room, done) -> Lines   what those searches answered, item by item, one Line for each row of the report

A rung runs nothing and grades nothing: `sit` runs all searches wide, and grades every answer by the reference critic.
Two rungs that plan the same search over the same draws share it: it is run once, and each row counts its full cost.
Register a rung as an entry point of the group `nightschool.rungs`; parameters come as `search:n=8,k=3`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from nightschool.asks import CriticRole
from nightschool.drive import Job
from nightschool.items import Item, Lesson, Trace, Usage, Wording
from nightschool.ports import Ability, World


@dataclass(frozen=True, slots=True)
class Way:
    """How answers are got, with all that a mind needs to do it again.

    wording: by name; examples: ids of the practice items whose truth is shown; strategy: specification of the search;
    needs_verifier, needs_step: whether using it takes a critic that sees the input, of whole answers or of beginnings.
    """

    wording: str
    strategy: str = "single"
    examples: tuple[str, ...] = ()
    temperature: float = 0.0
    adapter: str | None = None
    needs_verifier: bool = False
    needs_step: bool = False


@dataclass(frozen=True, slots=True)
class Room:
    """Where an exam is sat: all that a rung may know.

    items: those that are examined; wording: the one that is not varied; abilities: of the model; adapter: the weights
    that every rung sits with (None: the model's own); learned: the adapter that the rung `lora` sits with; both are
    loaded already. solved: lessons out of practice that `train` may be given; train: makes an adapter of lessons, from
    those weights on, and loads it into the model; run: runs searches at once, for rungs that must practise before they
    can be examined; twin: runs them on the same architecture with shuffled weights, where there is one (the control of
    what was learned); lens: what reads states of a layer as words, and how many layers there are, where the model has
    it; tuned: lets a model of its own learn lessons in a way of `train.tuner`, and runs jobs on it (twin: the shuffled
    weights learn).
    """

    world: World
    items: tuple[Item, ...]
    wording: Wording
    seed: int
    abilities: frozenset[Ability]
    adapter: str | None = None
    learned: str | None = None
    solved: tuple[Lesson, ...] = ()
    train: Callable[[Sequence[Lesson]], str] | None = None
    run: Callable[[Sequence[Job]], Sequence[Trace]] | None = None
    twin: Callable[[Sequence[Job]], Sequence[Trace]] | None = None
    tuned: Callable[[str, Sequence[Lesson], Sequence[Job], bool], Sequence[Trace]] | None = None
    lens: tuple[Callable[[Any, int, Sequence[int]], tuple[Sequence[float], Sequence[int]]], int] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Searches that belong together: one for each of the room's items, in their order."""

    name: str
    way: Way
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """A row that cannot be had, and why. It is shown, and never counts as zero."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rung wants to run, and which of its rows cannot be had."""

    parts: tuple[Part, ...] = ()
    absent: tuple[Absent, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What one way answered to one item.

    answers: one, or several where a row is about several draws or wordings; empty where the answer is missing, and
    then `missing` says why. cut: how many of them were ended by the length limit. usage: what they cost.
    """

    item: Item
    prompt: str
    answers: tuple[str, ...]
    usage: Usage = field(default_factory=Usage)
    missing: str | None = None
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the report before it is graded.

    pass_k: None: an item's outcome is the share of its answers that passed; k: the chance that one of k draws passes,
    estimated from all answers. never: why this way must not be recommended, where it must not. parts: names of rows
    that this one sums up.
    """

    name: str
    said: tuple[Said, ...]
    way: Way | None
    pass_k: int | None = None
    never: str | None = None
    parts: tuple[str, ...] = ()


Done = Sequence[tuple[Part, Sequence[Trace]]]


class Rung(Protocol):
    """One way to get a capability out of a model.

    needs: abilities without which no row can be had; critics: roles that its searches need of the world; trained:
    whether weights are changed for it.
    """

    name: str
    needs: frozenset[Ability]
    critics: frozenset[CriticRole]
    trained: bool

    def plan(self, room: Room) -> Plan:
        """Return the searches to run."""

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return the rows, from the parts of the plan with a trace for each of their jobs."""
