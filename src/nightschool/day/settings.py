"""How a day is spent: everything that a user may choose, with defaults that fit ten minutes on two cores."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from nightschool.day.guiding import Teacher
from nightschool.day.practise import Practice
from nightschool.day.term import TermPlan
from nightschool.errors import UsageError

WATCHED = ("arithmetic@calculator", "sorting:n=3,low=10,high=99@bracket")
"""Tasks that must not get worse, with the wording in which the default model does them (by practice items)."""


def watched_beside(task: str) -> tuple[str, ...]:
    """Return what is watched while `task` is practised, where nobody chose: the first task of another world.

    >>> watched_beside("sorting:n=5"), watched_beside("arithmetic")
    (('arithmetic@calculator',), ('sorting:n=3,low=10,high=99@bracket',))
    """
    return tuple(name for name in WATCHED if name.partition(":")[0].partition("@")[0] != task.partition(":")[0])[:1]


@dataclass(frozen=True, slots=True)
class DaySettings:
    """How a day is spent.

    exam_items: for before and after; rung_items: of those, for the other ways; tune_items: for the gate and for
    choosing; rungs: ways that the morning's exam tries; wording: by name, None for the world's first; shots: numbers
    of worked examples that practice may show; teacher: `self` learns from what the verifier passed, `expert` from
    demonstrations, `guided` from an expert who goes on from the learner's own beginnings, `taught` in short stretches
    from where it goes wrong; watched, watched_items, text_tokens: what must not be lost, and how closely it is looked
    at (the gate counts a text from 50,000 tokens on, and refuses a plain loss in fewer); rehearsed_items: practice
    items of each watched task whose answers by the old self are rehearsed; understood_items: for whether the night
    taught by heart or for good, past what was practised (0: not asked); target: the accuracy that is wanted, which
    makes the day end with the cheapest way that reaches it.
    """

    seed: int = 0
    exam_items: int = 200
    tune_items: int = 80
    rungs: tuple[str, ...] = ("control", "few-shot", "search:n=4")
    rung_items: int = 30
    wording: str | None = None
    shots: tuple[int, ...] = (0, 3)
    practice: Practice = field(default_factory=Practice)
    term: TermPlan = field(default_factory=TermPlan)
    teacher: Teacher = "self"
    watched: tuple[str, ...] = WATCHED[:1]
    watched_items: int = 250
    rehearsed_items: int = 250
    text_tokens: int = 10_000
    understood_items: int = 32
    target: float | None = None

    def __post_init__(self) -> None:
        if min(self.exam_items, self.tune_items, self.watched_items, self.rung_items) < 2:
            raise UsageError("a day needs at least two items to examine, to tune on and to watch")
        if self.target is not None and not 0 < self.target < 1:
            raise UsageError(f"a target is an accuracy between 0 and 1, such as 0.9, not {self.target}")
        if self.text_tokens < 0:
            raise UsageError(f"text tokens are 0 or more, not {self.text_tokens}")

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as JSON can write them."""
        return asdict(self)
