from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from nightschool.critics.command import Command
from nightschool.critics.judging import judge
from nightschool.errors import BadSpec
from nightschool.items import Item, Verdict

ITEM = Item("i", {"q": "x"}, "secret", "k", ("a", "b"))


def python(code: str, **how: object) -> Command:
    return Command([sys.executable, "-I", "-S", "-c", code], **how)  # type: ignore[arg-type]


def test_the_exit_code_is_a_verdict_and_the_output_is_feedback() -> None:
    assert judge(python("pass"), ITEM, "x") == Verdict(1.0, True)
    assert judge(python("print('Too long.'); raise SystemExit(1)"), ITEM, "x") == Verdict(0.0, False, "Too long.")
    assert judge(python("raise SystemExit(1)"), ITEM, "x") == Verdict(0.0, False)
    noisy = "import sys; print('loading', file=sys.stderr); print('Too long.'); raise SystemExit(1)"
    assert judge(python(noisy), ITEM, "x") == Verdict(0.0, False, "Too long.")


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ({"score": 0.5, "feedback": "Half."}, Verdict(0.5, False, "Half.")),
        ({"passed": True}, Verdict(1.0, True)),
        ({"score": 0.8, "passed": True}, Verdict(0.8, True)),
        ({"score": 1}, Verdict(1.0, True)),
    ],
)
def test_json_is_a_verdict(said: dict[str, object], verdict: Verdict) -> None:
    assert judge(python(f"print({json.dumps(said)!r})"), ITEM, "x") == verdict


def test_it_is_told_the_item_and_the_answer(tmp_path: Path) -> None:
    said = tmp_path / "said"
    code = f"import sys; open({str(said)!r}, 'w').write(sys.stdin.read())"
    judge(python(code), ITEM, 'a "b"\ud800\n')
    item = {"id": "i", "inputs": {"q": "x"}, "target": None, "choices": ["a", "b"]}
    assert json.loads(said.read_text()) == {"item": item, "answer": 'a "b"\ud800\n'}
    judge(python(code, sight="reference"), ITEM, "x")
    assert json.loads(said.read_text())["item"]["target"] == "secret"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise SystemExit(3)", "it ended with status 3"),
        ("raise ValueError('broken')", "it ended with status 1: Traceback"),
        ("import os; os.abort()", "it ended with status -6"),
        ("print('{')", "its output is not JSON"),
        ("print('{}')", "neither score nor passed"),
        ("""print('{"score": NaN}')""", "its score is nan"),
        ("""print('{"score": 7}')""", "its score is 7"),
        ("""print('{"score": true}')""", "its score is True"),
        ("""print('{"error": "no network"}')""", "no network"),
        ("print('x' * 2_000_000)", "it wrote more than 1 MiB"),
        ("import time; time.sleep(60)", "it took longer than 0.5 s"),
    ],
)
def test_a_command_that_fails_is_an_error(code: str, why: str) -> None:
    verdict = judge(python(code, limit_s=0.5 if "sleep" in code else 20), ITEM, "x")
    assert verdict.error is not None
    assert why in verdict.error


def test_out_of_time_ends_its_children_too(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    child = f"import time; time.sleep(1.5); open({str(mark)!r}, 'w')"
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}]).wait()"
    assert judge(python(code, limit_s=0.5), ITEM, "x").error is not None
    time.sleep(1.8)
    assert not mark.exists()


def test_an_answer_that_the_command_does_not_read_is_no_trouble() -> None:
    assert judge(python("pass"), ITEM, "x" * 3_000_000).passed


def test_programs_that_are_not_there() -> None:
    for run in ("no-such-program-anywhere", "", "'unclosed"):
        with pytest.raises(BadSpec):
            Command(run)
