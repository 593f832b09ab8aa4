"""Nights on the command line: listed, switched, and answered with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nightschool.models import resolve
from nightschool.models.scripted import Scripted
from nightschool.surface.cli import run
from support.held_nights import hold, ledger


def test_without_nights_every_model_is_bare(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["wake"]) == 0
    assert "own weights" in capsys.readouterr().out
    assert run(["ls", "nights"]) == 0
    assert "no night was held" in capsys.readouterr().out
    assert run(["ls", "nights", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"nights": []}
    assert run(["wake", "abc"]) == 2


def test_waking_switches_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = hold(tmp_path, base="b1", weights="one")
    second = hold(tmp_path, base="b1", weights="two", task="arithmetic")
    assert run(["wake", first.name]) == 0
    assert run(["wake", second.name[:6]]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"scripted: night {second.name} (arithmetic)"
    assert run(["ls", "nights", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["nights"]
    assert [(night["name"], night["in_force"]) for night in listed] == [(first.name, False), (second.name, True)]
    assert run(["ls", "nights"]) == 0
    assert any(line.startswith("*") and second.name in line for line in capsys.readouterr().out.splitlines())
    assert run(["wake", "none"]) == 0
    assert ledger().current("b1") is None


def test_a_refused_night_is_woken_only_with_a_remark(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    night = hold(tmp_path, base="b1", accepted=False)
    assert run(["wake", night.name]) == 0
    assert "the gate refused this night: not better" in capsys.readouterr().err


def test_of_several_models_the_one_to_wake_bare_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for model in ("small", "large"):
        night = hold(tmp_path, base=model * 2, model=model, weights=model)
        assert run(["wake", night.name]) == 0
    assert run(["wake", "none"]) == 2
    assert "--model" in capsys.readouterr().err
    assert run(["wake", "none", "--model", "small"]) == 0
    assert ledger().current("smallsmall") is None
    assert ledger().current("largelarge") is not None
    assert run(["wake", "none", "--model", "medium"]) == 2
    assert run(["wake", "--model", "small"]) == 2


def test_the_night_in_force_answers_unless_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = Scripted("bare", identity="b1")
    first, second = hold(tmp_path, base="b1", weights="one"), hold(tmp_path, base="b1", weights="two")
    stranger = hold(tmp_path, base="b2", weights="three")
    adapters = {first.adapter: "first", second.adapter: "second"}
    monkeypatch.setattr(resolve, "open_model", lambda *_, **__: Scripted("bare", identity="b1", adapters=adapters))

    def said(*options: str) -> str:
        assert run(["think", "?", "--model", model.name, *options]) == 0
        return capsys.readouterr().out.strip()

    assert said() == "bare"
    assert run(["wake", first.name]) == 0
    capsys.readouterr()
    assert said() == "first"
    assert said("--night", second.name) == "second"
    assert said("--night", "none") == "bare"
    assert run(["think", "?", "--model", "scripted", "--night", "nosuch"]) == 2
    assert run(["think", "?", "--model", "scripted", "--night", stranger.name]) == 1
    assert "belongs to" in capsys.readouterr().err
