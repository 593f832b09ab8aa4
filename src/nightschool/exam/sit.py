"""Sitting an exam: all rungs over the same items, wide, graded by the reference critic, with costs and intervals."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

from nightschool.drive import Budget, Cache, Drive, Job, Price
from nightschool.errors import StopRequested, UsageError
from nightschool.exam.analysis import Analysis, Sitting, look
from nightschool.exam.compare import before_after, with_plain
from nightschool.exam.finding import Finding
from nightschool.exam.grade import Grader
from nightschool.exam.measure import absent_row, row_of
from nightschool.exam.naming import told_apart
from nightschool.exam.result import ExamReport, Question, Row
from nightschool.exam.rung import Absent, Part, Room, Rung
from nightschool.exam.warn import remark, warnings
from nightschool.items import Item, Lesson, Trace, Usage, Wording
from nightschool.ports import Model, Watcher, World
from nightschool.registry import make
from nightschool.search.budget import Left

LADDER = ("control", "zero-shot", "code-style", "few-shot", "monologue", "vote", "search", "lora")
"""The rungs that are sat where none are named, in their order."""

PROBES = ("head", "agent", "soft-prompt", "bias-only", "lora-truths", "full-tuning")
"""The rungs that tell what was in the model from what training put there: each trains beside its controls."""

Tune = Callable[[str, Sequence[Lesson], bool], Model]


def open_rungs(specs: Sequence[str]) -> list[Rung]:
    """Return the rungs that `specs` name (`search:n=8`). Raises UnknownName and BadSpec."""
    return [make("rungs", spec) for spec in specs]


@dataclass
class _Hall:
    """Runs all searches of one exam, within its budget and until it is interrupted, whichever model they ask.

    Searches of the examined model are remembered, so that rungs that plan the same one share it. make_twin: makes the
    twin, when it is first asked; it is closed with the hall. What twins and tuned models cost is a control's cost, and
    no row's.
    """

    drive: Drive
    budget: Budget | None
    cache: Cache | None = None
    watch: Watcher | None = None
    make_twin: Callable[[], Model] | None = None
    spent: Usage = field(default_factory=Usage)
    interrupted: bool = False
    _twin: Model | None = None
    _known: dict[Any, Trace] = field(default_factory=dict)

    def run(self, jobs: Sequence[Job]) -> list[Trace]:
        """Return a trace for each job. What an interruption cut is not kept."""
        new = {_key(job): job for job in jobs if _key(job) not in self._known}
        if new:
            self._known.update(zip(new, self._asked(lambda: self.drive, list(new.values())), strict=True))
        return [self._known[_key(job)] for job in jobs]

    def on_twin(self, jobs: Sequence[Job]) -> list[Trace]:
        """Return a trace for each job, run on the twin."""
        return self._asked(lambda: self._drive_of(self._the_twin()), jobs)

    def elsewhere(self, make: Callable[[], Model], jobs: Sequence[Job]) -> list[Trace]:
        """Return a trace for each job, run on a model of its own, which is closed again."""
        with ExitStack() as after:

            def drive() -> Drive:
                model = make()
                after.callback(model.close)
                return self._drive_of(model)

            return self._asked(drive, jobs)

    def close(self) -> None:
        """Close the twin, if it was made."""
        if self._twin is not None:
            self._twin.close()
            self._twin = None

    def _asked(self, drive_of: Callable[[], Drive], jobs: Sequence[Job]) -> list[Trace]:
        if self.interrupted:
            raise StopRequested("the exam was interrupted")
        left = self._left()
        if self.budget is not None and left.nothing:
            return self.drive.refuse(list(jobs))
        drive = drive_of()
        traces = drive.run(list(jobs), self._budget(left))
        self.spent += sum((trace.usage for trace in traces), Usage())
        self.interrupted = drive.interrupted
        return traces

    def _drive_of(self, model: Model) -> Drive:
        return Drive(model, watch=self.watch, clock=self.drive.clock, price=self.drive.price, cache=self.cache)

    def _the_twin(self) -> Model:
        if self._twin is None:
            assert self.make_twin is not None  # a room without one has no `twin` to ask
            self._twin = self.make_twin()
        return self._twin

    def _left(self) -> Left:
        """Return what remains of the exam's budget."""
        usd = self.drive.price.of(self.spent) if self.drive.price else 0.0
        return (self.budget or Budget()).left(self.spent, usd)

    def _budget(self, left: Left) -> Budget | None:
        if self.budget is None:
            return None
        return Budget(
            tokens=None if self.budget.tokens is None else int(left.tokens),
            calls=None if self.budget.calls is None else int(left.calls),
            seconds=None if self.budget.seconds is None else left.seconds,
            usd=None if self.budget.usd is None else left.usd,
        )


def _key(job: Job) -> Any:
    task = job.task
    return job.search.spec, task.item.id, str(task.prompt), task.sampling, task.adapter, job.noise.words, job.budget


def sit(
    world: World,
    model: Model,
    items: Sequence[Item],
    rungs: Sequence[Rung],
    *,
    seed: int = 0,
    wording: Wording | None = None,
    adapter: str | None = None,
    learned: str | None = None,
    solved: Sequence[Lesson] = (),
    train: Callable[[Sequence[Lesson]], str] | None = None,
    analyses: Sequence[Analysis] = (),
    twin: Callable[[], Model] | None = None,
    before: ExamReport | None = None,
    budget: Budget | None = None,
    price: Price | None = None,
    watch: Watcher | None = None,
    stage: str = "exam",
    clock: Callable[[], float] = time.monotonic,
    drive: Drive | None = None,
    tune: Tune | None = None,
    cache: Cache | None = None,
    workers: int = 2,
) -> ExamReport:
    """Return what all `rungs` reach over the same `items`.

    wording: the one that is not varied (None: the world's first); adapter: weights that every rung sits with; learned:
    those of the rung `lora`; both loaded already. solved, train: what `lora` may train on and with (`train` returns the
    name of an adapter that it has loaded). analyses: ways to look at what was answered, after all rungs. twin: makes
    the same architecture with shuffled weights, when a rung asks for that control; closed at the end. before: an
    earlier report over the same items, to compare with. budget: for the whole exam, with what controls cost. stage:
    what `watch` is told this is. drive: to run on (its own price counts); None: a new one. tune: makes a model of its
    own that learned lessons in one way (`train.tuner`), out of the examined one or, where the third argument says so,
    of its twin. cache: where draws of tuned models and twins are kept, beside those that `drive` keeps. workers:
    threads that grade.

    Answers that failed, were refused or cut off are missing: they are counted and shown, and no accuracy holds them.
    Ctrl-C and StopRequested give the report of what is done so far, with `partial` set.

    Raises UsageError for no items, before anything runs.
    """
    if not items:
        raise UsageError(f"{world.spec} gave no items to examine; give it more, or raise --items")
    drive = drive or Drive(model, watch=watch, clock=clock, price=price)
    hall = _Hall(drive, budget, cache, watch, twin)
    room = Room(
        world, tuple(items), wording or world.wordings[0], seed, model.abilities, adapter, learned, tuple(solved),
        train, hall.run, hall.on_twin if twin is not None else None,
        None if tune is None else lambda way, learned, jobs, on_twin: hall.elsewhere(
            lambda: tune(way, learned, on_twin), jobs
        ),
        lens=_lens_of(model),
    )  # fmt: skip
    grader = Grader(world.reference, workers)
    rows: dict[str, Row] = {}
    made_by: dict[str, Rung] = {}
    parts: dict[str, tuple[Part, tuple[Trace, ...]]] = {}
    findings: list[Finding] = []
    questions = tuple(Question(item.id, dict(item.inputs), item.target) for item in items)
    notes: list[str] = []
    began, partial = clock(), False
    try:
        for rung in rungs:
            fresh = _sit_rung(rung, room, hall, grader, rows, parts, drive.price, watch, stage)
            for row in told_apart(fresh, rung, rows, made_by):
                rows[row.name] = replace(row, remark=remark(row, questions))
                made_by[row.name] = rung
            if hall.interrupted:
                raise StopRequested("the exam was interrupted")
        for analysis in analyses:
            if watch is not None:
                watch.stage(f"{stage}: {analysis.name}")
            findings.append(look(analysis, Sitting(room, rows, parts, grader.passed)))
    except (KeyboardInterrupt, StopRequested):
        partial = True
        done = ", ".join(dict.fromkeys(row.rung for row in rows.values())) or "nothing"
        notes.append(f"the exam was interrupted; done so far, the last perhaps in part: {done}")
    finally:
        hall.close()
    found = tuple(rows.values())
    return ExamReport(
        task=world.spec,
        model=model.name,
        identity=model.identity,
        adapter=adapter,
        seed=seed,
        split="+".join(sorted({item.split.value for item in items})),
        rungs=found,
        items=questions,
        comparisons=with_plain(found, seed),
        changes=before_after(before, found, seed) if before else (),
        warnings=(*notes, *warnings(found, questions)),
        example_truths=tuple(dict.fromkeys(id for row in found if row.way for id in row.way.examples)),
        findings=tuple(findings),
        tokens=hall.spent.tokens,
        seconds=clock() - began,
        partial=partial,
        version=version("nightschool"),
    )


def _lens_of(model: Model) -> Any:
    lens, depth = getattr(model, "lens", None), getattr(model, "depth", None)
    return None if lens is None or depth is None else (lens, depth)


def _sit_rung(
    rung: Rung,
    room: Room,
    hall: _Hall,
    grader: Grader,
    known: dict[str, Row],
    parts: dict[str, tuple[Part, tuple[Trace, ...]]],
    price: Price | None,
    watch: Watcher | None,
    stage: str,
) -> list[Row]:
    """Return the rows of one rung."""
    if lacks := rung.needs - room.abilities:
        why = f"this model cannot: {', '.join(sorted(lacks))}"
        return [absent_row(rung, Absent(rung.name, why))]
    for role in rung.critics:
        if {"verifier": room.world.verifier, "step": room.world.step_critic}.get(role, room.world.reference) is None:
            return [absent_row(rung, Absent(rung.name, f"{room.world.spec} has no {role}"))]
    plan = rung.plan(room)
    jobs = [job for part in plan.parts for job in part.jobs]
    if watch is not None and jobs:
        watch.stage(f"{stage}: {rung.name}", float(len(jobs)), "answers")
    traces = hall.run(jobs)
    done: list[tuple[Part, Sequence[Trace]]] = []
    start = 0
    for part in plan.parts:
        done.append((part, traces[start : start + len(part.jobs)]))
        parts.setdefault(part.name, (part, tuple(done[-1][1])))
        start += len(part.jobs)
    lines = rung.read(room, done)
    rows = dict(known)
    fresh: list[Row] = []
    for line, records in zip(lines, grader.grade(lines), strict=True):
        row = row_of(rung, line, records, price, rows)
        rows[row.name] = row
        fresh.append(row)
    return fresh + [absent_row(rung, absent) for absent in plan.absent]
