"""A learner that is killed again and again, in processes of its own, ends where an undisturbed one does."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

STEPS, KILLS = 40, 3
NIGHT = """
import sys
from pathlib import Path
from support.pupils import Pupil, lessons, rehearsals
from nightschool.train.lora import Learner
from nightschool.train.settings import LoraSettings

folder, steps = Path(sys.argv[1]), int(sys.argv[2])
checkpoint, pupil = folder / "learner", Pupil()
if checkpoint.exists():
    learner = Learner.resume(pupil, checkpoint)
else:
    learner = Learner.fresh(pupil, LoraSettings(rank=4, rate=5e-3), seed=1)
while learner.steps < steps:
    deck = lessons(8)
    learner.step([deck[(learner.steps + i) % 8] for i in range(3)] + rehearsals(2))
    learner.checkpoint(checkpoint)
print(learner.steps, learner.save(folder / "adapters").name)
"""


def night(folder: Path) -> subprocess.Popen[str]:
    here = Path(__file__).parents[1]
    command = [sys.executable, "-W", "ignore", "-c", NIGHT, str(folder), str(STEPS)]
    environment = {**os.environ, "PYTHONPATH": str(here), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


@pytest.mark.slow
def test_kills_at_random_moments_change_nothing(tmp_path):
    undisturbed = night(tmp_path / "whole")
    expected, _ = undisturbed.communicate(timeout=200)
    assert expected.split()[0] == str(STEPS)

    dice = random.Random(7)
    folder = tmp_path / "killed"
    checkpoint = folder / "learner"
    killed = 0
    while killed < KILLS:
        was = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        process = night(folder)
        while process.poll() is None and not (checkpoint.exists() and checkpoint.stat().st_mtime_ns != was):
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 0.15))  # somewhere within the next few steps or writes
        if process.poll() is not None:
            process.communicate()
            break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += 1
    assert killed >= 2
    final, _ = night(folder).communicate(timeout=200)
    assert final == expected
