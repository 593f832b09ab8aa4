"""The names that programs may rely on. A change here is a change for others: it belongs in the changelog."""

from __future__ import annotations

import subprocess
import sys

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
    "answer",
    "critic",
    "examine",
    "load",
    "make",
    "open_model",
    "open_rungs",
    "open_world",
    "read_mind",
    "sit",
    "write_mind",
]


def test_the_public_names_are_these() -> None:
    assert nightschool.__all__ == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there_with_a_docstring(name: str) -> None:
    value = getattr(nightschool, name)
    assert value.__doc__
    assert value.__module__.startswith("nightschool.")


def test_the_typed_imports_are_the_lazy_ones() -> None:
    assert sorted(nightschool._WHERE) == sorted(PUBLIC)
    assert set(PUBLIC) <= set(dir(nightschool))


def test_other_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Manager'"):
        nightschool.Manager  # noqa: B018


def test_importing_the_package_imports_no_room() -> None:
    code = "import sys, nightschool; print(*(m for m in sys.modules if m.startswith('nightschool.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
