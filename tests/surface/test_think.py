"""`nightschool think` with the exact fake in the model's place."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from nightschool.surface.cli import run

SAYS_42 = ["--model", "scripted:answers=42"]


def test_the_answer_alone_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["think", "six times seven?", *SAYS_42]) == 0
    out, err = capsys.readouterr()
    assert out == "42\n"
    assert "think" in err


def test_quiet_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["think", "six times seven?", *SAYS_42, "-q"]) == 0
    assert capsys.readouterr() == ("42\n", "")


def test_json_is_one_object_with_every_thought(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["think", "?", *SAYS_42, "--strategy", "best-of-n:n=3", "--critic", "regex:pattern=[0-9]+", "--json"]
    assert run(line) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["strategy"] == "best-of-n:n=3"
    [answer] = told["answers"]
    assert answer["answer"] == "42"
    assert answer["verdict"]["passed"] is True
    assert len(answer["thoughts"]) == 3
    assert answer["usage"]["sampled_tokens"] == 9  # two characters and the end, three times


def test_the_same_seed_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for seed in ("1", "1", "2"):
        assert (
            run(["think", "hear this and babble", "--model", "scripted", "--strategy", "vote:n=3", "--seed", seed]) == 0
        )
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] != said[2]


def test_stdin_is_read_for_a_dash(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("six times seven?"))
    assert run(["think", "-", *SAYS_42, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answers"][0]["input"] == {"text": "six times seven?"}


def test_verbose_draws_the_tree_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["think", "?", *SAYS_42, "--strategy", "best-of-n:n=2", "--critic", "contains:text=43", "-v"]
    assert run(line) == 0
    out, err = capsys.readouterr()
    assert out == "42\n"
    assert "best-of-n:n=2: 2 thoughts" in err
    assert "* 42" in err


def test_an_answer_cut_short_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["think", "?", "--model", "scripted:answers=longer than that", "--max-tokens", "4"]) == 0
    out, err = capsys.readouterr()
    assert out == "long\n"
    assert "cut at 4 tokens" in err


def test_practice_items_of_a_task_are_answered_and_judged(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["think", "--task", "sorting:n=3", "--items", "2", *SAYS_42]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all("-> 42  [score" in line for line in lines)


def test_a_budget_that_ends_the_search_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["think", "?", *SAYS_42, "--strategy", "best-of-n:n=4", "--critic", "contains:text=4", "--budget", "1tok"]
    assert run(line) == 0
    out, err = capsys.readouterr()
    assert out == "4\n"
    assert "the budget ended the search" in err


def test_no_answer_is_an_exit_code_and_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["think", "?", "--model", "scripted:context_tokens=100", "--max-tokens", "50", "--json"]
    assert run(line) == 0
    assert run(["think", "a long question " * 10, *line[2:]]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out.splitlines()[1])["answers"][0]["answer"] is None
    assert "context" in err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ([], "TEXT"),
        (["?", "--task", "sorting"], "not both"),
        ([" "], "empty"),
        (["?", "--items", "3"], "--task"),
        (["?", "--wording", "plain"], "--task"),
        (["--task", "sorting", "--system", "x"], "--system"),
        (["?", "-v", "-q"], "contradict"),
        (["?", "--strategy", "best-of-m"], "best-of-n"),
        (["?", "--strategy", "best-of-n:m=3"], "'m'"),
        (["?", "--strategy", "best-of-n:n=0"], "n"),
        (["?", "--strategy", "best-of-n"], "verifier"),
        (["?", "--strategy", "best-of-n", "--critic", "exact"], "sees the target"),
        (["?", "--critic", "regexp:pattern=a"], "regex"),
        (["?", "--critic", "not(numeric; numeric)"], "one critic"),
        (["?", "--model", "scriptid"], "scripted"),
        (["?", "--budget", "0tok"], "budget"),
        (["?", "--budget", "2usd"], "price"),
        (["--task", "sortin"], "sorting"),
        (["--task", "sorting:n=one"], "n"),
        (["--task", "sorting", "--wording", "nothing-like-it"], "wording"),
        (["--task", "file:/nowhere/questions.jsonl"], "/nowhere/questions.jsonl"),
        (["?", "--temperature", "-1"], "--temperature"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(
    line: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    model = [] if "--model" in line else SAYS_42
    assert run(["think", *line, *model]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert len([text for text in err.splitlines() if text.startswith("nightschool: ")]) == 1


MIND = """
nightschool = 1
model = "scripted:answers=42"
strategy = "best-of-n:n=2"
critic = "contains:text=4"

[prompt]
user = "What is {question}?"
"""


def test_a_mind_answers_its_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mind.toml"
    file.write_text(MIND)
    assert run(["think", "six times seven", "--mind", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["model"] == "scripted:answers=42"
    assert told["strategy"] == "best-of-n:n=2"
    assert told["answers"][0]["input"] == {"question": "six times seven"}
    assert told["answers"][0]["answer"] == "42"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["?", "--strategy", "vote"], "--strategy"),
        (["?", "--model", "scripted"], "--model"),
        (["?", "--max-tokens", "9"], "--max-tokens"),
        (["--task", "sorting"], "--task"),
        ([""], "empty"),
        ([], "TEXT"),
    ],
)
def test_what_a_mind_settles_is_not_settled_twice(
    line: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mind.toml"
    file.write_text(MIND)
    assert run(["think", *line, "--mind", str(file)]) == 2
    assert said in capsys.readouterr().err


def test_a_mind_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["think", "?", "--mind", "/nowhere/mind.toml"]) == 2
    assert "/nowhere/mind.toml" in capsys.readouterr().err
