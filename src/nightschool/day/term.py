"""A term of school: practise, learn, climb, round after round, with one adapter that carries on.

The term is what a night consolidates: nothing of it counts before the gate has passed. A kill loses the round in
progress and nothing else: each finished round is on disk, and a resumed term goes on to the same weights.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from nightschool.day.curriculum import Curriculum, Place, Tally
from nightschool.day.practise import Classroom, Practised, practise
from nightschool.drive import Drive
from nightschool.errors import NightError
from nightschool.items import Adapter, Item, Lesson, Noise, Prompt, Usage
from nightschool.paths import write_durably
from nightschool.ports import Expert, Watcher
from nightschool.sleep.lessons import guard, lessons_from_expert, lessons_from_traces


class Step(Protocol):
    """What a gradient step tells. loss: nats per learned token, before the step."""

    @property
    def loss(self) -> float:
        """Return the loss."""


class Pupil(Protocol):
    """What learns: a stepped trainer that can be saved and resumed to the last bit (see `train`)."""

    def step(self, lessons: Sequence[Lesson]) -> Step:
        """Take one gradient step."""

    def save(self, folder: Path) -> Adapter:
        """Write what was learned so far and return it, named by its content."""

    def checkpoint(self, path: Path) -> None:
        """Write all that is needed to go on."""


Stopped = Literal["mastered", "rounds", "seconds", "nothing solved", "nothing whole"]


@dataclass(frozen=True, slots=True)
class TermPlan:
    """How much school there is.

    rounds: at most; steps: gradient steps after each round of practice; batch: lessons in a step; older: share of a
    batch drawn from earlier rounds; rehearsal: share drawn from the old self's own text; seconds: no round begins
    after so many, None for no limit.
    """

    rounds: int = 4
    steps: int = 12
    batch: int = 16
    older: float = 0.25
    rehearsal: float = 0.25
    seconds: float | None = 300.0


@dataclass(frozen=True, slots=True)
class Round:
    """One round: what practice found, what was learned from it, and what it cost.

    tally: by search; babble: by random proposals of the right form, as many on the same items; looks: what the looks
    before it gave, by place; lessons: new ones.
    """

    level: str
    place: Place
    tally: Tally
    babble: Tally | None
    looks: dict[str, Tally]
    usage: Usage
    lessons: int
    losses: tuple[float, ...]
    practice_s: float
    learning_s: float


@dataclass(frozen=True, slots=True)
class Term:
    """What the whole term brought. adapter: None when there was nothing to learn; record: what each item gave."""

    rounds: tuple[Round, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    adapter: Adapter | None = None
    stopped: Stopped = "rounds"
    record: dict[str, Tally] = field(default_factory=dict)
    failures: tuple[tuple[str, str, str], ...] = ()

    @property
    def usage(self) -> Usage:
        """Return what practice spent."""
        return sum((r.usage for r in self.rounds), Usage())

    @property
    def steps(self) -> int:
        """Return the number of gradient steps."""
        return sum(len(r.losses) for r in self.rounds)


@dataclass
class School:
    """What a term needs: where to practise, who runs the searches, who learns, and what the old self wrote.

    begin: makes the pupil, from a checkpoint where one is given; publish: makes an adapter available to practice;
    folder: where the unfinished term is kept; expert: demonstrates at the goal instead of what practice solved;
    examined: items of the exam, none of which may be asked in a lesson; start: the adapter that the pupil begins from,
    None for the bare model.
    """

    room: Classroom
    curriculum: Curriculum
    drive: Drive
    begin: Callable[[Path | None], Pupil]
    publish: Callable[[Adapter], None]
    folder: Path
    plan: TermPlan
    rehearsal: Sequence[Lesson]
    watch: Watcher
    clock: Callable[[], float]
    expert: Expert | None = None
    examined: Sequence[Item] = ()
    start: str | None = None

    def pose(self, level: int) -> Callable[[Item], Prompt]:
        """Return how items of `level` are asked in lessons: as the user will ask, without examples."""
        return lambda item: self.room.pose(level, item).prompt


def hold_term(school: School) -> Term:
    """Return what a term of practice and lessons brought, going on with the one that is in the school's folder.

    Each round looks for the hardest place where search finds something, practises there, and takes gradient steps on
    what the verifier passed, mixed with lessons of earlier rounds and with text of the old self.
    """
    plan, began = school.plan, school.clock()
    term = read_term(school.folder)
    school.room.record.update(term.record)
    pupil: Pupil | None = None
    if term.rounds and term.adapter is not None:
        school.watch.say(f"resuming the night after round {len(term.rounds)}")
        school.publish(term.adapter)
        pupil = school.begin(_checkpoint(school.folder, len(term.rounds)))
    while term.stopped == "rounds" and len(term.rounds) < plan.rounds:
        if plan.seconds is not None and school.clock() - began >= plan.seconds:
            return _with(term, stopped="seconds")
        number = len(term.rounds)
        t0 = school.clock()
        school.watch.stage(f"practice, round {number + 1} of at most {plan.rounds}", unit="searches")
        adapter = term.adapter.name if term.adapter else school.start
        found = practise(school.room, school.curriculum, school.drive, adapter, number)
        t1 = school.clock()
        known = {lesson.id for lesson in term.lessons}
        fresh = [each for each in _lessons(school, found) if each.id not in known]
        if not fresh:
            why: Stopped = "rounds" if term.rounds else "nothing whole" if found.place else "nothing solved"
            return _with(term, stopped=why, failures=found.failures)
        place = found.place or school.curriculum.goal  # an expert shows the goal where nothing was solved
        pupil = pupil or school.begin(None)
        school.watch.stage(f"lessons, round {number + 1}", plan.steps, "steps")
        losses = _learn(school, pupil, fresh, term.lessons, number)
        saved = pupil.save(school.folder / "adapters")
        pupil.checkpoint(_checkpoint(school.folder, number + 1))
        school.publish(saved)
        done = Round(
            level=school.room.levels[place.level].spec,
            place=place,
            tally=found.tally,
            babble=found.babble,
            looks=found.looks,
            usage=found.usage,
            lessons=len(fresh),
            losses=tuple(losses),
            practice_s=t1 - t0,
            learning_s=school.clock() - t1,
        )
        mastered = place == school.curriculum.goal and found.tally.rate >= school.curriculum.mastered
        term = Term(
            (*term.rounds, done),
            (*term.lessons, *fresh),
            saved,
            "mastered" if mastered else "rounds",
            dict(school.room.record),
        )
        write_term(school.folder, term)
        _checkpoint(school.folder, number).unlink(missing_ok=True)
        school.watch.say(_line(number, done))
    return term


def read_term(folder: Path) -> Term:
    """Return the term kept in `folder`, an empty one where there is none. Raises NightError for a damaged file."""
    from pydantic import TypeAdapter, ValidationError

    path = folder / "term.json"
    if not path.exists():
        return Term()
    try:
        return TypeAdapter(Term).validate_json(path.read_bytes())
    except ValidationError as error:
        raise NightError(f"the unfinished night in {folder} cannot be read ({error.error_count()} faults)") from error


def write_term(folder: Path, term: Term) -> None:
    """Keep `term` in `folder`; a kill leaves the old or the new one."""
    from pydantic import TypeAdapter

    write_durably(folder / "term.json", TypeAdapter(Term).dump_json(term))


def _checkpoint(folder: Path, rounds: int) -> Path:
    return folder / f"learner-{rounds}.safetensors"


def _with(term: Term, **changes: Any) -> Term:
    return replace(term, **changes)


def _lessons(school: School, found: Practised) -> list[Lesson]:
    lessons = _found_lessons(school, found)
    guard(lessons, school.examined, school.pose(school.curriculum.goal.level))
    return lessons


def _found_lessons(school: School, found: Practised) -> list[Lesson]:
    if school.expert is not None:
        goal = school.curriculum.goal.level
        items = school.room.pick(goal, school.room.plan.items, max(school.curriculum.shots))
        for item in items:  # seen now, so that the next round is shown others
            school.room.record.setdefault(f"{goal}:{item.id}", Tally(items=1))
        return lessons_from_expert(school.expert, items, school.pose(goal))
    return lessons_from_traces(found.traces, school.pose(found.place.level)) if found.place else []


def _learn(school: School, pupil: Pupil, fresh: Sequence[Lesson], older: Sequence[Lesson], number: int) -> list[float]:
    plan = school.plan
    dice = random.Random(Noise((school.room.seed, "lessons", number)).key())
    deck: list[Lesson] = []
    losses = []
    for _ in range(plan.steps):
        batch: list[Lesson] = []
        while len(batch) < plan.batch:
            roll = dice.random()
            if school.rehearsal and roll < plan.rehearsal:
                batch.append(dice.choice(school.rehearsal))
            elif older and roll < plan.rehearsal + plan.older:
                batch.append(dice.choice(older))
            else:
                if not deck:
                    deck = list(fresh)
                    dice.shuffle(deck)
                batch.append(deck.pop())
        losses.append(pupil.step(batch).loss)
        school.watch.advance(1, loss=round(losses[-1], 3))
    return losses


def _line(number: int, done: Round) -> str:
    after = f" after {done.place.shots} examples" if done.place.shots else ""
    babble = f" (random proposals: {done.babble.solved})" if done.babble else ""
    return (
        f"round {number + 1}: {done.level}{after}: {done.tally.solved} of {done.tally.items} items solved{babble}, "
        f"{done.tally.rate:.0%} of draws; {done.lessons} lessons, loss {done.losses[0]:.2f} to {done.losses[-1]:.2f}"
    )
