"""`nightschool exam` with the exact fake in the model's place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nightschool.drive import Drive
from nightschool.models.scripted import Scripted
from nightschool.surface.cli import run

SMALL = ["exam", "sorting:n=3,low=1,high=9", "--items", "12", "--model", "scripted"]


def test_json_has_a_row_for_each_rung(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = [*SMALL, "--rungs", "zero-shot,search:n=4", "--wordings", "1", "--report", str(tmp_path / "r"), "--json"]
    assert run(line) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["task"].startswith("sorting:n=3")
    assert len(told["rungs"]) >= 3  # the plain question, and best of 1 to 4
    for row in told["rungs"]:
        assert {"name", "accuracy", "low", "high", "n", "tokens", "seconds"} <= row.keys()
        assert row["n"] == 12
        assert row["low"] <= row["accuracy"] <= row["high"]
    assert Path(told["report"]).is_file()
    assert (tmp_path / "r" / "index.html").is_file()


def test_the_table_is_on_stdout_and_the_rest_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SMALL, "--rungs", "control,lora", "--report", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert "control" in out
    assert "lora: not to be had: this model cannot" in out or "lora: not to be had: no adapter" in out
    assert f"report: {tmp_path / 'index.html'}" in err


def test_ctrl_c_keeps_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = Drive.run
    runs: list[int] = []

    def interrupted(self: Drive, *given: object, **more: object) -> object:
        runs.append(1)
        if len(runs) == 2:
            raise KeyboardInterrupt
        return ran(self, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Drive, "run", interrupted)
    line = [*SMALL, "--rungs", "control,zero-shot,few-shot", "--report", str(tmp_path), "--json"]
    assert run(line) == 130
    told = json.loads(capsys.readouterr().out)
    assert told["partial"] is True
    assert {row["rung"] for row in told["rungs"]} == {"control"}
    assert (tmp_path / "index.html").is_file()
    monkeypatch.setattr(Drive, "run", ran)
    assert run(line) == 0  # the same line again goes on where it was
    out, err = capsys.readouterr()
    assert json.loads(out)["partial"] is False
    assert "from an earlier sitting" in err


def test_a_second_run_asks_the_model_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rungs = "zero-shot,few-shot,monologue,vote:n=4,search:n=4"
    line = [*SMALL, "--rungs", rungs, "--look", "truth-rank", "--report", str(tmp_path), "--json"]
    assert run(line) == 0
    first = json.loads(capsys.readouterr().out)
    monkeypatch.setattr(Scripted, "submit", lambda self, asks: pytest.fail("asked again"))
    assert run(line) == 0
    second = json.loads(capsys.readouterr().out)
    kept = ("name", "accuracy", "low", "high", "n", "tokens", "prompt_tokens")
    assert [[row[k] for k in kept] for row in first["rungs"]] == [[row[k] for k in kept] for row in second["rungs"]]


def test_without_a_cache_it_asks_again_and_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    submit = Scripted.submit
    monkeypatch.setattr(Scripted, "submit", lambda self, asks: asked.append(len(asks)) or submit(self, asks))
    line = [*SMALL, "--rungs", "zero-shot", "--wordings", "1", "--report", str(tmp_path), "--no-cache"]
    assert [run(line), run(line)] == [0, 0]
    assert asked
    assert asked[: len(asked) // 2] == asked[len(asked) // 2 :]
    assert not (tmp_path / "draws.sqlite").exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["sortin"], "sorting"),
        (["sorting:m=3"], "'m'"),
        (["sorting", "--rungs", "zero-shoot"], "zero-shot"),
        (["sorting", "--rungs", "zero-shot:words=3"], "wordings"),
        (["sorting", "--rungs", ","], "--rungs"),
        (["sorting", "--rungs", "few-shot", "--wordings", "2"], "zero-shot"),
        (["sorting", "--wording", "plane"], "wording"),
        (["sorting", "--items", "0"], "--items"),
        (["sorting", "--budget", "0s"], "budget"),
        (["sorting", "--budget", "3"], "budget"),
        (["sorting", "--night", "abc"], "night"),
        (["sorting", "--model", "scriptd"], "scripted"),
        (["sorting", "--report", "/dev/null/report"], "--report"),
        (["file:/nowhere/questions.jsonl"], "/nowhere/questions.jsonl"),
        ([], "TASK"),
    ],
)
def test_what_makes_no_sense_is_refused_before_a_model_is_loaded(
    line: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = [] if "--model" in line else ["--model", "scripted"]
    report = [] if "--report" in line else ["--report", str(tmp_path)]
    assert run(["exam", *line, *model, *report]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


def test_a_file_with_a_broken_line_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text('{"input": "1+1", "target": "2"}\n{"input": "1+2", "target"\n')
    assert run(["exam", f"file:{file}", "--model", "scripted", "--report", str(tmp_path / "r")]) == 2
    err = capsys.readouterr().err
    assert f"{file}" in err
    assert "2" in err
    assert not (tmp_path / "r" / "index.html").exists()


BROKEN = {
    "the same twice": (({"input": "a", "target": "x"}, {"input": "A ", "target": "x"}), "line 2: is the same item"),
    "practised and examined": (
        ({"input": "a", "target": "x", "split": "train"}, {"input": "a", "target": "x", "split": "test"}),
        "line 2: is an item of exam, but line 1, of the same key, is an item of practice",
    ),
    "no target": (({"input": "a", "target": "x"}, {"input": "b", "target": ""}), "line 2: 'target' is empty"),
    "choices without it": (
        ({"input": "a", "target": "x", "choices": ["x", "y"]}, {"input": "b", "target": "z", "choices": ["x", "y"]}),
        "line 2: the target 'z' is none of the choices x, y",
    ),
    "mixed types": (
        ({"input": "a", "target": "x"}, {"input": "b", "target": "y"}, {"input": "c", "target": 3}),
        "line 3:",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_sets_are_refused_with_their_lines(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, said = BROKEN[kind]
    path = tmp_path / "broken.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run(["exam", f"file:{path}", "--model", "scripted", "--report", str(tmp_path / "r")]) != 0
    out, err = capsys.readouterr()
    assert said in err
    assert "line 1: is" not in err
    assert not out
    assert not (tmp_path / "r" / "index.html").exists()


@pytest.mark.parametrize(("answer", "called"), [("\n", "answers nothing"), ("7", "says the same everywhere")])
def test_a_silent_or_stuck_model_is_called_that(
    answer: str, called: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nightschool.models.resolve.open_model", lambda *_, **__: Scripted(answer))
    assert run([*SMALL, "--rungs", "zero-shot", "--wordings", "1", "--report", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert f"{called}, 0.0% right" in out
    assert "items make every interval at most 5 points wide" in err  # and 12 are too few for any claim
    assert called in (tmp_path / "index.html").read_text()
