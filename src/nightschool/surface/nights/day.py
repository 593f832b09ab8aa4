"""From what was typed to a day: the worlds, the ledger and the learner that it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nightschool.surface.nights import learner
from nightschool.surface.nights.in_force import awaken, check_night
from nightschool.surface.terminal.options import Settings
from nightschool.surface.terminal.progress import watching

if TYPE_CHECKING:
    from nightschool.day.run import Day
    from nightschool.day.settings import DaySettings


@contextmanager
def day_of(task: str, plan: DaySettings, settings: Settings, *, night: str | None, resume: bool) -> Iterator[Day]:
    """Yield a day that can be run. Raises for all that can be said before a model is loaded, before it is loaded.

    night: the one that the model wakes from, as `surface.nights.in_force.awaken` takes it.
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
    others = [learner.watched_task(name) for name in plan.watched]
    describe(settings.model)
    check_night(night)
    ledger = Nights(data_folder() / "nights")
    assert settings.config is not None  # `shared(model=True)` reads one
    if settings.budget is not None and settings.budget.seconds is not None:
        plan = replace(plan, term=replace(plan.term, seconds=settings.budget.seconds / 2))
    with watching(settings.quiet) as watch:
        model = learner.open_to_learn(settings, watch)
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
                begin=learner.pupils(model, plan.seed, ledger, wakes),
                wakes=wakes,
                resume=resume,
            )
        finally:
            model.close()
