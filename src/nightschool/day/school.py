"""A term of school: practise, learn, climb, round after round, with one adapter that carries on, and settle.

The term is what a night consolidates: nothing of it counts before the gate has passed. A kill loses the practice or the
steps in progress and nothing else: what either brought is on disk, and a resumed term goes on to the same weights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path

from nightschool.day.curriculum import Curriculum, Tally
from nightschool.day.guiding import Guide, Teacher
from nightschool.day.practise import Classroom, practise
from nightschool.day.practise import Practised as Found
from nightschool.day.term import Practised, Round, Stopped, Term, TermPlan, read_term, write_term
from nightschool.drive import Drive
from nightschool.items import Adapter, Item, Lesson, Noise, Prompt
from nightschool.ports import Expert, Stepwise, Watcher
from nightschool.sleep.lessons.practice import guard, lessons_from_expert, lessons_from_traces
from nightschool.sleep.lessons.replay import batches
from nightschool.sleep.nights.out_of_room import room_said
from nightschool.sleep.teach import Pupil

_IN_A_ROW = 3


@dataclass
class School:
    """What a term needs: where to practise, who runs the searches, who learns, and what the old self wrote.

    begin: makes the pupil, from a checkpoint where one is given; publish: makes an adapter available to practice;
    folder: where the unfinished term is kept; expert: teaches at the goal, in the way of `teacher`, instead of what
    practice solved; examined: items of the exam, none of which may be asked in a lesson; start: the adapter that the
    pupil begins from, None for the bare model.
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
    teacher: Teacher = "self"
    examined: Sequence[Item] = ()
    start: str | None = None
    guide: Guide | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.teacher in ("guided", "taught") and isinstance(self.expert, Stepwise):
            self.guide = Guide(self.expert, self.teacher, self.pose(self.curriculum.goal.level))

    def pupil(self, checkpoint: Path | None) -> Pupil:
        """Return who learns, from a checkpoint where one is given."""
        pupil = self.begin(checkpoint)
        pupil.hold_to(self.rehearsal)
        return pupil

    def pose(self, level: int) -> Callable[[Item], Prompt]:
        """Return how items of `level` are asked in lessons: as the user will ask, without examples."""
        return lambda item: self.room.pose(level, item).prompt


def hold_term(school: School) -> Term:
    """Return what a term of practice and lessons brought, going on with the one that is in the school's folder.

    Each round looks for the hardest place where search finds something, practises there, and takes gradient steps on
    what the verifier passed, mixed with lessons of earlier rounds and with text of the old self.

    Raises NightError where disk or memory is too small for it.
    """
    with room_said(school.folder):
        return _hold_term(school)


def _hold_term(school: School) -> Term:
    term = read_term(school.folder)
    school.room.record.update(term.record)
    if school.guide is not None:
        school.guide.go_on(term.open)
    if term.settling and term.adapter is not None:  # the term is over; a kill came while the gate looked
        school.watch.say("resuming the night after its last lesson")
        school.publish(term.adapter)
        return term
    pupil: Pupil | None = None
    if term.rounds and term.adapter is not None:
        school.watch.say(f"resuming the night after round {len(term.rounds)}")
        school.publish(term.adapter)
        pupil = school.pupil(_checkpoint(school.folder, len(term.rounds)))
    elif term.begun is not None:
        school.watch.say("resuming the night after the practice of its first round")
    term, pupil = _climb(school, term, pupil)
    if pupil is not None and school.plan.settle:
        term = _settle(school, term, pupil)
    return term


def _climb(school: School, term: Term, pupil: Pupil | None) -> tuple[Term, Pupil | None]:
    plan, began = school.plan, school.clock()
    while term.stopped == "rounds" and len(term.rounds) < plan.rounds:
        if plan.seconds is not None and school.clock() - began >= plan.seconds:
            return replace(term, stopped="seconds"), pupil
        if term.begun is None:
            term = _practise(school, term)
            if term.begun is None:
                return term, pupil
            write_term(school.folder, term)
        pupil = pupil or school.pupil(None)
        term = _learn_round(school, term, term.begun, pupil)
        write_term(school.folder, term)
        _checkpoint(school.folder, len(term.rounds) - 1).unlink(missing_ok=True)
        school.watch.say(_line(len(term.rounds) - 1, term.rounds[-1]))
    return term, pupil


def _practise(school: School, term: Term) -> Term:
    """Return the term with a round begun, or ended, where practice brought nothing to learn."""
    number, t0 = len(term.rounds), school.clock()
    school.watch.stage(f"practice, round {number + 1} of at most {school.plan.rounds}", unit="searches")
    adapter = term.adapter.name if term.adapter else school.start
    found = practise(school.room, school.curriculum, school.drive, adapter, number)
    t1 = school.clock()
    known = {lesson.id for lesson in term.lessons}
    again = school.teacher == "taught"  # the same positions, until they are cracked
    fresh = [each for each in _lessons(school, found, adapter, number) if again or each.id not in known]
    if not fresh:
        return replace(term, stopped=_why_nothing(term, found), failures=found.failures)
    place = found.place or school.curriculum.goal  # an expert shows the goal where nothing was solved
    begun = Practised(
        school.room.levels[place.level].spec, place, found.tally, found.babble, found.looks, found.usage,
        tuple(fresh), t1 - t0,
    )  # fmt: skip
    stands = school.guide.open if school.guide is not None else ()
    return replace(term, begun=begun, record=dict(school.room.record), open=stands)


def _learn_round(school: School, term: Term, begun: Practised, pupil: Pupil) -> Term:
    """Return the term with the round that was begun, learned."""
    plan, number, t0 = school.plan, len(term.rounds), school.clock()
    school.watch.stage(f"lessons, round {number + 1}", plan.steps, "steps")
    losses, shown = _learn(
        school,
        pupil,
        batches(
            begun.lessons,
            Noise((school.room.seed, "lessons", number)),
            count=plan.steps,
            size=plan.batch,
            older=term.lessons,
            older_share=plan.older,
            rehearsal=school.rehearsal,
            rehearsal_share=plan.rehearsal,
        ),
        learned=plan.learned,
    )
    saved = pupil.save(school.folder / "adapters")
    pupil.checkpoint(_checkpoint(school.folder, number + 1))
    school.publish(saved)
    done = Round(
        begun.level, begun.place, begun.tally, begun.babble, begun.looks, begun.usage, len(begun.lessons), losses,
        begun.practice_s, school.clock() - t0,
    )  # fmt: skip
    known = {lesson.id for lesson in term.lessons}
    mastered = begun.place == school.curriculum.goal and begun.tally.rate >= school.curriculum.mastered
    return replace(
        term,
        rounds=(*term.rounds, done),
        lessons=(*term.lessons, *(each for each in begun.lessons if each.id not in known)),
        adapter=saved,
        stopped="mastered" if mastered else "rounds",
        shown=dict(Counter(term.shown) + shown),
        begun=None,
    )


def _why_nothing(term: Term, found: Found) -> Stopped:
    if found.spent:
        return "budget"
    if term.rounds:
        return "rounds"
    return "nothing whole" if found.place else "nothing solved"


def _settle(school: School, term: Term, pupil: Pupil) -> Term:
    plan, began = school.plan, school.clock()
    school.watch.stage("lessons, settling", plan.settle, "steps")
    mixed = batches(
        term.lessons,
        Noise((school.room.seed, "settling")),
        count=plan.settle,
        size=plan.batch,
        rehearsal=school.rehearsal,
        rehearsal_share=plan.settling_rehearsal,
    )
    losses, shown = _learn(school, pupil, mixed, [left / (plan.settle + 1) for left in range(plan.settle, 0, -1)])
    saved = pupil.save(school.folder / "adapters")
    school.publish(saved)
    settled = replace(
        term, adapter=saved, settling=losses, settling_s=school.clock() - began, shown=dict(Counter(term.shown) + shown)
    )
    write_term(school.folder, settled)
    return settled


def _checkpoint(folder: Path, rounds: int) -> Path:
    return folder / f"learner-{rounds}.safetensors"


def _lessons(school: School, found: Found, adapter: str | None, number: int) -> list[Lesson]:
    if school.guide is not None:
        lessons = school.guide.lessons(school.room, school.drive, school.curriculum.goal, found, adapter, number)
    else:
        lessons = _found_lessons(school, found)
    guard(lessons, school.examined, school.pose(school.curriculum.goal.level))
    return lessons


def _found_lessons(school: School, found: Found) -> list[Lesson]:
    if school.expert is not None:
        goal = school.curriculum.goal.level
        items = school.room.pick(goal, school.room.plan.items, max(school.curriculum.shots))
        for item in items:  # seen now, so that the next round is shown others
            school.room.record.setdefault(f"{goal}:{item.id}", Tally(items=1))
        return lessons_from_expert(school.expert, items, school.pose(goal))
    return lessons_from_traces(found.traces, school.pose(found.place.level)) if found.place else []


def _learn(
    school: School,
    pupil: Pupil,
    mixed: Iterable[Sequence[Lesson]],
    paces: Iterable[float] = repeat(1.0),
    learned: float = 0.0,
) -> tuple[tuple[float, ...], Counter[str]]:
    """Return the loss of each step, and how often each lesson was learned from, rehearsal left out."""
    losses, shown = [], Counter[str]()
    for batch, pace in zip(mixed, paces, strict=False):
        losses.append(pupil.step(batch, pace).loss)
        shown.update(lesson.id for lesson in batch if lesson.source != "rehearsal")
        school.watch.advance(1, loss=round(losses[-1], 3))
        if len(losses) >= _IN_A_ROW and max(losses[-_IN_A_ROW:]) < learned:
            break
    return tuple(losses), shown


def _line(number: int, done: Round) -> str:
    after = f" after {done.place.shots} examples" if done.place.shots else ""
    babble = f" (random proposals: {done.babble.solved})" if done.babble else ""
    return (
        f"round {number + 1}: {done.level}{after}: {done.tally.solved} of {done.tally.items} items solved{babble}, "
        f"{done.tally.rate:.0%} of draws; {done.lessons} lessons, loss {done.losses[0]:.2f} to {done.losses[-1]:.2f}"
    )
