from __future__ import annotations

import json
from pathlib import Path

import pytest

from nightschool import paths
from nightschool.remember.keep import keep
from nightschool.remember.memory import Memory
from nightschool.remember.store.opened import open_store
from nightschool.sleep.nights.ledger import Ledger
from nightschool.surface.cli import run
from nightschool.surface.commands import doctor
from support.held_nights import hold


def test_what_is_missing_is_named_with_what_it_switches_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    why = "bubblewrap is not installed; type: sudo apt-get install bubblewrap"
    monkeypatch.setattr(doctor.sandbox, "available", lambda: why)
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "peft" else "1.0")
    monkeypatch.setattr(doctor, "_engine", lambda: "/usr/games/stockfish")
    assert run(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "switched off: nights and the rung lora; pip install 'nightschool[local]'" in shown
    assert "sudo apt-get install bubblewrap" in shown
    assert run(["doctor", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["switched_off"]) == 2


def test_what_is_kept_is_looked_at_and_what_is_damaged_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def health(status: int) -> dict[str, str]:
        assert run(["doctor", "--json"]) == status
        told = json.loads(capsys.readouterr().out)
        assert told["healthy"] is (status == 0)
        return {check["name"]: check["said"] for check in told["health"]}

    assert health(0)["nights"] == "none was held yet"
    night = hold(tmp_path, base="b" * 64, model="m")
    ledger = Ledger(paths.data_folder() / "nights")
    ledger.switch(night.base, night.name)
    with open_store() as store:
        keep(store, Memory("the key is in the jar", 0.0))
    assert health(0)["nights"] == f"1 held; in force: {night.name} (m)"
    adapter = Path(ledger.adapter(night).path)
    (adapter / "adapter_model.safetensors").write_bytes(b"broken")
    assert "damaged" in health(1)["nights"]
    (paths.data_folder() / "memories" / "default.sqlite").write_bytes(b"no database at all" * 100)
    assert "not a database" in health(1)["memories"]
