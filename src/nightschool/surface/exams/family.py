"""Sitting the same exam over a family, and its one report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nightschool.errors import UsageError

if TYPE_CHECKING:
    from nightschool.drive import Cache
    from nightschool.exam import ExamReport
    from nightschool.exam.family import Member
    from nightschool.items import Item, Wording
    from nightschool.ports import Model, Watcher, World

RUNGS = ("control", "zero-shot", "few-shot")
LOOKS = ("truth-rank:layers=0", "failures", "horizon")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the family, not yet opened. size: parameters or steps; None where it is counted after opening."""

    name: str
    size: float | None
    open: Callable[[], Model]


def sat_by_all(
    candidates: Sequence[Candidate],
    world: World,
    items: Sequence[Item],
    *,
    rungs: Sequence[str] = RUNGS,
    wording: Wording | None = None,
    seed: int = 0,
    cache: Cache | None = None,
    watch: Watcher | None = None,
) -> list[Member]:
    """Return every member with its exam: the same items, rungs, wordings and analyses. Raises UsageError."""
    from nightschool.drive import Drive
    from nightschool.exam import open_analyses, open_rungs, sit
    from nightschool.exam.family import Member
    from nightschool.surface.exams.training import tuner
    from nightschool.surface.terminal.progress import Silent

    steps = _steps(world, items)
    found = []
    for each in candidates:
        if watch is not None:
            watch.stage(f"loading {each.name}")
        model = each.open()
        try:
            size = each.size or _parameters(model)
            report = sit(
                world, model, items, open_rungs(rungs), seed=seed, wording=wording, cache=cache, watch=watch,
                analyses=open_analyses(LOOKS), drive=Drive(model, watch=watch, cache=cache),
                tune=tuner(model, seed, watch or Silent(), None),
            )  # fmt: skip
        finally:
            model.close()
        found.append(Member(each.name, size, report, steps))
        if report.partial:
            break
    return found


def report_of(family: Sequence[Member], seed: int, axis: str) -> ExamReport:
    """Return the exam of the largest member with what size brings before its own findings. Raises UsageError."""
    from nightschool.exam.scaling import scaling

    finding = scaling(family, seed, axis)
    largest = max(family, key=lambda member: member.size).report
    return replace(largest, findings=(finding, *largest.findings))


def _steps(world: World, items: Sequence[Item]) -> dict[str, int] | None:
    """Return how many steps each right answer has, where the world can tell."""
    marks: Any = getattr(world, "marks", None)
    if marks is None:
        return None
    return {item.id: len(marks(item, item.target)) for item in items if item.target is not None}


def _parameters(model: Model) -> float:
    module: Any = getattr(model, "module", None)
    if module is None:
        raise UsageError(f"{model.name} does not tell how large it is; write NAME=PARAMETERS: {model.name}=7e9")
    return float(sum(parameter.numel() for parameter in module.parameters()))
