"""A night over memories in bfloat16, killed in a process of its own, ends where an undisturbed one does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nightschool.remember.keep import keep
from nightschool.remember.memory import Memory
from nightschool.remember.store.sqlite import SqliteStore
from support.stages import await_stage
from support.tiny_models import tiny_model_folder

FACTS = [f"{name} Molbane lives in {place}." for name, place in zip(
    ("Ada", "Ben", "Cleo", "Dora", "Emil", "Fay"), ("Vekburg", "Kirmoor", "Lund", "Oststrand", "Tarn", "Welm"),
    strict=True,
)]  # fmt: skip

ROUNDED = (
    "from nightschool.models import resolve as r; opened = r.open_model; "
    "r.open_model = lambda *given, **more: opened(*given, dtype='bfloat16', **more); "
    "from nightschool.surface.cli import main; main()"
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    return tiny_model_folder(folder, "llama", sharpness=2.0).rename(folder / "model")


def home_of(folder: Path) -> dict[str, str]:
    return {**os.environ, "NIGHTSCHOOL_HOME": str(folder), "OMP_NUM_THREADS": "1"}


def told(folder: Path) -> Path:
    with SqliteStore(folder / "data" / "memories" / "default.sqlite") as store:
        for i, fact in enumerate(FACTS):
            keep(store, Memory(fact, float(i)))
    return folder


def night(weights: Path, home: Path) -> subprocess.Popen[str]:
    command = [
        sys.executable, "-W", "ignore", "-c", ROUNDED, "sleep", "--model", str(weights),
        "--watch", "sorting:n=3", "--text-tokens", "300", "--json",
    ]  # fmt: skip
    return subprocess.Popen(command, env=home_of(home), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def kill_at(process: subprocess.Popen[str], stage: str, after_s: float, how: int = signal.SIGKILL) -> str:
    """Send `how` so many seconds after `stage` began, and return what was said from then on."""
    await_stage(process, stage)
    time.sleep(after_s)
    process.send_signal(how)
    return process.communicate(timeout=60)[1]


@pytest.fixture(scope="module")
def undisturbed(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    whole, said = night(weights, told(tmp_path_factory.mktemp("whole"))).communicate(timeout=300)
    assert "lessons" in said
    found: dict[str, Any] = json.loads(whole)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "after_s"), [("lessons", 0.0), ("lessons", 0.7), ("look after", 0.0)])
def test_a_killed_night_goes_on_to_the_same_weights(
    weights: Path, tmp_path: Path, undisturbed: dict[str, Any], stage: str, after_s: float
) -> None:
    home = told(tmp_path / "killed")
    kill_at(night(weights, home), stage, after_s)
    out, said = night(weights, home).communicate(timeout=300)
    assert "going on with the night that was interrupted" in said
    found = json.loads(out)
    assert found["night"]["adapter"] == undisturbed["night"]["adapter"]
    assert found["losses"] == undisturbed["losses"]


@pytest.mark.slow
def test_ctrl_c_ends_a_night_in_a_line_and_it_goes_on_later(
    weights: Path, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    home = told(tmp_path / "stopped")
    process = night(weights, home)
    said = kill_at(process, "lessons", 0.3, signal.SIGINT)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("nightschool: stopped")
    out, said = night(weights, home).communicate(timeout=300)
    assert "going on with the night that was interrupted" in said
    assert json.loads(out)["night"]["name"] == undisturbed["night"]["name"]
