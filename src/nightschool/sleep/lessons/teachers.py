"""Lessons for what is done step by step, from one who can do it: four ways to spend the same budget.

imitation   whole runs of the expert
autonomous  whole runs of the learner's own that turned out right
guided      the learner goes, and the expert says at states that the learner came to what is right there
taught      short stretches from where the learner fails, the same ones again until they are cracked

Pure: a `Walk` says what a step is, the learner's own runs are handed in, and dice decide what is chosen.
Ref: pomerleau1989 (imitation); anthony2017 (own successes); ross2011 (DAgger: the learner's own states, labelled).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar

from nightschool.items import Lesson, Prompt

S = TypeVar("S")


class Walk(Protocol[S]):
    """A task of steps. A state is all that was done so far; where a step was wrong, one goes on from `after` it."""

    def key(self, state: S) -> str:
        """Return the leak key of where `state` began."""

    def prompt(self, state: S) -> Prompt:
        """Return what is read before the next step is written."""

    def expert(self, state: S) -> str:
        """Return a right next step, as the learner would write it."""

    def right(self, state: S, step: str) -> bool:
        """Return whether `step` is right here."""

    def after(self, state: S, step: str) -> S:
        """Return the state that `step` leads to, right or wrong."""

    def over(self, state: S) -> bool:
        """Return whether nothing is left to do."""

    def written(self, state: S, steps: Sequence[str]) -> str:
        """Return `steps` as they are written on behind the prompt of `state`."""


@dataclass(frozen=True, slots=True)
class Visit(Generic[S]):
    """A step of the learner's own. off: whether a mistake lies before it."""

    state: S
    step: str
    right: bool
    off: bool


Run = Sequence[Visit[S]]


def walked(walk: Walk[S], start: S, steps: Sequence[str]) -> list[Visit[S]]:
    """Return the run of a learner that wrote `steps` from `start` on, as far as there was something to do."""
    run: list[Visit[S]] = []
    state, off = start, False
    for step in steps:
        if walk.over(state):
            break
        right = walk.right(state, step)
        run.append(Visit(state, step, right, off))
        off = off or not right
        state = walk.after(state, step)
    return run


def imitated(walk: Walk[S], starts: Sequence[S]) -> list[Lesson]:
    """Return the expert's whole run from each of `starts` as a lesson."""
    return [_stretch(walk, start, None) for start in starts]


def succeeded(walk: Walk[S], runs: Sequence[Run[S]]) -> list[Lesson]:
    """Return the learner's own runs without a mistake as lessons; those with one teach nothing."""
    lessons = []
    for run in runs:
        if run and all(visit.right for visit in run) and walk.over(walk.after(run[-1].state, run[-1].step)):
            lessons.append(_lesson(walk, run[0].state, [visit.step for visit in run], "practice", ended=True))
    return lessons


def guided(
    walk: Walk[S], runs: Sequence[Run[S]], count: int, recovery: float, dice: random.Random, span: int = 4
) -> list[Lesson]:
    """Return `count` stretches of at most `span` steps that the expert writes after the learner's own beginnings.

    recovery: share of them, in [0, 1], that begin after a mistake, as far as there are any; the others begin at states
    that were reached without one. Where nothing was visited there are none.
    """
    on = [visit.state for run in runs for visit in run if not visit.off]
    off = [visit.state for run in runs for visit in run if visit.off]
    lessons = []
    for _ in range(count):
        pool = off if off and (not on or dice.random() < recovery) else on
        if pool:
            lessons.append(_stretch(walk, dice.choice(pool), span))
    return lessons


@dataclass
class Drill(Generic[S]):
    """The same few starting positions again and again until they are cracked. most: how many are open at once; span:
    steps of a stretch; cracked: how often in a row the learner must get a position right. Positions are where its own
    runs first went wrong, so that they lie at its level, whatever that is. streaks: how often in a row each of `open`
    was right so far.
    """

    walk: Walk[S]
    most: int = 48
    span: int = 2
    cracked: int = 2
    open: list[S] = field(default_factory=list)
    done: int = 0
    streaks: list[int] = field(default_factory=list)

    def take(self, runs: Sequence[Run[S]]) -> None:
        """Open the positions at which `runs` first went wrong, as far as there is room."""
        for run in runs:
            wrong = next((visit for visit in run if not visit.right), None)
            if wrong is not None and len(self.open) < self.most and wrong.state not in self.open:
                self.open.append(wrong.state)
                self.streaks.append(0)

    def asked(self, steps: Sequence[str]) -> int:
        """Be told what the learner does at each open position now; return how many of them it cracked."""
        kept: list[tuple[S, int]] = []
        for state, streak, step in zip(self.open, self.streaks, steps, strict=True):
            now = streak + 1 if self.walk.right(state, step) else 0
            if now < self.cracked:
                kept.append((state, now))
        cracked = len(self.open) - len(kept)
        self.open, self.streaks = [state for state, _ in kept], [streak for _, streak in kept]
        self.done += cracked
        return cracked

    def lessons(self, count: int, dice: random.Random) -> list[Lesson]:
        """Return `count` short stretches from open positions, each of them as often as any other."""
        if not self.open:
            return []
        order = [state for _ in range(-(-count // len(self.open))) for state in dice.sample(self.open, len(self.open))]
        return [_stretch(self.walk, state, self.span) for state in order[:count]]


def _stretch(walk: Walk[S], state: S, span: int | None) -> Lesson:
    steps: list[str] = []
    here = state
    while not walk.over(here) and (span is None or len(steps) < span):
        steps.append(walk.expert(here))
        here = walk.after(here, steps[-1])
    return _lesson(walk, state, steps, "expert", ended=walk.over(here))


def _lesson(
    walk: Walk[S], state: S, steps: Sequence[str], source: Literal["expert", "practice"], *, ended: bool
) -> Lesson:
    prompt = walk.prompt(state)
    return Lesson(prompt, walk.written(state, steps), source, prompt.keys | {walk.key(state)}, ended=ended)
