"""Ctrl-C in a process of its own, amid a day and amid an exam: what is done so far, and exit 130."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
CHILD = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts us in the background may have it ignored
sys.path.insert(0, sys.argv.pop(1))
from nightschool.models import resolve
from nightschool.surface import cli
from nightschool.surface.nights import learner
from support.learning import Counters, Studying

where = sys.argv.pop(1)

class Waits(Studying):
    def step(self):
        if where in STAGES[-1:] and self._running:
            print("waiting", file=sys.stderr, flush=True)
            time.sleep(600)
        return super().step()

STAGES = []
from nightschool.surface.terminal.progress import Lines
stage = Lines.stage
def noting(self, name, total=None, unit=""):
    STAGES.append(name)
    stage(self, name, total, unit)
Lines.stage = noting
resolve.open_model = lambda *given, **more: Waits()
learner.pupils = lambda *given: Counters()
cli.main()
"""
DAY = ["day", "sorting:n=4", "--exam-items", "20", "--items", "8", "--draws", "4", "--rungs", "control",
       "--rounds", "5", "--steps", "2", "--watch", "sorting", "--text-tokens", "0"]  # fmt: skip
EXAM = ["exam", "sorting:n=4", "--items", "20", "--rungs", "control,few-shot"]


@pytest.mark.parametrize(
    ("line", "where"),
    [(DAY, "practice, round 3 of at most 5"), (DAY, "exam before: control"), (EXAM, "exam: few-shot")],
    ids=["day", "morning", "exam"],
)
def test_ctrl_c_reports_what_is_done_so_far(line: list[str], where: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", CHILD, str(TESTS), where, *line, "--model", "scripted", "--json"]
    with subprocess.Popen(
        [*command, "--report", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert "waiting\n" in iter(process.stderr.readline, "")
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130, err
    told = json.loads(out)
    assert told["partial"] is True
    assert (tmp_path / "index.html").is_file()
    assert str(tmp_path / "index.html") in err
    assert err.splitlines()[-1] == "nightschool: stopped; the report holds what was done so far"
    assert "Traceback" not in err
    if line is EXAM:
        assert {row["rung"] for row in told["rungs"] if row["n"]} == {"control"}
        assert told["rungs"][0]["n"] == 20
    else:
        assert told["before"]["n"] == 20
        assert told["after"] is None
        assert told["gate"]["accepted"] is False
        assert len(told["practice"]["rounds"]) == (2 if "practice" in where else 0)
        assert json.loads((tmp_path / "day.json").read_text(encoding="utf-8"))["partial"] is True
