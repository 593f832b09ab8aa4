"""`nightschool day` and `sleep` with the exact fake in the model's place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nightschool.asks import Progress
from nightschool.items import Adapter
from nightschool.models import resolve
from nightschool.surface.cli import run
from support.held_nights import ledger
from support.learning import Counters, Studying

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


class Kept:
    """The models that a command opened."""

    def __init__(self, make: Callable[[], Studying]) -> None:
        self.make = make
        self.models: list[Studying] = []

    def __call__(self, *given: object, **more: object) -> Studying:
        self.models.append(self.make())
        return self.models[-1]


LEARNING = [
    "day", "sorting:n=4", "--exam-items", "20", "--items", "8", "--draws", "4", "--rungs", "", "--rounds", "5",
    "--steps", "2", "--watch", "sorting", "--text-tokens", "0", "--model", "scripted",
]  # fmt: skip


@pytest.fixture
def learner(monkeypatch: pytest.MonkeyPatch) -> Kept:
    """Open a model that learns by counting, whatever model is named."""
    kept = Kept(Studying)
    monkeypatch.setattr(resolve, "open_model", kept)
    monkeypatch.setattr("nightschool.surface.nights.learner.pupils", lambda *given: Counters())
    return kept


def test_a_day_that_helps_wakes_its_night_and_json_is_one_object(
    learner: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*LEARNING, "--report", str(tmp_path / "r"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["before"]["accuracy"], told["after"]["accuracy"]) == (0.0, 1.0)
    assert told["gate"]["accepted"] is True
    assert ledger().current("studying").name == told["sleep"]["night"]
    assert told["sleep"]["steps"] == 2 * len(told["practice"]["rounds"]) + 8  # and it settles
    assert Path(told["report"]).is_file()
    assert json.loads((tmp_path / "r" / "day.json").read_text(encoding="utf-8"))["gate"] == told["gate"]


def test_the_recommended_mind_thinks(learner: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*LEARNING, "--target", "0.7", "--report", str(tmp_path / "r"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["recommendation"]["reached"] is True
    assert told["mind"] == str(tmp_path / "r" / "mind.toml")
    assert run(["think", "--mind", told["mind"], "31, 5, 12, 77", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answers"][0]["answer"] == "5, 12, 31, 77"


def stopping(learner: Kept, monkeypatch: pytest.MonkeyPatch, adapters: int) -> None:
    """Press Ctrl-C when practice begins with the `adapters`th weights."""
    loaded: list[str] = []

    class Pressed(Studying):
        def load_adapter(self, adapter: Adapter) -> None:
            super().load_adapter(adapter)
            loaded.append(adapter.name)

        def step(self) -> Progress:
            if len(loaded) == adapters:
                loaded.append("")
                raise KeyboardInterrupt
            return super().step()

    monkeypatch.setattr(learner, "make", Pressed)


def test_ctrl_c_gives_what_there_is_and_resume_goes_on(
    learner: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stopping(learner, monkeypatch, 2)
    line = [*LEARNING, "--report", str(tmp_path / "r"), "--json"]
    assert run(line) == 130
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["partial"] is True
    assert told["before"]["n"] == 20
    assert len(told["practice"]["rounds"]) == 2
    assert told["gate"]["accepted"] is False
    assert any("--resume" in note for note in told["notes"])
    assert "stopped" in err
    assert (tmp_path / "r" / "index.html").is_file()
    assert ledger().nights() == []

    monkeypatch.setattr(learner, "make", Studying)
    assert run([*line, "--resume"]) == 0
    out, err = capsys.readouterr()
    assert "resuming the night after round 2" in err
    resumed = json.loads(out)
    assert run(line) == 0
    assert json.loads(capsys.readouterr().out)["sleep"]["adapter"] == resumed["sleep"]["adapter"]


def test_sleep_builds_on_the_night_in_force(learner: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    line = [
        "sleep", "sorting:n=4", "--rounds", "3", "--watch", "sorting", "--text-tokens", "0", "--model", "scripted",
        "--json",
    ]  # fmt: skip
    assert run(line) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["gate"]["accepted"] is True
    first = ledger().current("studying")
    assert first.name == told["sleep"]["night"]
    assert run(line) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["gate"]["accepted"] is False  # nothing is left to gain
    assert ledger().current("studying") == first
    assert ledger().find(again["sleep"]["night"]).parent == first.name


def test_a_budget_holds_for_all_of_a_day(learner: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*LEARNING, "--budget", "3000tok", "--report", str(tmp_path / "r"), "--json"]) == 0
    json.loads(capsys.readouterr().out)
    assert 0 < learner.models[0].spent <= 3000


def test_where_nothing_is_solved_the_table_shows_what_came(
    learner: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(learner, "make", lambda: Studying(lambda steps: "I cannot"))
    assert run([*LEARNING, "--report", str(tmp_path / "r")]) == 0
    out, _ = capsys.readouterr()
    assert "search solved nothing at any level" in out
    assert "it said 'I cannot'" in out
    assert ledger().nights() == []


@pytest.mark.parametrize("line", [["sortin"], ["sorting", "--target", "1.5"], ["sorting", "--budget", "0tok"],
                                  ["sorting", "--rungs", "zero-shoot"], ["sorting", "--wording", "plane"],
                                  ["sorting", "--night", "abc"], ["sorting", "--report", "/dev/null/report"],
                                  ["sorting", "--watch", "arithmetik"]])  # fmt: skip
def test_no_model_is_loaded_for_a_line_that_makes_no_sense(learner: Kept, line: list[str], tmp_path: Path) -> None:
    report = [] if "--report" in line else ["--report", str(tmp_path)]
    assert run(["day", *line, "--model", "scripted", *report]) == 2
    assert learner.models == []


@pytest.mark.parametrize("command", ["day", "sleep"])
def test_a_task_that_cannot_be_practised_is_refused_before_a_model_is_loaded(
    command: str, learner: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "task.csv").write_text("input,target\n" + "".join(f"{i}?,so\n" for i in range(9)), encoding="utf-8")
    for task in ("presidents", f"file:{tmp_path}/task.csv"):
        report = ["--report", str(tmp_path / "r")] if command == "day" else []
        assert run([command, task, "--model", "scripted", *report]) == 1
        said = capsys.readouterr().err
        assert "has no verifier" in said
        assert f"nightschool exam {task}" in said
    assert "file:PATH,verifier=CRITIC" in said
    assert learner.models == []
