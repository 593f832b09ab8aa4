"""Exams sat by a scripted model, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nightschool.exam import ExamReport, Finding, open_analyses, open_rungs, sit
from nightschool.items import Split
from nightschool.models.scripted import Scripted
from nightschool.ports import World


def sat(
    world: World, model: Scripted, *, rungs: Sequence[str] = ("zero-shot",), look: Sequence[str] = (), items: int = 40,
    **more: Any,
) -> ExamReport:  # fmt: skip
    """Return the report on exam items of `world`, graded without threads."""
    chosen = world.items(Split.EXAM, items)
    return sit(world, model, chosen, open_rungs(rungs), analyses=open_analyses(look), seed=3, workers=0, **more)


def found(world: World, model: Scripted, look: str, **more: Any) -> Finding:
    """Return what one analysis finds."""
    return sat(world, model, look=(look,), **more).findings[0]
