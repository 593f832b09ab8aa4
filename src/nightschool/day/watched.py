"""What must not be lost: other tasks and plain text, looked at before and after, on items that choose nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nightschool.drive import Drive
from nightschool.errors import StopRequested
from nightschool.exam import open_rungs, sit
from nightschool.items import Item, Split, Wording
from nightschool.ports import Model, Watcher, World
from nightschool.sleep.gate.looking import Outcomes, Seen, chance_of
from nightschool.sleep.gate.text_loss import TextLoss


@dataclass(frozen=True, slots=True)
class Glance:
    """One look at everything that the gate goes by. practised: outcomes of the practised task, by item; beside: of
    what is watched beside it.
    """

    practised: Outcomes
    beside: Seen


def look(
    practised: World,
    watched: Sequence[tuple[World, Wording]],
    model: Model,
    drive: Drive,
    *,
    tune_items: int,
    watched_items: int,
    weigh_text: Callable[[str | None], TextLoss | None],
    seed: int,
    adapter: str | None,
    watch: Watcher,
    stage: str,
    wording: Wording,
) -> Glance:
    """Return how the weights named by `adapter` do on tune items of the practised and the watched tasks, and on text.

    weigh_text: the loss of the weights that it is given the name of; stage: what `watch` is told; wording: of the
    practised task. A watched task comes with the wording in which the model does it, since a baseline at chance has
    nothing to lose. Raises StopRequested where it was interrupted.
    """
    rungs = open_rungs(["zero-shot:wordings=1"])

    def exam(world: World, way: Wording, items: Sequence[Item]) -> Outcomes:
        report = sit(
            world, model, items, rungs, seed=seed, wording=way, adapter=adapter, drive=drive, watch=watch,
            stage=f"{stage}, {world.spec}",
        )  # fmt: skip
        if report.partial:
            raise StopRequested("during an exam")
        return {item: bool(outcome) for item, outcome in report.row("zero-shot").outcomes().items()}

    right = exam(practised, wording, practised.items(Split.TUNE, tune_items, seed))
    tasks: dict[str, Outcomes] = {}
    chance: dict[str, float] = {}
    for world, way in watched:
        name = f"{world.spec}@{way.name}" if world.spec in tasks else world.spec
        items = world.items(Split.TUNE, watched_items, seed)
        tasks[name], chance[name] = exam(world, way, items), chance_of(items)
    return Glance(right, Seen(tasks, weigh_text(adapter), chance=chance))
