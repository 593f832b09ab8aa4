"""One day: what it is given, what it holds while it lasts, and what every part of it does alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from nightschool.day.practise import check_verified
from nightschool.day.purse import Purse
from nightschool.day.result import DayReport
from nightschool.day.settings import DaySettings
from nightschool.day.watched import Glance
from nightschool.errors import StopRequested, UnknownName
from nightschool.exam import ExamReport, Rung, sit
from nightschool.items import Adapter, Item, Split, Usage, Wording, digest
from nightschool.mind import Mind
from nightschool.ports import Ability, Watcher, World
from nightschool.sleep.nights.ledger import Ledger
from nightschool.sleep.nights.night import Night
from nightschool.sleep.teach import Pupil

PLAIN = "zero-shot"


@dataclass
class Day:
    """One day of one model with one task. Everything that touches the world outside comes in here.

    drive: over the model; watched: tasks that must not be lost, each with how it is posed; ledger: of nights; now: ISO
    8601 time, for the manifest; begin: makes a pupil for training, from a checkpoint where one is given (None: nothing
    can be trained here); wakes: the night that the model wakes from, loaded already (None: the bare model); resume: go
    on with an interrupted night of the same day.

    Raises Unsupported for a world that cannot be practised, UnknownName for a wording that it does not have.
    """

    world: World
    drive: Purse
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
        check_verified(self.world)
        self.wording = wording_of(self.world, self.settings.wording)
        self.exam_items = self.world.items(Split.EXAM, self.settings.exam_items, self.settings.seed)
        self.start = self.wakes.adapter if self.wakes else None
        timeless = replace(self.settings, term=replace(self.settings.term, seconds=None))  # --resume may take longer
        words = (model.identity, self.start, self.world.spec, timeless.as_dict(), version("nightschool"))
        self.key = digest(*words)[:16]
        self.published: Adapter | None = None
        self.glance: Glance | None = None
        self.own: list[Item] = []
        self.later = Usage()
        self.mind: Mind | None = None
        self.doing = "exam"

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

    @property
    def night(self) -> Night | None:
        """Return the night that the model wakes up with: today's if it was accepted, else the one before."""
        return self.report.night if self.report.night and self.report.night.accepted else self.wakes

    def sit(self, rungs: Sequence[Rung], items: Sequence[Item], adapter: str | None) -> ExamReport:
        """Return an exam of the day's task; `partial` where it was interrupted."""
        return sit(
            self.world,
            self.model,
            items,
            rungs,
            seed=self.settings.seed,
            wording=self.wording,
            adapter=adapter,
            watch=self.watch,
            stage=self.doing,
            clock=self.clock,
            drive=self.drive,
        )

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the seconds of what is inside as those of the stage `name`, which is what the day is doing."""
        began, self.doing = self.clock(), name
        try:
            yield
        finally:
            self.report.seconds[name] = self.report.seconds.get(name, 0.0) + self.clock() - began

    @contextmanager
    def needed_again(self) -> Iterator[None]:
        """Remember what is spent inside: the gate and the evening's exam will need as much, and it is kept back.

        Answers may have become as long as they may be by then.
        """
        spent, began = self.drive.spent, self.clock()
        yield
        more = self.drive.spent - spent
        longest = max(world.max_answer_tokens for world in (self.world, *(world for world, _ in self.watched)))
        self.later += replace(more, sampled_tokens=more.calls * longest, seconds=self.clock() - began)

    @contextmanager
    def until_stopped(self) -> Iterator[None]:
        """Let an interruption end what is inside, and keep what was done."""
        try:
            yield
        except (KeyboardInterrupt, StopRequested) as stop:
            self.report.partial = True
            unfinished = " (an unfinished night is kept: --resume)" if self.ledger.is_unfinished(self.key) else ""
            self.report.notes.append(f"the day was interrupted{unfinished}" + (f": {stop}" if str(stop) else ""))


def wording_of(world: World, name: str | None) -> Wording:
    """Return the wording called `name`, or the world's first. Raises UnknownName."""
    if name is None:
        return world.wordings[0]
    for wording in world.wordings:
        if wording.name == name:
            return wording
    raise UnknownName(f"wording of {world.spec}", name, [wording.name for wording in world.wordings])


def stop_if_partial(report: ExamReport) -> None:
    """Raise StopRequested where an exam was interrupted."""
    if report.partial:
        raise StopRequested("during an exam")
