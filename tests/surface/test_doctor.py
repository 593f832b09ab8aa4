from __future__ import annotations

import json

import pytest

from nightschool.surface.cli import run
from nightschool.surface.commands import doctor


def test_what_is_missing_is_named_with_what_it_switches_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    why = "bubblewrap is not installed; type: sudo apt-get install bubblewrap"
    monkeypatch.setattr(doctor.sandbox, "available", lambda: why)
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "peft" else "1.0")
    assert run(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "switched off: nights and the rung lora; pip install 'nightschool[local]'" in shown
    assert "sudo apt-get install bubblewrap" in shown
    assert run(["doctor", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["switched_off"]) == 2
