"""The names that programs may rely on. A change here is a change for others: it belongs in the changelog."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nightschool

PUBLIC = [
    "Adapter",
    "Budget",
    "Critic",
    "Drive",
    "ExamReport",
    "Item",
    "Job",
    "Lesson",
    "Message",
    "Mind",
    "Model",
    "NightschoolError",
    "Noise",
    "Prompt",
    "Sampling",
    "Score",
    "Split",
    "Task",
    "Thought",
    "Trace",
    "Verdict",
    "Wording",
    "World",
    "critic",
    "exam",
    "load",
    "make",
    "open_model",
    "open_rungs",
    "open_world",
    "read_mind",
    "sit",
    "think",
    "write_mind",
]


def test_the_public_names_are_these() -> None:
    assert nightschool.__all__ == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there_with_a_docstring(name: str) -> None:
    value = getattr(nightschool, name)
    assert value.__doc__
    assert name in nightschool._ROOMS or value.__module__.startswith("nightschool.")


def test_the_typed_imports_are_the_lazy_ones() -> None:
    assert sorted([*nightschool._WHERE, *nightschool._ROOMS]) == sorted(PUBLIC)
    assert set(PUBLIC) <= set(dir(nightschool))


@pytest.mark.parametrize("first", ["import nightschool.think.vote, nightschool.exam.sit", "pass"])
def test_a_room_can_be_called_whoever_imported_it_first(first: str) -> None:
    code = (
        f"{first}\nimport inspect, nightschool as ns\n"
        "print(ns.think('six times seven?', 'scripted:answers=42').best.answer)\n"
        "print(*inspect.signature(ns.exam).parameters)\n"
        "import nightschool.think.vote\nprint(nightschool.think.vote.Vote.__name__, callable(nightschool.think))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [
        *["42", "task", "model", "items", "rungs", "budget", "night", "seed"], *["Vote", "True"],
    ]  # fmt: skip


def test_type_checkers_see_the_functions(tmp_path: Path) -> None:
    mypy = pytest.importorskip("mypy.api", reason="pip install mypy")
    file = tmp_path / "use.py"
    file.write_text(
        "import nightschool as ns\nfrom nightschool.think.vote import Vote\n"
        "reveal_type(ns.think('?').best)\nreveal_type(ns.exam('sorting').rungs)\nreveal_type(Vote(3).n)\n"
    )
    alone = ["--cache-dir", os.devnull, "--follow-imports", "silent", "--no-site-packages", "--ignore-missing-imports"]
    said, _, status = mypy.run([*alone, str(file)])
    assert status == 0, said
    assert [line.partition("Revealed type is ")[2] for line in said.splitlines()[:3]] == [
        '"nightschool.items.Thought | None"',
        '"tuple[nightschool.exam.result.Row, ...]"',
        '"int"',
    ]


def test_other_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Manager'"):
        nightschool.Manager  # noqa: B018


def test_importing_the_package_imports_no_room() -> None:
    code = "import sys, nightschool; print(*(m for m in sys.modules if m.startswith('nightschool.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
