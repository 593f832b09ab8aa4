"""`nightschool day` and `sleep` with the exact fake in the model's place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nightschool.surface.cli import run

TASK = "sorting:n=3,low=1,high=9"
SMALL = ["--exam-items", "12", "--items", "4", "--draws", "2", "--rungs", "control", "--model", "scripted"]


def test_json_has_what_a_day_promises(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["day", TASK, *SMALL, "--report", str(tmp_path), "--json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert {"accuracy", "low", "high", "n"} <= told["before"].keys()
    assert {"items", "solved", "tokens", "seconds"} <= told["practice"].keys()
    assert {"lessons", "steps", "seconds", "adapter"} <= told["sleep"].keys()
    assert {"accepted", "reason"} <= told["gate"].keys()
    assert {"model", "task", "after", "p_value", "watched"} <= told.keys()
    assert told["report"] == str(tmp_path / "index.html")
    assert (tmp_path / "index.html").is_file()
    assert err


def test_a_model_that_cannot_be_trained_holds_no_night_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["day", TASK, *SMALL, "--report", str(tmp_path)]) == 0
    out, _ = capsys.readouterr()
    assert "before" in out
    assert "cannot be trained" in out


@pytest.mark.parametrize("command", ["day", "sleep"])
@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["sortin"], "sorting"),
        (["sorting:n=0"], "n"),
        (["sorting:m=3"], "'m'"),
        (["sorting", "--model", "scriptd"], "scripted"),
        (["sorting", "--model", "smollm3"], "smollm2"),
        (["sorting", "--wording", "plane"], "wording"),
        (["sorting", "--watch", "arithmetik"], "arithmetic"),
        (["sorting", "--teacher", "expart"], "expert"),
        (["sorting", "--rounds", "0"], "--rounds"),
        (["sorting", "--budget", "0tok"], "budget"),
        (["sorting", "--budget", "two"], "budget"),
        (["sorting", "--seed", "-1"], "--seed"),
        (["sorting", "--config", "/nowhere/config.toml"], "/nowhere/config.toml"),
        (["sorting", "--night", "abc"], "night"),
        (["sorting", "--resum"], "--resume"),
        (["file:/nowhere/questions.jsonl"], "/nowhere/questions.jsonl"),
        ([], "TASK"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(
    command: str, line: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = [] if "--model" in line else ["--model", "scripted"]
    report = ["--report", str(tmp_path)] if command == "day" else []
    assert run([command, *line, *model, *report]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["--target", "1.5"], "0.9"),
        (["--target", "0"], "0.9"),
        (["--rungs", "zero-shoot"], "zero-shot"),
        (["--rungs", "search:m=3"], "'m'"),
        (["--exam-items", "1"], "--exam-items"),
        (["--report", "/dev/null/report"], "--report"),
    ],
)
def test_what_a_day_alone_refuses(
    line: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = [] if "--report" in line else ["--report", str(tmp_path)]
    assert run(["day", "sorting", *line, "--model", "scripted", *report]) == 2
    assert said in capsys.readouterr().err
