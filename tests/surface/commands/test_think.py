"""`nightschool think` with the exact fake in the model's place."""

from __future__ import annotations

import contextlib
import io
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nightschool import paths
from nightschool.asks import Progress
from nightschool.models.scripted import Scripted
from nightschool.surface.cli import run

SAYS_42 = ["--model", "scripted:answers=42"]
BEAM = "beam:width=2,expand=8,split=tokens,step_tokens=1"


def test_the_answer_alone_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["think", "six times seven?", *SAYS_42]) == 0
    out, err = capsys.readouterr()
    assert out == "42\n"
    assert "think" in err


def test_a_model_without_a_chat_template_is_refused_before_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nightschool.models.resolve.open_model", lambda *_, **__: pytest.fail("it was loaded"))
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer_config.json").write_text("{}")
    for name in ("gemma3-270m", str(tmp_path)):
        assert run(["think", "six times seven?", "--model", name]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert f"{name} lacks 'chat', which single needs here" in err


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


def test_what_a_limit_cut_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["think", "--task", "sorting:n=3", "--items", "3", "--model", "scripted:answers=longer"]
    assert run([*line, "--max-tokens", "4"]) == 0
    assert capsys.readouterr().err.count("3 of 3 answers are cut at 4 tokens; --max-tokens allows more") == 1
    assert run([*line, "--budget", "12tok", "--max-tokens", "8"]) == 0
    err = capsys.readouterr().err
    assert err.count("the budget ended ") == err.count(" of 3 searches; ") == 1


def test_an_answer_that_did_not_pass_is_called_that(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["think", "?", *SAYS_42, "--strategy", "best-of-n:n=2", "--critic"]
    assert run([*line, "contains:text=43"]) == 0
    out, err = capsys.readouterr()
    assert out == "42\n"
    assert "no answer passed; the best one:  [score 0" in err
    assert run([*line, "contains:text=42"]) == 0
    assert "passed" not in capsys.readouterr().err


def test_a_critic_that_is_missing_is_said_before_a_model_is_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nightschool.models.resolve.open_model", lambda *_, **__: pytest.fail("it was loaded"))
    assert run(["think", "?", "--strategy", "best-of-n"]) == 2
    assert "needs a verifier" in capsys.readouterr().err
    assert run(["think", "?", "--strategy", "best-of-n", "--critic", "exact"]) == 2
    assert "sees the target" in capsys.readouterr().err


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


def test_a_critic_of_steps_prunes_what_cannot_become_right(capsys: pytest.CaptureFixture[str]) -> None:
    def gone_on(*more: str) -> set[str]:
        """Return the beginnings, a letter longer each time, that were gone on from."""
        line = ["think", "any of abcdefgh", "--model", "scripted", "--max-tokens", "12", "--strategy", BEAM, "--json"]
        assert run([*line, *more]) == 0
        [answer] = json.loads(capsys.readouterr().out)["answers"]
        written = {thought["id"]: thought["answer"] for thought in answer["thoughts"]}
        return {written[thought["parent"]] for thought in answer["thoughts"] if thought["parent"] is not None}

    assert any("a" in beginning for beginning in gone_on())
    kept = gone_on("--step-critic", "regex:pattern=[^a]*")
    assert kept
    assert not any("a" in beginning for beginning in kept)


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
        (["?", "--step-critic", "regexp:pattern=a", "--strategy", "beam"], "regex"),
        (["?", "--step-critic", "regex:pattern=a", "--strategy", "vote"], "judges no steps"),
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


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (",exam_only=true", "all 3 items are kept for the exam"),
        ("", "none of the 3 items falls to practice"),
    ],
)
def test_a_file_without_practice_items_is_refused_before_anything_is_loaded(
    settings: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("nightschool.models.resolve.open_model", lambda *_, **__: pytest.fail("it was loaded"))
    file = tmp_path / "q.jsonl"
    rows = [{"input": f"{i}?", "target": "a", "split": "tune"} for i in range(3)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run(["think", "--task", f"file:{file}{settings}", *SAYS_42]) == 2
    assert why in capsys.readouterr().err


def test_a_key_that_is_no_unicode_is_a_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(
        "".join(json.dumps({"input": f"{i}?", "target": "42", "key": f"k\ud800{i}"}) + "\n" for i in range(9))
    )
    assert run(["think", "--task", f"file:{file}", "--items", "1", *SAYS_42]) == 0
    assert "42" in capsys.readouterr().out


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
        (["?", "--step-critic", "numeric"], "--step-critic"),
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


def unfinished() -> list[Path]:
    return sorted((paths.data_folder() / "thinking").glob("*"))


def test_a_run_that_ends_leaves_no_record() -> None:
    assert run(["think", "six times seven?", *SAYS_42, "-q"]) == 0
    assert unfinished() == []


class Killed(BaseException):
    """What no code of ours catches."""


LINE = ["think", "--task", "sorting:n=3", "--items", "6", "--model", "scripted", "--strategy", "mcts:n=12,split=comma"]


def killed_after(steps: int, monkeypatch: pytest.MonkeyPatch, line: list[str] | None = None) -> None:
    whole = Scripted.step
    left = iter(range(steps))

    def step(self: Scripted) -> Progress:
        if next(left, None) is None:
            raise Killed
        return whole(self)

    with monkeypatch.context() as patch:
        patch.setattr(Scripted, "step", step)
        with pytest.raises(Killed):
            run(line or [*LINE, "--seed", "3", "--budget", "3000tok"])


def test_a_killed_run_goes_on_to_the_same_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*LINE, "--seed", "3", "--budget", "3000tok", "--json", "-q"]) == 0
    undisturbed = json.loads(capsys.readouterr().out)
    killed_after(150, monkeypatch)
    [record] = unfinished()
    capsys.readouterr()
    assert run(["think", "--resume", record.name, "--json"]) == 0
    out, err = capsys.readouterr()
    assert "were on record and were not sampled again" in err
    resumed = json.loads(out)
    for told in (undisturbed, resumed):
        for each in told["answers"]:
            del each["usage"]["seconds"]
    assert resumed == undisturbed
    assert unfinished() == []


def test_runs_that_were_killed_are_listed_and_given_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*line: str) -> dict[str, Any]:
        capsys.readouterr()
        assert run([*line, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    assert told("ls", "runs") == {"runs": []}
    assert told("think", "--drop", "all") == {"dropped": []}
    for _ in range(3):
        killed_after(20, monkeypatch)
    runs = told("ls", "runs")["runs"]
    assert [one["task"] for one in runs] == ["sorting:n=3"] * 3
    assert all(one["resumable"] for one in runs)
    names = [one["name"] for one in runs]
    (unfinished()[0].parent / names[0] / "run.json").write_text("{", encoding="utf-8")
    assert run(["ls", "runs"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in names)
    assert "cannot be read" in out
    assert "mcts:n=12,split=comma" in out
    with monkeypatch.context() as patch:
        patch.setattr("nightschool.surface.thinking.unfinished_runs.code_version", lambda: "0.0+changed")
        assert not any(one.get("resumable") for one in told("ls", "runs")["runs"])
    assert run(["think", "--drop", "nothing"]) == 2
    assert "nightschool ls runs" in capsys.readouterr().err
    assert run(["think", "what?", "--drop", names[0]]) == 2
    assert "settles TEXT" in capsys.readouterr().err
    assert len(unfinished()) == 3
    assert told("think", "--drop", names[0]) == {"dropped": [names[0]]}
    assert told("think", "--drop", "last") == {"dropped": [names[2]]}
    assert told("think", "--drop", "all") == {"dropped": [names[1]]}
    assert unfinished() == []


def test_what_is_not_the_same_run_is_refused_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    killed_after(20, monkeypatch)
    capsys.readouterr()
    assert run(["think", "--resume", "last", "--model", "scripted:answers=42"]) == 2
    assert "the model is scripted:answers=42 and was scripted" in capsys.readouterr().err
    assert run(["think", "--resume", "last", "--seed", "4"]) == 2
    assert "settles --seed" in capsys.readouterr().err
    assert run(["think", "--resume", "nothing"]) == 2
    assert "no unfinished run called 'nothing'" in capsys.readouterr().err
    monkeypatch.setattr("nightschool.surface.thinking.resume.code_version", lambda: "0.0+changed")
    monkeypatch.setattr("nightschool.models.resolve.open_model", lambda *_, **__: pytest.fail("it was loaded"))
    assert run(["think", "--resume", "last"]) == 2
    assert "the code version is 0.0+changed" in capsys.readouterr().err
    assert len(unfinished()) == 1


def test_a_mind_that_was_killed_goes_on_and_a_changed_one_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mind.toml"
    file.write_text(MIND.replace('model = "scripted:answers=42"', 'model = "scripted"'))
    line = ["think", "six times seven", "--mind", str(file), "--seed", "5"]
    assert run([*line, "--json", "-q"]) == 0
    undisturbed = json.loads(capsys.readouterr().out)["answers"][0]["answer"]
    killed_after(4, monkeypatch, line)
    assert len(unfinished()) == 1
    text = file.read_text()
    file.write_text(text.replace("What is", "What, then, is"))
    assert run(["think", "--resume", "last"]) == 2
    assert "begin it anew" in capsys.readouterr().err
    file.write_text(text)
    assert run(["think", "--resume", "last", "--json"]) == 0
    out, err = capsys.readouterr()
    assert "were on record" in err
    assert json.loads(out)["answers"][0]["answer"] == undisturbed
    assert unfinished() == []


def test_what_thinking_again_made_of_a_draft_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["think", "--task", "sorting:n=2,high=12", "--items", "12", "--model", "scripted", "--max-tokens", "12"]
    assert run([*line, "--strategy", "monologue:tokens=8,draft=true", "--json"]) == 0
    out, err = capsys.readouterr()
    turns = [answer["turn"] for answer in json.loads(out)["answers"]]
    assert set(turns) <= {"kept", "mended", "broken", "missed"}
    assert f"thinking again: {turns.count('mended')} mended, {turns.count('broken')} broken" in err
    assert run([*line, "--items", "1"]) == 0
    assert "thinking again" not in capsys.readouterr().err


def test_a_file_that_changed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f'{{"input": "What follows {i}?", "target": {i + 1}}}' for i in range(60)]
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(rows))
    line = ["think", "--task", f"file:{file}", "--model", "scripted", "--strategy", "vote:n=3"]
    with monkeypatch.context() as patch:
        patch.setattr(Scripted, "step", _raise)
        with pytest.raises(Killed):
            run(line)
    file.write_text("\n".join(rows).replace("follows", "comes after"))
    capsys.readouterr()
    assert run(["think", "--resume", "last"]) == 2
    assert "the task is" in capsys.readouterr().err


def _raise(self: Scripted) -> Progress:
    raise Killed


def grown() -> int:
    """Return how many bytes the record has by now; files may go at any moment."""
    size = 0
    for file in (paths.data_folder() / "thinking").glob("*/draws.jsonl"):
        with contextlib.suppress(FileNotFoundError):
            size += file.stat().st_size
    return size


BAD = """
import time
calls = []
def raises(answer): raise LookupError("no such thing")
def hangs(answer): time.sleep(30)
def nan(answer): return float("nan")
def high(answer): return 1.5
def odd(answer): return {"score": 1}
def second(answer):
    calls.append(answer)
    if len(calls) % 2: raise LookupError("no such thing")
    return True
"""


@pytest.mark.parametrize(
    ("critic", "why"),
    [
        ("raises", "LookupError: no such thing"),
        ("hangs,timeout_s=0.1", "0.1 s"),
        ("nan", "nan"),
        ("high", "1.5, which is not in [0, 1]"),
        ("odd", "returned dict"),
    ],
)
def test_a_bad_critic_is_named_and_counted_and_the_search_goes_on(
    critic: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.py").write_text(BAD)
    line = ["think", "what now?", "--model", "scripted", "--max-tokens", "6", "--strategy", "best-of-n:n=5"]
    assert run([*line, "--critic", f"callable:path={tmp_path}/bad.py:{critic}", "--json"]) == 0
    out, err = capsys.readouterr()
    [answer] = json.loads(out)["answers"]
    assert answer["answer"]
    assert answer["stopped"] == "done"
    assert answer["verdict"]["error"] in answer["errors"]
    assert len(answer["errors"]) == answer["usage"]["judgements"] == len({t["answer"] for t in answer["thoughts"]}) > 3
    for error in answer["errors"]:
        assert f"bad.py:{critic.partition(',')[0]} failed on item typed, answer " in error
        assert why in error
    assert err.count("went wrong: critic callable") == 3
    assert f"went wrong {len(answer['errors'])} times" in err
    (tmp_path / "q.jsonl").write_text("".join(f'{{"input": "what now, {i}?"}}\n' for i in range(20)))
    task = ["think", "--task", f"file:{tmp_path}/q.jsonl", "--items", "1", *line[2:]]
    assert run([*task, "--critic", f"callable:path={tmp_path}/bad.py:{critic}"]) == 0
    [told] = capsys.readouterr().out.splitlines()
    assert "[critic failed: " in told
    assert why in told


def test_a_critic_that_fails_now_and_then_is_heard_where_it_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.py").write_text(BAD)
    line = ["think", "what now?", "--model", "scripted", "--max-tokens", "6", "--strategy", "best-of-n:n=5"]
    assert run([*line, "--critic", f"callable:path={tmp_path}/bad.py:second", "--json"]) == 0
    [answer] = json.loads(capsys.readouterr().out)["answers"]
    assert answer["verdict"]["passed"] is True
    assert 0 < len(answer["errors"]) < answer["usage"]["judgements"]


@pytest.mark.parametrize("text", ["\x00\x1b[2J\r\x07\x9b2J", "x" * 1_000_000, "\udcff\udc80 said", "\ufffd"])
@pytest.mark.parametrize("how", [[], ["--json"], ["-v", "--strategy", "best-of-n:n=2", "--critic", "regex:pattern=q"]])
def test_strange_answers_harm_nothing(
    text: str, how: list[str], monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    says = Scripted(rule=lambda _, written: {"": 1.0} if written else {text: 1.0})
    monkeypatch.setattr("nightschool.models.resolve.open_model", lambda *_, **__: says)
    assert run(["think", "what now?", *how]) == 0
    out, err = capfdbinary.readouterr()
    said = out.decode("utf-8")  # strictly
    if "--json" in how:
        assert json.loads(said)["answers"][0]["answer"] == text.strip()
        assert not any(0x7F <= ord(c) < 0xA0 for c in said)
    else:
        assert said == "".join(f"\\u{ord(c):04x}" if 0xD800 <= ord(c) < 0xE000 else c for c in text.strip()) + "\n"
    assert not any(c in err.decode("utf-8") for c in "\x00\x1b\x9b\x07")
    assert unfinished() == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_is_shown_control_characters_as_escapes(tmp_path: Path) -> None:
    import os
    import pty

    ours, theirs = pty.openpty()
    line = ["think", "what now?", "--model", "scripted:answers=a\x1b[2Jb", "-q"]
    done = subprocess.Popen([sys.executable, "-m", "nightschool", *line], stdout=theirs)
    assert done.wait(60) == 0
    os.close(theirs)
    assert os.read(ours, 1000) == b"a\\x1b[2Jb\r\n"
    os.close(ours)


@pytest.mark.slow
def test_kill_9_at_random_points(tmp_path: Path) -> None:
    """A real process is killed whenever its record has grown some more, until it ends by itself."""
    line = [sys.executable, "-m", "nightschool", "think"]
    how = ["--items", "8", "--model", "scripted", "--strategy", "mcts:n=40,split=comma", "--json", "-q"]
    long, again = ["--task", "sorting:n=6", *how], ["--resume", "last", "--json", "-q"]
    calm = subprocess.run([*line, *long], capture_output=True, text=True, check=True, timeout=120)
    dice, kills = random.Random(5), 0
    while True:
        with (tmp_path / "out").open("w") as file:
            process = subprocess.Popen([*line, *(again if kills else long)], stdout=file)
        enough = grown() + dice.randint(5_000, 40_000)
        while process.poll() is None and (kills >= 5 or grown() < enough):
            time.sleep(0.005)
        if process.poll() is not None:
            assert process.returncode == 0
            break
        process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL
        kills += 1
    out = (tmp_path / "out").read_text()
    assert kills >= 2
    one, other = json.loads(calm.stdout), json.loads(out)
    for told in (one, other):
        for each in told["answers"]:
            del each["usage"]["seconds"]
    assert one == other
