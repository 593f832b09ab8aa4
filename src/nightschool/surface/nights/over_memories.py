"""From what was typed to a night over memories: the model, the store, the ledger of the same space, and the pupil."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from nightschool.errors import UsageError
from nightschool.surface.memories.store import now, opened
from nightschool.surface.nights import learner
from nightschool.surface.nights.in_force import awaken, check_night
from nightschool.surface.terminal.options import Settings
from nightschool.surface.terminal.progress import watching

if TYPE_CHECKING:
    from nightschool.items import Wording
    from nightschool.ports import Watcher, World
    from nightschool.remember.memory import Memory
    from nightschool.remember.store.port import Store
    from nightschool.sleep.nights.night import Night
    from nightschool.sleep.plan import NightPlan
    from nightschool.sleep.sleeper import Sleeper

_REWARDED = 30  # memories: fewer say nothing of what rewards follow


@contextmanager
def sleeper_of(
    plan: NightPlan, settings: Settings, *, space: str, where: str | None, night: str | None, watched: tuple[str, ...]
) -> Iterator[Sleeper]:
    """Yield all that a night over the memories of `space` needs. Raises before a model is loaded for what it can.

    night: the one to build on, as `surface.nights.in_force.awaken` takes it; watched: tasks that must not be lost.
    """
    from nightschool.models.resolve import describe

    others = [learner.watched_task(name) for name in watched]
    describe(settings.model)
    check_night(night, space)
    assert settings.config is not None  # `shared(model=True)` reads one
    if settings.budget is not None and settings.budget.seconds is not None:
        plan = replace(plan, seconds=settings.budget.seconds)
    with opened(space, where) as store, watching(settings.quiet) as watch:
        model = learner.open_to_learn(settings, watch)
        try:
            yield sleeper(model, store, awaken(model, night, space), plan, watch, space=space, watched=others)
        finally:
            model.close()


def sleeper(
    model: Any,
    store: Store,
    wakes: Night | None,
    plan: NightPlan,
    watch: Watcher,
    *,
    space: str,
    watched: Sequence[tuple[World, Wording]],
) -> Sleeper:
    """Return who sleeps over the memories in `store`, which are those of `space`. wakes: loaded already."""
    import time

    from nightschool.drive import Drive
    from nightschool.paths import data_folder
    from nightschool.sleep.nights.ledger import Ledger
    from nightschool.sleep.sleeper import Sleeper

    ledger = Ledger(data_folder() / "nights", space)

    def pupils(onto: Any) -> Any:
        return learner.pupils(model, plan.seed, ledger, onto)

    def part(old: Any, new: Any, share: float, folder: Any) -> Any:
        from nightschool.train.between import between

        return between(old, new, share, folder)

    trainable = learner.pupils(model, plan.seed, ledger, None) is not None
    return Sleeper(
        store=store,
        drive=Drive(model, watch=watch),
        ledger=ledger,
        plan=plan,
        watched=watched,
        watch=watch,
        now=now(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        clock=time.monotonic,
        pupils=pupils if trainable else None,
        between=part if trainable else None,
        wakes=wakes,
        foresee=lambda memories: foreseen(memories, plan.seed, watch),
    )


def foreseen(memories: Sequence[Memory], seed: int, watch: Watcher) -> dict[str, float]:
    """Return by id how likely it is that reward follows, by a hippocampus taught the stream of all memories; nothing
    where fewer than 30 of them were rewarded, since there is nothing to learn it from.
    """
    from nightschool.sleep.evening.stream import LATER, PLAIN, SOON, events, tell, vocabulary

    stream = events(memories)
    if sum(event.token != PLAIN for event in stream) < _REWARDED:
        return {}
    from nightschool.train.hippocampus import Hippocampus

    told = tell(stream)
    hippocampus = Hippocampus(vocabulary(stream), SOON, LATER, seed=seed)
    hippocampus.learn([(each.text, each.answer) for each in told], watch=watch)
    ordered = sorted(memories, key=lambda memory: memory.time)
    values = hippocampus.foretell([each.text for each in told])
    return {memory.id: value for memory, value in zip(ordered, values, strict=True)}


def seconds_until(clock: str, moment: datetime) -> float:
    """Return the seconds from `moment` to the next time that a clock beside it shows `clock` (HH:MM).

    >>> seconds_until("07:00", datetime(2026, 1, 1, 23, 30))
    27000.0

    Raises UsageError for what is no time of day.
    """
    try:
        wanted = datetime.strptime(clock, "%H:%M").time()
    except ValueError:
        raise UsageError(f"--until takes a time of day such as 07:00, not {clock!r}") from None
    end = moment.replace(hour=wanted.hour, minute=wanted.minute, second=0, microsecond=0)
    return ((end if end > moment else end + timedelta(days=1)) - moment).total_seconds()
