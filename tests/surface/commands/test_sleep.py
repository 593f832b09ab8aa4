"""`nightschool sleep` over the memories, with the exact fake in the model's place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nightschool.items import Adapter
from nightschool.models import resolve
from nightschool.models.script import Answer
from nightschool.paths import data_folder
from nightschool.remember.keep import keep
from nightschool.remember.memory import Memory, Salience
from nightschool.remember.store.sqlite import SqliteStore
from nightschool.surface.cli import run
from nightschool.think.value_head import ValueHead
from support.held_nights import ledger
from support.learners import FACT, open_learner
from support.learning import LIST, Studying, numbers

LINE = ["sleep", "--watch", "sorting:n=3", "--text-tokens", "0", "--model", "scripted"]


@pytest.fixture
def learner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open a model that learns by counting, and remember one fact and a question."""
    open_learner(monkeypatch)
    for text in (FACT, "Is it cold in Vekburg?"):
        assert run(["remember", text, "--embedder", "none", "-q"]) == 0


def test_a_dry_run_shows_what_would_be_learned_and_changes_nothing(
    learner: None, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run([*LINE, "--dry-run"]) == 0
    out, _ = capsys.readouterr()
    assert FACT in out
    assert "1 memories make" in out
    assert "left alone: 1 states nothing" in out
    assert ledger().nights() == []


def test_a_night_over_memories_is_held_and_listed_and_can_be_left_again(
    learner: None, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run([*LINE, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["accepted"] is True, told["reason"]
    assert told["night"]["task"] == "memories"
    night = ledger().current("studying")
    assert night is not None
    assert night.name == told["night"]["name"]
    assert run(["ls", "nights"]) == 0
    assert f"* {night.name}" in " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert run([*LINE]) == 0
    assert "nothing to learn" in capsys.readouterr().out
    assert run(["wake", "none"]) == 0
    assert ledger().current("studying") is None
    assert run(["wake", night.name]) == 0
    awake = ledger().current("studying")
    assert awake is not None
    assert isinstance(ledger().adapter(awake), Adapter)  # whose files hash to its name


def test_spaces_have_nights_of_their_own(learner: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*LINE, "--json"]) == 0
    capsys.readouterr()
    assert run([*LINE, "--space", "other"]) == 0
    assert "nothing to learn" in capsys.readouterr().out


def test_a_model_that_cannot_be_trained_has_memories_put_in_order_and_says_which_can(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["remember", FACT, "--embedder", "none", "-q"]) == 0
    assert run(LINE) == 0
    said = capsys.readouterr().out
    assert "put in order" in said
    assert "smollm2" in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["--until", "25:00"], "07:00"),
        (["--until", "seven"], "07:00"),
        (["--teacher", "expert"], "needs a TASK"),
        (["--teacher", "guided"], "needs a TASK"),
        (["--resume"], "needs a TASK"),
        (["--teach", "h.json", "--step", "comma"], "needs a TASK"),
        (["sorting", "--teach", "h.json"], "go together"),
        (["sorting", "--dry-run"], "leave TASK out"),
        (["--steps", "0"], "--steps"),
        (["--night", "abc"], "night"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(
    line: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sleep", *line, "--model", "scripted"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


@pytest.mark.parametrize("teacher", ["guided", "taught"])
def test_an_expert_looks_over_the_shoulder(teacher: str, learner: None, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    line = ["sleep", "sorting:n=4", "--teacher", teacher, "--rounds", "1", "--watch", "sorting:n=3"]
    assert run([*line, "--text-tokens", "0", "--model", "scripted", "--json"]) == 0
    (night,) = ledger().nights()
    lessons = ledger().lessons(night)
    assert {lesson.source for lesson in lessons} == {"expert"}
    told = json.loads(capsys.readouterr().out)
    assert told["sleep"]["lessons"] == len(lessons)
    assert "verbatim" in told["understood"] or "beyond" in told["understood"]


def sorting_or_turning(prompt: str) -> Answer:
    """Sort the numbers that are asked for, or once in four times turn them round, or say something else."""
    if not LIST.search(prompt):
        return "It rained."
    right = sorted(numbers(prompt))
    return {", ".join(map(str, right)): 0.75, ", ".join(map(str, right[::-1])): 0.25}


def test_a_night_over_a_task_leaves_a_value_head_that_a_search_takes(
    learner: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    monkeypatch.setattr(resolve, "open_model", lambda *given, **more: Studying(lambda steps: sorting_or_turning))
    file = tmp_path / "values.json"
    line = ["sleep", "sorting:n=4", "--rounds", "1", "--watch", "sorting:n=3", "--text-tokens", "0"]
    assert run([*line, "--teach", str(file), "--step", "comma", "--model", "scripted", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["values"]
    assert told["file"] == str(file), told
    head = ValueHead.read(str(file))
    assert head.taught.labels == told["beginnings"] >= 10
    assert told["right"][0] >= told["usual"] - 0.1
    search = f"beam:width=2,expand=2,split=comma,head={file}"
    assert run(["think", "--task", "sorting:n=4", "--items", "1", "--strategy", search, "--model", "scripted"]) == 0


def test_where_all_answers_end_alike_it_is_said_that_there_is_no_value_head(
    learner: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["sleep", "sorting:n=4", "--rounds", "1", "--watch", "sorting:n=3", "--text-tokens", "0"]
    assert run([*line, "--teach", str(tmp_path / "v.json"), "--step", "comma", "--model", "scripted"]) == 0
    said = capsys.readouterr().out
    assert "no value head: " in said
    assert "all their answers passed" in said
    assert not (tmp_path / "v.json").exists()


def test_where_nobody_can_go_on_it_is_said_before_a_model_is_loaded(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sleep", "chess", "--teacher", "guided", "--model", "hf:no/where"]) == 1
    assert "--teacher expert shows whole answers" in capsys.readouterr().err


@pytest.mark.slow
def test_a_model_behind_an_endpoint_has_a_night_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    with SqliteStore(data_folder() / "memories" / "default.sqlite") as store:
        for i in range(40):
            felt = Salience(reward=0.9 if i % 2 else -0.9)
            keep(store, Memory(f"Ada sold {i} loaves in {'Vekburg' if i % 2 else 'Kirmoor'}.", 1e9 + i, salience=felt))
        for turn in range(12):
            keep(store, Memory(f"Ben baked {turn} cakes.", 1.1e9 + turn, session="market", turn=turn))
    server = Path(__file__).parents[2] / "support" / "openai_server.py"
    with subprocess.Popen(
        [sys.executable, str(server)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as at:
        assert at.stdout is not None
        assert at.stdin is not None
        line = ["sleep", "--model", f"openai:{at.stdout.readline().strip()}/v1#scripted", "--json"]
        try:
            assert run(line) == 0
        finally:
            at.stdin.close()
    told = json.loads(capsys.readouterr().out)
    assert told["rested"]["summed"] == 1
    assert told["rested"]["foretold"] > 0  # by a hippocampus taught here: it needs no weights of the model's
    assert "cannot be trained here" in told["reason"]
    assert "smollm2" in told["reason"]
    assert ledger().nights() == []


def test_a_contradiction_is_told_with_what_is_learned(learner: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["remember", "Ada Molbane now lives in Kirmoor.", "--embedder", "none", "-q"]) == 0
    capsys.readouterr()
    assert run([*LINE, "--dry-run"]) == 0
    out, _ = capsys.readouterr()
    assert f"'Ada Molbane now lives in Kirmoor.' is learned, and not the older {FACT!r}" in out
