"""What docs/thinking.md shows is what happens."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from nightschool.registry import names
from nightschool.surface.cli import run

DOC = (Path(__file__).parent.parent / "docs" / "thinking.md").read_text(encoding="utf-8")
JUDGE, PYTHON = re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)
LINES = re.findall(r"^\$ nightschool (.*)$", DOC, re.MULTILINE)
LINE = LINES[0]
(RESUME,) = [line for line in LINES if "--resume" in line]


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (f'{{"input": "What would you ask beekeeper {i}?"}}\n' for i in range(40))
    (tmp_path / "questions.jsonl").write_text("".join(rows))
    monkeypatch.chdir(tmp_path)


def think(judge: str, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[list[dict], str]:
    Path("judge.py").write_text(judge)
    assert run([*shlex.split(LINE), "--model", "scripted", "--items", "2", "--json", *more]) == 0
    out, err = capsys.readouterr()
    return json.loads(out)["answers"], err


def test_a_task_file_and_a_function_in_three_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(JUDGE.strip().splitlines()) == 2
    answers, _ = think(JUDGE, capsys)
    assert [a["verdict"]["passed"] for a in answers] == ["?" in a["answer"] for a in answers]
    assert all(len(a["thoughts"]) == 16 for a in answers)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise RuntimeError('out of order')", "RuntimeError: out of order"),
        ("return float('nan')", "which is not in [0, 1]"),
        ("return 7", "which is not in [0, 1]"),
        ("return 'fine'", "not a bool"),
        ("exit()", "SystemExit"),
    ],
)
def test_a_critic_that_misbehaves_is_counted_and_the_search_goes_on(
    body: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answers, err = think(f"def judge(answer):\n    {body}\n", capsys)
    for answer in answers:
        assert answer["answer"]
        assert answer["errors"]
        assert len(answer["errors"]) == answer["usage"]["judgements"]
        assert all("judge.py:judge failed on item" in error and said in error for error in answer["errors"])
    assert err.count("went wrong") == 8


def test_a_critic_that_hangs_is_left_alone(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("judge.py").write_text("import time\ndef judge(answer):\n    time.sleep(0.3)\n")
    line = shlex.split(LINE.replace("judge.py:judge", "judge.py:judge,timeout_s=0.02").replace("n=16", "n=2"))
    assert run([*line, "--model", "scripted", "--items", "1", "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)["answers"]
    assert len(answer["errors"]) == answer["usage"]["judgements"]
    assert all("took longer than 0.02 s" in error for error in answer["errors"])


def test_the_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(PYTHON.replace('"smollm2"', '"scripted"'), "thinking.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_every_strategy_is_in_the_table() -> None:
    assert set(names("strategies")) <= set(re.findall(r"^\| `([\w-]+)` \|", DOC, re.MULTILINE))


def test_resuming_without_a_run_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(shlex.split(RESUME)) == 2
    assert "no unfinished run" in capsys.readouterr().err


def test_every_line_of_learning_can_be_typed(capsys: pytest.CaptureFixture[str]) -> None:
    """The lines run as they stand, with fewer questions, the exact fake, and judgements made beforehand."""
    answering = [shlex.split(line) for line in LINES if line.startswith("think --task file:") and ">" in line]
    (asking,) = [shlex.split(line) for line in LINES if line.startswith("label ")]
    (using,) = [shlex.split(line) for line in LINES if "learned:path=" in line]
    for line in answering:
        (command, name) = line[: line.index(">")], line[line.index(">") + 1]
        assert run([*command, "--items", "20", "--model", "scripted", "-q"]) == 0
        Path(name).write_text(capsys.readouterr().out)
    assert run([*asking, "--quiet"]) == 2
    assert "no terminal" in capsys.readouterr().err
    first = json.loads(Path(asking[1]).read_text())["answers"]
    rows = ({"input": a["input"], "better": a["answer"] + " please", "worse": a["answer"]} for a in first)
    Path("labels.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert run(["label", *asking[3:]]) == 0
    assert run([*using, "--items", "2", "--model", "scripted", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert all(answer["errors"] == [] for answer in told["answers"])
