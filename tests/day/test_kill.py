"""A whole day, killed in a process of its own: the old mind stays, and --resume ends where an undisturbed day does."""

from __future__ import annotations

import json
import os
import signal
import string
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.stages import await_stage
from support.tiny_models import tiny_model_folder

RATE = "import nightschool.train.settings as s; s._RATE = 0.05; from nightschool.surface.cli import main; main()"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model, and a task that what it babbles passes now and then."""
    folder = tmp_path_factory.mktemp("school")
    tiny_model_folder(folder, "llama", sharpness=2.0).rename(folder / "model")
    rows = [json.dumps({"input": f"Say {number}.", "target": str(number)}) for number in range(120)]
    (folder / "task.jsonl").write_text("\n".join(rows))
    letters = json.dumps(list(string.ascii_letters))  # what it babbles ends at the first of them
    (folder / "ways.toml").write_text(
        f'[[wording]]\nname = "plain"\nstyle = "words"\nuser = "{{input}}"\nstop = {letters}\n'
    )
    return folder


def day(school: Path, home: Path, *more: str) -> subprocess.Popen[str]:
    command = [
        sys.executable, "-W", "ignore", "-c", RATE, "day",
        "file:task.jsonl,critic=regex:pattern=(?s).*[!-@].*,wordings=ways.toml,max_answer_tokens=12",
        "--model", "model", "--rungs", "", "--exam-items", "8", "--rounds", "2", "--items", "6", "--draws", "6",
        "--steps", "3", "--watch", "arithmetic", "--text-tokens", "0", "--json", "--report", str(home / "report"),
        *more,
    ]  # fmt: skip
    environment = {**os.environ, "NIGHTSCHOOL_HOME": str(home), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, cwd=school, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def kill_at(process: subprocess.Popen[str], stage: str) -> None:
    await_stage(process, stage)
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.fixture(scope="module")
def undisturbed(school: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    whole, said = day(school, tmp_path_factory.mktemp("whole")).communicate(timeout=200)
    found: dict[str, Any] = json.loads(whole)["sleep"]
    assert found["adapter"] is not None, said
    return found


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["lessons, round 2", "lessons, settling"])
def test_a_killed_day_resumes_to_the_same_night(
    school: Path, tmp_path: Path, undisturbed: dict[str, Any], stage: str
) -> None:
    home = tmp_path / "killed"
    kill_at(day(school, home), stage)
    nights = subprocess.run(
        [sys.executable, "-m", "nightschool", "ls", "nights", "--json"],
        env={**os.environ, "NIGHTSCHOOL_HOME": str(home)}, text=True, capture_output=True, check=True,
    )  # fmt: skip
    assert json.loads(nights.stdout)["nights"] == []  # the old mind

    again, said = day(school, home, "--resume").communicate(timeout=200)
    assert "resuming the night" in said
    found = json.loads(again)["sleep"]
    assert (found["adapter"], found["losses"]) == (undisturbed["adapter"], undisturbed["losses"])
