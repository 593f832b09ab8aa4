"""What must not be lost: other tasks and plain text, looked at before and after, on items that choose nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nightschool.drive import Drive
from nightschool.exam import ExamReport, open_rungs, sit
from nightschool.items import Split, Wording
from nightschool.ports import Model, Watcher, World
from nightschool.sleep.gate import WatchedTask, WatchedText
from nightschool.sleep.looking import chance_of
from nightschool.sleep.text_loss import TextLoss

_ROW = "zero-shot"
TEXT = "plain text"


@dataclass(frozen=True, slots=True)
class Glance:
    """One look at everything that is watched. tasks: an exam of each; text: the loss on plain text, None where none;
    chances: of each task, how often one who guesses is right.
    """

    practised: ExamReport
    tasks: tuple[ExamReport, ...]
    text: TextLoss | None
    chances: tuple[float, ...]


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
    nothing to lose.
    """
    rungs = open_rungs(["zero-shot:wordings=1"])

    def exam(world: World, way: Wording, limit: int) -> ExamReport:
        items = world.items(Split.TUNE, limit, seed)
        return sit(
            world, model, items, rungs, seed=seed, wording=way, adapter=adapter, drive=drive, watch=watch,
            stage=f"{stage}, {world.spec}",
        )  # fmt: skip

    return Glance(
        exam(practised, wording, tune_items),
        tuple(exam(world, way, watched_items) for world, way in watched),
        weigh_text(adapter),
        tuple(chance_of(world.items(Split.TUNE, watched_items, seed)) for world, _ in watched),
    )


def paired(before: ExamReport, after: ExamReport) -> tuple[list[bool], list[bool]]:
    """Return the outcomes before and after of the items that have both."""
    first, second = before.row(_ROW).outcomes(), after.row(_ROW).outcomes()
    common = [item for item in first if item in second]
    return [bool(first[item]) for item in common], [bool(second[item]) for item in common]


def watched_tasks(before: Glance, after: Glance) -> list[WatchedTask]:
    """Return what the gate is to hold against the night, task by task."""
    tasks = []
    for first, second, chance in zip(before.tasks, after.tasks, before.chances, strict=True):
        one, two = paired(first, second)
        if one:
            tasks.append(WatchedTask(first.task, one, two, chance))
    return tasks


def watched_texts(before: Glance, after: Glance) -> list[WatchedText]:
    """Return the text losses, where they were taken."""
    if before.text is None or after.text is None:
        return []
    return [WatchedText(TEXT, before.text.nats, after.text.nats, before.text.tokens)]


def unseen(before: Glance, after: Glance, *, text: bool) -> list[str]:
    """Return the names of what was to be watched and could not be looked at both times; text: was to be watched."""
    names = [a.task for a, b in zip(before.tasks, after.tasks, strict=True) if not paired(a, b)[0]]
    return [*names, TEXT] if text and (before.text is None or after.text is None) else names
