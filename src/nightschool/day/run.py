"""The main job: exam, practise, sleep, gate, exam, recommend. It can be read as that sentence in `run_day`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nightschool.day.curriculum import Curriculum
from nightschool.day.mind_of import mind_of
from nightschool.day.own_examples import OwnExamples, own_examples
from nightschool.day.practise import Classroom, practise
from nightschool.day.recommend import Offer, Recommendation, offers, recommend
from nightschool.day.result import DayReport
from nightschool.day.school import Pupil, School, hold_term
from nightschool.day.settings import DaySettings
from nightschool.day.term import Term, read_term
from nightschool.day.watched import Glance, look, paired, unseen, watched_tasks, watched_texts
from nightschool.drive import Drive
from nightschool.errors import ModelError, StopRequested, UnknownName, Unsupported
from nightschool.exam import ExamReport, Row, Rung, open_rungs, sit
from nightschool.exam.compare import compare
from nightschool.items import Adapter, Item, Lesson, Split, Wording, digest
from nightschool.mind import Mind
from nightschool.ports import Ability, Watcher, World
from nightschool.sleep.gate import decide
from nightschool.sleep.ledger import Ledger, lessons_hash
from nightschool.sleep.night import Night
from nightschool.sleep.rehearsal import general_prompts, rehearse
from nightschool.sleep.text_loss import TextLoss, text_loss
from nightschool.sleep.watch_text import chunks, prose, python_docs

_PLAIN = "zero-shot"


@dataclass
class Day:
    """One day of one model with one task. Everything that touches the world outside comes in here.

    drive: over the model; watched: tasks that must not be lost, each with how it is posed; ledger: of nights; now: ISO
    8601 time, for the manifest; begin: makes a pupil for training, from a checkpoint where one is given (None: nothing
    can be trained here); wakes: the night that the model wakes from, loaded already (None: the bare model); resume: go
    on with an interrupted night of the same day.
    """

    world: World
    drive: Drive
    settings: DaySettings
    watched: Sequence[tuple[World, Wording]]
    ledger: Ledger
    watch: Watcher
    now: str
    begin: Callable[[Path | None], Pupil] | None = None
    wakes: Night | None = None
    resume: bool = False
    clock: Callable[[], float] = time.monotonic
    report: DayReport = field(init=False)

    def __post_init__(self) -> None:
        model = self.drive.model
        self.model = model
        self.report = DayReport(
            model.name, model.identity, self.world.spec, self.settings.seed, self.settings.as_dict()
        )
        self.wording = wording_of(self.world, self.settings.wording)
        self.exam_items = self.world.items(Split.EXAM, self.settings.exam_items, self.settings.seed)
        self.start = self.wakes.adapter if self.wakes else None
        timeless = replace(self.settings, term=replace(self.settings.term, seconds=None))  # --resume may take longer
        words = (model.identity, self.start, self.world.spec, timeless.as_dict(), version("nightschool"))
        self.key = digest(*words)[:16]
        self.published: Adapter | None = None
        self.glance: Glance | None = None
        self.own: list[Item] = []
        self.mind: Mind | None = None

    @property
    def can_train(self) -> bool:
        """Return whether there can be a night at all."""
        return self.begin is not None and {Ability.TRAIN, Ability.ADAPTERS} <= self.model.abilities

    @property
    def adapter(self) -> str | None:
        """Return the weights that the model wakes up with: those of the night if it was accepted, else as before."""
        if self.published and self.report.night and self.report.night.accepted:
            return self.published.name
        return self.start


def run_day(day: Day) -> DayReport:
    """Return what the day brought; after Ctrl-C what it brought until then, with `partial` set."""
    with _until_stopped(day):
        sit_in_the_morning(day)
        term = practise_and_learn(day)
        if term.adapter is not None:
            sleep_on_it(day, term, term.adapter)
        sit_in_the_evening(day)
        advise(day)
    return day.report


def run_night(day: Day) -> DayReport:
    """Return what practice and one night brought, without the exams around it."""
    with _until_stopped(day):
        term = practise_and_learn(day)
        if term.adapter is not None:
            sleep_on_it(day, term, term.adapter)
    return day.report


def sit_in_the_morning(day: Day) -> None:
    """Exam the model as it is: the plain question on all exam items, the other ways on the first of them."""
    settings = day.settings
    with _stage(day, "exam before"):
        plain = _sit(day, open_rungs([f"{_PLAIN}:wordings=1"]), day.exam_items, day.start)
        day.report.before = plain.row(_PLAIN)
        day.report.ladder = plain
        _stop_if_partial(plain)
        if settings.rungs:
            some = day.exam_items[: settings.rung_items]
            ladder = _sit(day, open_rungs(settings.rungs), some, day.start)
            day.report.ladder = _merged(ladder, plain)
            _stop_if_partial(ladder)


def practise_and_learn(day: Day) -> Term:
    """Search practice items with the verifier, climbing, and learn what it passed."""
    if not day.can_train:
        return _practise_only(day)
    assert day.begin is not None
    settings, drive = day.settings, day.drive
    with _stage(day, "watch before"):
        day.glance = _look(day, day.start)
    if not day.resume:
        day.ledger.finish(day.key)
    elif not day.ledger.is_unfinished(day.key):
        day.watch.say("there is no interrupted night of this task, model and settings; this one begins anew")
    with _stage(day, "rehearsal"):
        rehearsal = _rehearsal(day) if settings.term.rehearsal else []
    with _stage(day, "practice and lessons"):
        room = _room(day)
        expert = None
        if settings.teacher == "expert":
            expert = day.world.expert
            if expert is None:
                raise Unsupported(f"{day.world.spec} has no expert; leave --teacher out and it learns from itself")
        school = School(
            room=room,
            curriculum=Curriculum(len(room.levels), settings.shots),
            drive=drive,
            begin=day.begin,
            publish=lambda adapter: _publish(day, adapter),
            folder=day.ledger.unfinished(day.key),
            plan=settings.term,
            rehearsal=rehearsal,
            watch=day.watch,
            clock=day.clock,
            expert=expert,
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
    with _stage(day, "watch after"):
        after = _look(day, adapter.name)
    before_outcomes, after_outcomes = paired(day.glance.practised, after.practised)
    decision = decide(
        before_outcomes,
        after_outcomes,
        watched_tasks(day.glance, after),
        watched_texts(day.glance, after),
        unseen=unseen(day.glance, after, text=_reads_text(day)),
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
        settings=_json(day.settings.as_dict()),
        gate={"gain": decision.gain, "p_value": decision.p_value, "n": decision.n},
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
        evening = _sit_stage(day, open_rungs([f"{_PLAIN}:wordings=1"]), report.term.adapter.name)
        report.after = evening.row(_PLAIN)
    else:
        return
    report.evening = evening
    report.change = compare(report.before, report.after, day.settings.seed)
    _stop_if_partial(evening)


def advise(day: Day) -> Recommendation | None:
    """Name the cheapest way that reaches the target, where one was given."""
    target = day.settings.target
    if target is None:
        return None
    with _stage(day, "recommendation"):
        found = _offers(day)
        day.report.advice = recommend(found, target, lambda offer: _confirm(day, offer))
        if day.report.advice is not None:
            day.watch.say(day.report.advice.sentence)
            way, night = day.report.advice.offer.way, _night(day)
            day.mind = mind_of(
                day.world, day.model, way, seed=day.settings.seed, own=day.own,
                adapter=day.ledger.adapter(night) if night else None, night=night.name if night else None,
            )  # fmt: skip
    return day.report.advice


def _night(day: Day) -> Night | None:
    """Return the night that the model wakes up with: today's if it was accepted, else the one before."""
    return day.report.night if day.report.night and day.report.night.accepted else day.wakes


def wording_of(world: World, name: str | None) -> Wording:
    """Return the wording called `name`, or the world's first. Raises UnknownName."""
    if name is None:
        return world.wordings[0]
    for wording in world.wordings:
        if wording.name == name:
            return wording
    raise UnknownName(f"wording of {world.spec}", name, [wording.name for wording in world.wordings])


def _practise_only(day: Day) -> Term:
    """Practise without a night, for a model that cannot be trained: what it solved is shown to it as examples."""
    with _stage(day, "practice"):
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


def _look(day: Day, adapter: str | None) -> Glance:
    settings = day.settings

    def weigh_text(name: str | None) -> TextLoss | None:
        if not _reads_text(day):
            return None
        pieces = chunks([*prose(), *python_docs()], day.model.count_tokens, settings.text_tokens)
        day.watch.stage("watched text", len(pieces), "pieces")
        try:
            return text_loss(day.drive, pieces, name)
        except ModelError as error:  # the gate refuses what it could not look at; the rest of the day stands
            day.report.notes.append(f"the watched text could not be read: {error}")
            return None

    glance = look(
        day.world,
        day.watched,
        day.model,
        day.drive,
        tune_items=settings.tune_items,
        watched_items=settings.watched_items,
        weigh_text=weigh_text,
        seed=settings.seed,
        adapter=adapter,
        watch=day.watch,
        wording=day.wording,
    )
    for each in (glance.practised, *glance.tasks):
        _stop_if_partial(each)
    return glance


def _reads_text(day: Day) -> bool:
    return bool(day.settings.text_tokens) and Ability.WEIGH in day.model.abilities


def _rehearsal(day: Day) -> list[Lesson]:
    """Return what the old self says to general prompts, and to practice items of the watched tasks.

    The gate looks at tune items of those tasks, so that what is rehearsed is never what is watched.
    """
    day.watch.stage("rehearsal: what the old self says", unit="texts")
    seed = day.settings.seed
    prompts = list(general_prompts())
    for world, way in day.watched:
        items = world.items(Split.PRACTICE, day.settings.rehearsed_items, seed)
        prompts += [(world.pose(item, way), world.max_answer_tokens) for item in items]
    return rehearse(day.drive, seed, prompts=prompts, adapter=day.start)


def _publish(day: Day, adapter: Adapter) -> None:
    day.model.load_adapter(adapter)
    day.published = adapter


def _offers(day: Day) -> list[Offer]:
    """Return every way that may be recommended, measured on tune items: before the night, and with it."""
    items = day.world.items(Split.TUNE, day.settings.tune_items, day.settings.seed)
    rungs = ["zero-shot", "few-shot"] + (["search:n=8"] if day.world.verifier is not None else ["vote"])
    found = offers(_sit(day, open_rungs(rungs), items, day.start), night=False)
    if day.adapter != day.start:
        later = [rung for rung in rungs if rung != "few-shot"]
        found += offers(_sit(day, open_rungs(later), items, day.adapter), night=True)
    if day.own:
        found += offers(_sit(day, [OwnExamples(day.own)], items, day.start), night=False)
    return found


def _confirm(day: Day, offer: Offer) -> Row | None:
    rung: Rung = OwnExamples(day.own) if offer.rung == OwnExamples.name else _rung_of(offer)
    exam = _sit(day, [rung], day.exam_items, day.adapter if offer.night else day.start)
    name = offer.name.removesuffix(" after the night")
    return next((row for row in exam.rungs if row.name == name), None)


def _rung_of(offer: Offer) -> Rung:
    spec = "search:n=8" if offer.rung == "search" else offer.rung
    return open_rungs([spec])[0]


def _sit_stage(day: Day, rungs: Sequence[Rung], adapter: str | None) -> ExamReport:
    with _stage(day, "exam after"):
        return _sit(day, rungs, day.exam_items, adapter)


def _sit(day: Day, rungs: Sequence[Rung], items: Sequence[Item], adapter: str | None) -> ExamReport:
    return sit(
        day.world,
        day.model,
        items,
        rungs,
        seed=day.settings.seed,
        wording=day.wording,
        adapter=adapter,
        watch=day.watch,
        clock=day.clock,
        drive=day.drive,
    )


def _merged(ladder: ExamReport, plain: ExamReport) -> ExamReport:
    """Return the ladder with the plain question's row over all items in place of the one over a few."""
    rows = [plain.row(_PLAIN) if row.name == _PLAIN else row for row in ladder.rungs]
    if all(row.name != _PLAIN for row in ladder.rungs):
        rows.insert(0, plain.row(_PLAIN))
    return replace(ladder, rungs=tuple(rows), items=plain.items, tokens=ladder.tokens + plain.tokens)


def _stop_if_partial(report: ExamReport) -> None:
    if report.partial:
        raise StopRequested("during an exam")


def _json(value: Any) -> Any:
    """Return `value` with tuples as lists, so that it is the same after a round trip through JSON."""
    if isinstance(value, dict):
        return {key: _json(each) for key, each in value.items()}
    return [_json(each) for each in value] if isinstance(value, (list, tuple)) else value


@contextmanager
def _stage(day: Day, name: str) -> Iterator[None]:
    began = day.clock()
    try:
        yield
    finally:
        day.report.seconds[name] = day.report.seconds.get(name, 0.0) + day.clock() - began


@contextmanager
def _until_stopped(day: Day) -> Iterator[None]:
    """Let an interruption end what is inside, and keep what was done."""
    try:
        yield
    except (KeyboardInterrupt, StopRequested) as stop:
        day.report.partial = True
        unfinished = " (an unfinished night is kept: --resume)" if day.ledger.is_unfinished(day.key) else ""
        day.report.notes.append(f"the day was interrupted{unfinished}" + (f": {stop}" if str(stop) else ""))
