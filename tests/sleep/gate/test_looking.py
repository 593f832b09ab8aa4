"""Looks at a mind: what was seen whole is not looked at again, and nothing else is taken for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nightschool.drive import Drive
from nightschool.models.scripted import Scripted
from nightschool.sleep.gate import looking
from nightschool.sleep.gate.looking import TEXT, Seen, look, unseen, watched_tasks, watched_texts
from nightschool.sleep.gate.text_loss import TextLoss
from nightschool.worlds.open import open_world
from support.evenings import SORTING


def coin(prompt: str, written: str) -> dict[str, float]:
    return {"a": 0.5, "b": 0.25, "": 0.25}


def glance(model: Scripted, kept: Path, watched: Any = None, **more: Any) -> Seen:
    given: dict[str, Any] = {"items": 5, "text_tokens": 60, "seed": 0, "kept": kept}
    return look(Drive(model), [(SORTING, SORTING.wordings[0])] if watched is None else watched, None, **given | more)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "prose", lambda: ("aab aba", "bab abb", "abb bba"))
    monkeypatch.setattr(looking, "python_docs", lambda: ())


def test_what_was_seen_whole_is_not_looked_at_again(tmp_path: Path) -> None:
    first = glance(Scripted(rule=coin), tmp_path)
    model = Scripted(rule=coin)
    assert glance(model, tmp_path) == first
    assert model.asked == []


def test_a_text_that_could_not_be_read_is_read_the_next_time(tmp_path: Path) -> None:
    failing = Scripted(rule=coin, faults=lambda ask: "refuse" if not ask.prefix.prompt.messages else None)
    seen = glance(failing, tmp_path, watched=[])
    assert seen.text is None
    assert glance(Scripted(rule=coin), tmp_path, watched=[]).text is not None


def test_items_that_were_not_answered_are_asked_the_next_time(tmp_path: Path) -> None:
    seen = glance(Scripted(rule=coin, faults=lambda ask: "refuse"), tmp_path, text_tokens=0)
    assert [len(found) for found in seen.tasks.values()] == [0]
    again = glance(Scripted(rule=coin), tmp_path, text_tokens=0)
    assert [len(found) for found in again.tasks.values()] == [5]


def test_another_text_is_another_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = glance(Scripted(rule=coin), tmp_path)
    monkeypatch.setattr(looking, "prose", lambda: ("aab aba",))
    assert glance(Scripted(rule=coin), tmp_path).text != first.text


def test_what_a_file_holds_and_how_it_is_posed_are_looked_at_anew(tmp_path: Path) -> None:
    path = tmp_path / "task.csv"

    def asked(target: str, user: str = "{input}?") -> int:
        path.write_text("input,target,split\n" + "".join(f"{i},{target},tune\n" for i in range(3)), encoding="utf-8")
        world, model = open_world(f"file:{path}"), Scripted(rule=coin)
        glance(model, tmp_path / "looks", [(world, replace(world.wordings[0], user=user))], text_tokens=0)
        return len(model.asked)

    assert [asked("a"), asked("a"), asked("b"), asked("b", "What is {input}?"), asked("b")] == [3, 0, 3, 3, 0]


def test_another_version_and_other_numbers_are_another_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    glance(Scripted(rule=coin), tmp_path)
    coarse = Scripted(rule=coin)
    coarse.numerics = "bfloat16"  # type: ignore[attr-defined]
    glance(coarse, tmp_path)
    assert coarse.asked
    monkeypatch.setattr(looking, "version", lambda name: "99.0")
    newer = Scripted(rule=coin)
    glance(newer, tmp_path)
    assert newer.asked


def test_chance_is_that_of_the_choices(tmp_path: Path) -> None:
    lines = "".join(f"{i}?,red,red|green|blue|grey,tune\n" for i in range(4))
    (tmp_path / "task.csv").write_text("input,target,choices,split\n" + lines, encoding="utf-8")
    world = open_world(f"file:{tmp_path}/task.csv")
    for _ in range(2):  # the second time out of what was kept
        seen = glance(Scripted("red"), tmp_path / "looks", [(world, world.wordings[0])], text_tokens=0)
        assert list(seen.chance.values()) == [0.25]
    (task,) = watched_tasks(seen, seen)
    assert task.chance == 0.25


def test_texts_in_other_pieces_are_not_held_against_each_other() -> None:
    before, after = TextLoss((1.0, 2.0), (30, 10)), TextLoss((1.0, 2.0, 1.0), (30, 5, 5))
    assert watched_texts(Seen(text=before), Seen(text=after)) == []
    assert unseen(Seen(text=before), Seen(text=after), text=True) == [TEXT]
    assert unseen(Seen(text=before), Seen(), text=False) == []
    assert len(watched_texts(Seen(text=before), Seen(text=before))) == 1
