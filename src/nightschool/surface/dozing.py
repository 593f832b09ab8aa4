"""From what was typed to a night over memories: the model, the store, the ledger of the same space, and the pupil."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from nightschool.errors import UsageError
from nightschool.surface.awake import awaken, check_night
from nightschool.surface.memories import now, opened
from nightschool.surface.opening import open_to_learn
from nightschool.surface.options import Settings
from nightschool.surface.watch import watching

if TYPE_CHECKING:
    from nightschool.items import Wording
    from nightschool.ports import Watcher, World
    from nightschool.remember.memory import Memory
    from nightschool.remember.store.port import Store
    from nightschool.sleep.consolidate import MemoryNight
    from nightschool.sleep.evening.evening import Evening
    from nightschool.sleep.nights.night import Night
    from nightschool.sleep.plan import NightPlan
    from nightschool.sleep.sleeper import Sleeper

_SHOWN = 20  # memories in a table
_REWARDED = 30  # memories: fewer say nothing of what rewards follow


@contextmanager
def sleeper_of(
    plan: NightPlan, settings: Settings, *, space: str, where: str | None, night: str | None, watched: tuple[str, ...]
) -> Iterator[Sleeper]:
    """Yield all that a night over the memories of `space` needs. Raises before a model is loaded for what it can.

    night: the one to build on, as `surface.awake.awaken` takes it; watched: tasks that must not be lost.
    """
    from nightschool.models.resolve import describe
    from nightschool.surface import school

    others = [school.watched_task(name) for name in watched]
    describe(settings.model)
    check_night(night, space)
    assert settings.config is not None  # `shared(model=True)` reads one
    if settings.budget is not None and settings.budget.seconds is not None:
        plan = replace(plan, seconds=settings.budget.seconds)
    with opened(space, where) as store, watching(settings.quiet) as watch:
        model = open_to_learn(settings, watch)
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
    from nightschool.surface import school

    ledger = Ledger(data_folder() / "nights", space)

    def pupils(onto: Any) -> Any:
        return school.pupils(model, plan.seed, ledger, onto)

    def part(old: Any, new: Any, share: float, folder: Any) -> Any:
        from nightschool.train.between import between

        return between(old, new, share, folder)

    trainable = school.pupils(model, plan.seed, ledger, None) is not None
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


def planned(evening: Evening) -> str:
    """Return what a night would learn, as a person reads it on a terminal."""
    from nightschool.surface.table import table

    chosen = evening.selection.chosen
    rows = [
        ["?" if each.nats is None else f"{each.nats:.2f}", f"{len(each.lessons)}", _cut(each.memory.text)]
        for each in chosen[:_SHOWN]
    ]
    lines = [table(["nats", "lessons", "memory, most urgent first"], rows, numbers=[0, 1])] if rows else []
    if len(chosen) > _SHOWN:
        lines.append(f"... and {len(chosen) - _SHOWN} more; --json has them all")
    steps = "" if evening.steps is None else f", at most {evening.steps} steps"
    lines.append(f"{len(chosen)} memories make {len(evening.selection.lessons)} lessons{steps}")
    lines += [f"left alone: {count} {why}" for why, count in sorted(evening.selection.counts().items())]
    for new, old in evening.contradictions:
        lines.append(f"contradicting: {_cut(new.text)!r} is learned, and not the older {_cut(old.text)!r}")
    if evening.split:
        lines.append(f"split: {evening.split} lessons too long for the model's context are learned in parts")
    if evening.unfit:
        lines.append(f"left out: {evening.unfit} lessons whose question alone fills the model's context")
    if evening.dropped:
        lines.append(f"left out: {evening.dropped} lessons that an exam asks")
    return "\n".join(lines)


def told(found: MemoryNight) -> tuple[str, dict[str, Any]]:
    """Return what a night brought, in words and as --json shows it."""
    lines = [planned(found.evening)]
    if found.rested is not None:
        lines.append(f"put in order: {found.rested}")
    if found.unlearned is not None:
        nights = ", ".join(found.unlearned.purged)
        lines.append(f"unlearned: {len(found.unlearned.memories)} forgotten memories, with nights {nights}")
    data: dict[str, Any] = {"evening": found.evening.as_dict(), "accepted": found.accepted, "reason": found.reason}
    if found.rested is not None:
        data["rested"] = asdict(found.rested)
    if found.unlearned is not None:
        data["unlearned"] = {"memories": sorted(found.unlearned.memories), "purged": list(found.unlearned.purged)}
    if found.night is None:
        lines.append(found.reason)
        return "\n".join(lines), data
    assert found.taught is not None
    assert found.decision is not None
    lines.append(
        f"sleep: {len(found.taught.losses)} steps, loss {found.taught.losses[0]:.2f} to {found.taught.losses[-1]:.2f}"
    )
    if found.taught.stopped == "seconds":
        lines.append("the lessons ended early, because the night did")
    lines.append(f"gate: {'accepted' if found.accepted else 'rolled back'}: {found.reason}")
    for each in found.decision.watched:
        unit = " nats per token" if each.kind == "text" else ""
        why = "" if each.counts else f" ({each.why_not})"
        lines.append(f"watched: {each.name} {each.before:.3f} to {each.after:.3f}{unit}{why}")
    lines += [_since_first(each) for each in found.since_first]
    lines.append(f"night {found.night.name}: {', '.join(f'{k} {v:.0f} s' for k, v in found.seconds.items())}")
    data |= {
        "night": found.night.as_dict(),
        "shares": list(found.tried.shares) if found.tried else [],
        "losses": list(found.taught.losses),
        "stopped": found.taught.stopped,
        "seconds": found.seconds,
        "since_first": found.since_first,
        "watched": [
            {"name": each.name, "before": each.before, "after": each.after, "low": each.low, "counts": each.counts}
            for each in found.decision.watched
        ],
    }
    return "\n".join(lines), data


def _since_first(told: Mapping[str, Any]) -> str:
    unit = " nats per token" if told["kind"] == "text" else ""
    change = f"{told['before']:.3f} to {told['after']:.3f}{unit}"
    return f"since before the first of {told['nights']} nights: {told['name']} {change}"


def _cut(text: str, most: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 3] + "..."
