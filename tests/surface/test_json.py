"""What docs/json.md says of --json is what the commands write."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from nightschool.surface.cli import run
from support.held_nights import hold, ledger

jsonschema = pytest.importorskip("jsonschema", reason="pip install jsonschema")

DOC = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
SCHEMAS = {name: json.loads(text) for name, text in re.findall(r'```json schema="(\w+)"\n(.*?)```', DOC, re.DOTALL)}
EXAM = ["exam", "sorting:n=3,low=1,high=9", "--items", "4", "--rungs", "zero-shot:wordings=1"]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NIGHTSCHOOL_MODEL", "scripted")
    monkeypatch.setenv("NIGHTSCHOOL_EMBEDDER", "none")

    def told(schema: str, *line: str) -> Any:
        capsys.readouterr()
        assert run([*line, "--json"]) in (0, 1)
        data = json.loads(capsys.readouterr().out)
        jsonschema.validate(data, SCHEMAS[schema])
        return data

    return told


def test_every_schema_is_one() -> None:
    for schema in SCHEMAS.values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_exams(told: Any) -> None:
    told("exam", *EXAM, "--report", "a")
    told("exam", *EXAM, "--report", "b", "--model", "scripted:answers=1")
    told("exam", "view", "a")
    told("view", "view", "a", "b")


def test_thinking(told: Any) -> None:
    told("think", "think", "why?", "--strategy", "vote:n=2")
    told("think", "think", "--task", "sorting:n=3", "--items", "2", "--strategy", "best-of-n:n=2")


def test_words(told: Any) -> None:
    assert told("fight", "concept", "fight", "purple jar")["holds"]
    assert not told("fight", "concept", "fight", "stationary dancing")["holds"]


def test_memories(told: Any) -> None:
    kept = told("remember", "remember", "the key is in the jar")
    told("recall", "recall", "key")
    told("memories", "ls", "memories")
    told("forget", "forget", kept["id"])


def test_what_there_is(told: Any, tmp_path: Path) -> None:
    night = hold(tmp_path, base="b" * 64)
    ledger().switch(night.base, night.name)
    told("ls", "ls")
    told("nights", "ls", "nights")
    told("runs", "ls", "runs")
    assert told("wake", "wake")["in_force"]
    told("keys", "keys")
    told("completion", "completion", "bash")
    told("doctor", "doctor")
