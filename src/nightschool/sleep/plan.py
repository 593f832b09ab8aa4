"""How a night over memories is spent: everything that one may choose.

Half of a batch is rehearsed because a fifth did not do: 50 facts in 58 steps at twice the usual rate took watched
arithmetic from 28% to 13%, and the gate refused the night.

A lesson is learned one and a half times, since a fact makes some 28 of them: after 43 steps over 10 facts of the
practice split the loss had stopped falling, and 10 of 10 direct questions and 19 of 20 in other words were right.

A short night rehearses more, since the first steps do the harm and later ones mend it: see `docs/sleeping.md`.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from nightschool.errors import UsageError
from nightschool.sleep.gate.decide import ENOUGH_ITEMS
from nightschool.sleep.lessons.study import KINDS, Kind

Writer = Literal["templates", "model", "both"]
_LEAST_FRESH = 0.25


@dataclass(frozen=True, slots=True)
class NightPlan:
    """How a night over memories is spent.

    kinds: of self-study; writer: of its questions: templates, the model itself, or both; passes: how often every
    lesson is learned; batch: lessons in a step; rehearsal, older: shares of a batch that are the old self's own
    text, and lessons of earlier nights; least_rehearsed: places of all batches that these two have in any night, as far
    as a quarter of each batch is still new; learned: three steps in a row whose loss is below it end the lessons;
    settle: steps at the end, at a rate that falls to nothing; pace: times the learner's usual rate, which is that
    for verified answers: facts are many short lessons, and bear more; steps, seconds: of the night, at most;
    watched_items, earlier_items, text_tokens: how closely is looked at what must not be lost: at each task, at what
    earlier nights taught, at text; rehearsed_items: how much of the tasks is rehearsed; rehearsed_tokens: of each text
    that the old self says to general prompts; shares: of the change that the gate tries, the whole of it first;
    checkpoint_steps: how much a kill can cost.
    """

    seed: int = 0
    kinds: tuple[Kind, ...] = KINDS
    writer: Writer = "templates"
    passes: float = 1.5
    batch: int = 24
    rehearsal: float = 0.5
    older: float = 0.15
    least_rehearsed: int = 900
    learned: float = 0.02
    settle: int = 8
    pace: float = 1.5
    steps: int | None = None
    seconds: float | None = None
    watched_items: int = ENOUGH_ITEMS
    text_tokens: int = 10_000
    rehearsed_items: int = 250
    rehearsed_tokens: int = 24
    earlier_items: int = ENOUGH_ITEMS
    shares: tuple[float, ...] = (1.0, 0.75, 0.5, 0.25)
    checkpoint_steps: int = 25

    def __post_init__(self) -> None:
        if self.writer not in get_args(Writer):
            raise UsageError(f"questions are written by {', '.join(get_args(Writer))}, not by {self.writer!r}")
        if (
            not self.kinds
            or min(self.passes, self.pace) <= 0
            or self.batch < 1
            or self.settle < 0
            or self.checkpoint_steps < 1
        ):
            raise UsageError(f"a night needs kinds of lessons, passes, a pace and a batch above 0, not as in {self}")
        if min(self.rehearsal, self.older, self.least_rehearsed) < 0 or self.rehearsal + self.older >= 1:
            raise UsageError(
                f"rehearsal {self.rehearsal} and older {self.older} are shares of a batch that leave room for more, "
                f"and {self.least_rehearsed} places are not below 0"
            )
        if not self.shares or any(not 0 < share <= 1 for share in self.shares):
            raise UsageError(f"shares of a change are above 0 and at most 1, not {self.shares}")
        if any(limit is not None and limit <= 0 for limit in (self.steps, self.seconds)):
            raise UsageError(f"a night of {self.steps} steps, {self.seconds} seconds allows nothing")

    def fresh_share(self, *, older: bool) -> float:
        """Return the share of a batch that is new; older: whether there are lessons of earlier nights."""
        return 1.0 - self.rehearsal - (self.older if older else 0.0)

    def for_lessons(self, lessons: int, *, older: bool) -> NightPlan:
        """Return this plan with the share that a night over so many lessons rehearses; with none, where none is."""
        learned = self.passes * lessons
        fresh = max(_LEAST_FRESH, learned / (learned + self.least_rehearsed))
        share = 1.0 - fresh - (self.older if older else 0.0)
        return replace(self, rehearsal=share) if 0.0 < self.rehearsal < share else self

    def steps_for(self, lessons: int, *, older: bool) -> int:
        """Return the steps before settling that teach so many lessons `passes` times, within the limit of steps."""
        wanted = math.ceil(self.passes * lessons / (self.batch * self.fresh_share(older=older)))
        return wanted if self.steps is None else min(wanted, max(1, self.steps - self.settle))

    def room(self, steps: int, *, older: bool) -> int:
        """Return how many lessons so many steps, settling included, can teach."""
        places = max(0, steps - self.settle) * self.batch
        fresh = places * self.fresh_share(older=older)
        if self.rehearsal:
            fresh = min(fresh, max(places - self.least_rehearsed, places * _LEAST_FRESH))
        return int(fresh / self.passes)

    def rehearsals(self, lessons: int, *, older: bool) -> int:
        """Return how many places of all batches are rehearsed: more texts of the old self than that are not needed."""
        return math.ceil((self.steps_for(lessons, older=older) + self.settle) * self.batch * self.rehearsal)

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as JSON can write it."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
