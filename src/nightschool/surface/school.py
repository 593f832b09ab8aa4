"""From what was typed to a day: the model, the worlds, the ledger and the pupil that a day is made of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nightschool.surface.awake import awaken, check_night
from nightschool.surface.opening import open_to_learn
from nightschool.surface.options import Settings
from nightschool.surface.watch import watching

if TYPE_CHECKING:
    from nightschool.day.run import Day
    from nightschool.day.settings import DaySettings
    from nightschool.items import Adapter, Wording
    from nightschool.ports import Model, World
    from nightschool.sleep.nights.ledger import Ledger
    from nightschool.sleep.nights.night import Night
    from nightschool.sleep.teach import Pupil


@contextmanager
def day_of(task: str, plan: DaySettings, settings: Settings, *, night: str | None, resume: bool) -> Iterator[Day]:
    """Yield a day that can be run. Raises for all that can be said before a model is loaded, before it is loaded.

    night: the one that the model wakes from, as `surface.awake.awaken` takes it.
    """
    from nightschool.day.guiding import expert_of
    from nightschool.day.practise import check_verified
    from nightschool.day.purse import Purse
    from nightschool.day.run import Day, wording_of
    from nightschool.exam import open_rungs
    from nightschool.models.resolve import describe
    from nightschool.paths import data_folder
    from nightschool.sleep.nights.ledger import Ledger as Nights
    from nightschool.worlds.open import open_world

    world = open_world(task)
    wording_of(world, plan.wording)
    check_verified(world)
    expert_of(world, plan.teacher)
    open_rungs(plan.rungs)
    others = [watched_task(name) for name in plan.watched]
    describe(settings.model)
    check_night(night)
    ledger = Nights(data_folder() / "nights")
    assert settings.config is not None  # `shared(model=True)` reads one
    if settings.budget is not None and settings.budget.seconds is not None:
        plan = replace(plan, term=replace(plan.term, seconds=settings.budget.seconds / 2))
    with watching(settings.quiet) as watch:
        model = open_to_learn(settings, watch)
        try:
            wakes = awaken(model, night)
            purse = Purse(
                model,
                settings.budget,
                watch=watch,
                price=settings.config.price(settings.model),
            )
            yield Day(
                world=world,
                drive=purse,
                settings=plan,
                watched=others,
                ledger=ledger,
                watch=watch,
                now=datetime.now(UTC).isoformat(timespec="seconds"),
                begin=pupils(model, plan.seed, ledger, wakes),
                wakes=wakes,
                resume=resume,
            )
        finally:
            model.close()


def watched_task(text: str) -> tuple[World, Wording]:
    """Return the world and the wording of `TASK@WORDING` or `TASK`. A file's path may hold an @ of its own."""
    from nightschool.day.run import wording_of
    from nightschool.worlds.open import open_world

    task, at, wording = text.rpartition("@")
    if not at or "/" in wording or "." in wording:
        task, wording = text, ""
    world = open_world(task)
    return world, wording_of(world, wording or None)


class _Pupils:
    """Makes pupils of a local model, loading the trainer when the first one is wanted."""

    def __init__(self, model: Model, seed: int, start: Adapter | None) -> None:
        self.model, self.seed, self.start = model, seed, start

    def __call__(self, checkpoint: Path | None) -> Pupil:
        from nightschool.train.lora import Learner

        model: Any = self.model  # it has what training needs, as `pupils` asked
        if checkpoint is not None:
            return Learner.resume(model, checkpoint)
        return Learner.fresh(model, seed=self.seed, start=self.start)


def pupils(model: Model, seed: int, ledger: Ledger, wakes: Night | None) -> _Pupils | None:
    """Return what makes pupils of `model` that begin where `wakes` is; None for a model that cannot be trained here."""
    if not hasattr(model, "fresh_module"):
        return None
    return _Pupils(model, seed, ledger.adapter(wakes) if wakes else None)
