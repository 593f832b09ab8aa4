"""The main job: exam, practise, sleep, gate, exam, recommend. It can be read as that sentence in `run_day`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version

from nightschool.day.advise import advise
from nightschool.day.curriculum import Curriculum
from nightschool.day.day import PLAIN, Day, stop_if_partial, wording_of
from nightschool.day.guiding import expert_of
from nightschool.day.looking import look_around, rehearsal_of
from nightschool.day.own_examples import OwnExamples, own_examples
from nightschool.day.practise import Classroom, practise
from nightschool.day.result import DayReport, practice_of
from nightschool.day.school import School, hold_term
from nightschool.day.term import Term, read_term
from nightschool.day.understood import look_past_practice
from nightschool.errors import StopRequested
from nightschool.exam import ExamReport, Rung, open_rungs
from nightschool.exam.compare import compare, with_plain
from nightschool.items import Adapter
from nightschool.sleep.evening.unfinished import Unfinished
from nightschool.sleep.gate.decide import decide
from nightschool.sleep.gate.looking import paired, reads_text, unseen, watched_tasks, watched_texts
from nightschool.sleep.nights.ledger import lessons_hash
from nightschool.sleep.nights.night import Night
from nightschool.sleep.nights.told import losses_of, told_by

__all__ = ["Day", "run_day", "run_night", "wording_of"]


def run_day(day: Day) -> DayReport:
    """Return what the day brought; after Ctrl-C what it brought until then, with `partial` set."""
    with day.until_stopped():
        sit_in_the_morning(day)
        term = practise_and_learn(day)
        if term.adapter is not None:
            sleep_on_it(day, term, term.adapter)
        sit_in_the_evening(day)
        look_past_practice(day)
        advise(day)
    return day.report


def run_night(day: Day) -> DayReport:
    """Return what practice and one night brought, without the exams around it."""
    with day.until_stopped():
        term = practise_and_learn(day)
        if term.adapter is not None:
            sleep_on_it(day, term, term.adapter)
        look_past_practice(day)
    return day.report


def sit_in_the_morning(day: Day) -> None:
    """Exam the model as it is: the plain question on all exam items, the other ways on the first of them."""
    settings = day.settings
    with day.stage("exam before"):
        with day.needed_again():
            plain = day.sit(open_rungs([f"{PLAIN}:wordings=1"]), day.exam_items, day.start)
        day.report.before = plain.row(PLAIN)
        day.report.ladder = plain
        stop_if_partial(plain)
        if settings.rungs:
            some = day.exam_items[: settings.rung_items]
            ladder = day.sit(open_rungs(settings.rungs), some, day.start)
            day.report.ladder = _merged(ladder, plain)
            stop_if_partial(ladder)


def practise_and_learn(day: Day) -> Term:
    """Search practice items with the verifier, climbing, and learn what it passed."""
    if not day.can_train:
        return _practise_only(day)
    assert day.begin is not None
    settings, drive = day.settings, day.drive
    with day.stage("watch before"), day.needed_again():
        day.glance = look_around(day, day.start)
    if not day.resume:
        day.ledger.finish(day.key)
    elif not day.ledger.is_unfinished(day.key):
        day.watch.say("there is no interrupted night of this task, model and settings; this one begins anew")
    with day.stage("rehearsal"), drive.keeping(day.later):
        desk = Unfinished(day.ledger.unfinished(day.key))
        rehearsal = desk.rehearsal(lambda: rehearsal_of(day)) if settings.term.rehearsal else []
    with day.stage("practice and lessons"), drive.keeping(day.later):
        room = _room(day)
        expert = expert_of(day.world, settings.teacher)
        school = School(
            room=room,
            curriculum=Curriculum(len(room.levels), settings.shots),
            drive=drive,
            begin=day.begin,
            publish=lambda adapter: _publish(day, adapter),
            folder=desk.folder,
            plan=settings.term,
            rehearsal=rehearsal,
            watch=day.watch,
            clock=day.clock,
            expert=expert,
            teacher=settings.teacher,
            examined=day.exam_items,
            start=day.start,
        )
        try:
            term = hold_term(school)
        except (KeyboardInterrupt, StopRequested):
            day.report.term = read_term(school.folder)  # the rounds that were finished
            raise
    day.report.term = term
    return term


def sleep_on_it(day: Day, term: Term, adapter: Adapter) -> None:
    """Hold the night against the gate, write it down, and switch to it if it passed."""
    assert day.glance is not None
    with day.stage("watch after"):
        after = look_around(day, adapter.name)
    first, second = day.glance.beside, after.beside
    decision = decide(
        *paired(day.glance.practised, after.practised),
        watched_tasks(first, second),
        watched_texts(first, second),
        unseen=unseen(first, second, text=reads_text(day.drive, day.settings.text_tokens)),
    )
    night = Night(
        base=day.model.identity,
        model=day.model.name,
        task=day.world.spec,
        adapter=adapter.name,
        lessons=len(term.lessons),
        lessons_hash=lessons_hash(term.lessons),
        steps=term.steps,
        seed=day.settings.seed,
        accepted=decision.accepted,
        reason=decision.reason,
        created=day.now,
        version=version("nightschool"),
        parent=day.wakes.name if day.wakes else None,
        settings=json.loads(json.dumps(day.settings.as_dict())),  # the same as when it is read back: tuples are lists
        gate=told_by(decision),
        scores={"practice": practice_of(term, timed=False), **losses_of(term.losses, term.marks)},
    )
    day.report.decision = decision
    day.report.night = day.ledger.record(night, adapter, term.lessons)
    if decision.accepted:
        day.ledger.switch(day.model.identity, day.report.night.name)
    day.ledger.finish(day.key)
    day.watch.say(f"gate: {'accepted' if decision.accepted else 'rolled back'}: {decision.reason}")


def sit_in_the_evening(day: Day) -> None:
    """Exam the model again, on the same items, as it wakes up; a night that was rolled back changes nothing."""
    report = day.report
    if report.ladder is None or report.before is None:
        return
    if day.own:
        rung: Rung = OwnExamples(day.own)
        evening = _sit_stage(day, [rung], day.start)
        report.after = evening.row(rung.name)
    elif report.term is not None and report.term.adapter is not None:
        # The row of a refused night is reported too: what it would have brought belongs in the record.
        evening = _sit_stage(day, open_rungs([f"{PLAIN}:wordings=1"]), report.term.adapter.name)
        report.after = evening.row(PLAIN)
    else:
        return
    report.evening = evening
    report.change = compare(report.before, report.after, day.settings.seed)
    stop_if_partial(evening)


def _practise_only(day: Day) -> Term:
    """Practise without a night, for a model that cannot be trained: what it solved is shown to it as examples."""
    with day.stage("practice"):
        day.watch.stage("practice", unit="searches")
        room = _room(day)
        found = practise(room, Curriculum(len(room.levels), (0,)), day.drive, day.start, 0)
        day.own = own_examples(found.traces)
        day.report.notes.append(
            f"{day.model.name} cannot be trained here; {len(day.own)} of its own verified answers are shown to it"
        )
        term = Term(stopped="rounds" if day.own else "nothing solved", failures=found.failures)
    day.report.term = term
    return term


def _room(day: Day) -> Classroom:
    return Classroom(day.world, day.wording, day.settings.seed, day.settings.practice)


def _publish(day: Day, adapter: Adapter) -> None:
    day.model.load_adapter(adapter)
    day.published = adapter


def _sit_stage(day: Day, rungs: Sequence[Rung], adapter: str | None) -> ExamReport:
    with day.stage("exam after"):
        return day.sit(rungs, day.exam_items, adapter)


def _merged(ladder: ExamReport, plain: ExamReport) -> ExamReport:
    """Return the ladder with the plain question's row over all items in place of the one over a few, which every other
    row is compared with on the items that both have.
    """
    rows = [plain.row(PLAIN) if row.name == PLAIN else row for row in ladder.rungs]
    if all(row.name != PLAIN for row in ladder.rungs):
        rows.insert(0, plain.row(PLAIN))
    return replace(
        ladder, rungs=tuple(rows), items=plain.items, comparisons=with_plain(rows, ladder.seed),
        tokens=ladder.tokens + plain.tokens,
    )  # fmt: skip
