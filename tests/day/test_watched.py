"""A day's look at what must not be lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nightschool.day.watched import Glance, look
from nightschool.drive import Drive
from nightschool.errors import StopRequested
from nightschool.models.scripted import Scripted
from nightschool.worlds.open import open_world
from nightschool.worlds.sorting import Sorting
from support.learning import Listening

WORLD = Sorting(n=3)


def glance(watched: Any, model: Scripted | None = None, drive: Drive | None = None) -> Glance:
    model = model or Scripted("red")
    return look(
        WORLD, watched, model, drive or Drive(model), tune_items=3, watched_items=4, weigh_text=lambda name: None,
        seed=0, adapter=None, watch=Listening(), stage="watch before", wording=WORLD.wordings[0],
    )  # fmt: skip


def test_chance_is_that_of_the_choices_and_each_item_has_an_outcome(tmp_path: Path) -> None:
    lines = "".join(f"{i}?,{'red' if i % 2 else 'blue'},red|blue,tune\n" for i in range(4))
    (tmp_path / "task.csv").write_text("input,target,choices,split\n" + lines, encoding="utf-8")
    world = open_world(f"file:{tmp_path}/task.csv")
    seen = glance([(world, world.wordings[0]), (WORLD, WORLD.wordings[0])])
    assert seen.beside.chance == {world.spec: 0.5, WORLD.spec: 0.0}
    assert sorted(seen.beside.tasks[world.spec].values()) == [False, False, True, True]
    assert list(seen.practised.values()) == [False] * 3


def test_a_task_in_two_wordings_is_two() -> None:
    one, two = WORLD.wordings[:2]
    assert list(glance([(WORLD, one), (WORLD, two)]).beside.tasks) == [WORLD.spec, f"{WORLD.spec}@{two.name}"]


def test_an_interruption_passes_through() -> None:
    drives: list[Drive] = []
    model = Scripted("red", faults=lambda ask: drives[0].stop())
    drives.append(Drive(model))
    with pytest.raises(StopRequested):
        glance([], model, drives[0])
