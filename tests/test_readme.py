"""The code in the README runs, and what it shows of the command line is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_there_is_one_example_and_it_is_short() -> None:
    assert len(PYTHON) == 1
    assert len([line for line in PYTHON[0].splitlines() if line.strip()]) <= 14


def run(code: str, capsys: pytest.CaptureFixture[str]) -> str:
    exec(compile(code, "README.md", "exec"), {})
    return capsys.readouterr().out


def test_the_example_runs_on_the_exact_fake(capsys: pytest.CaptureFixture[str]) -> None:
    code = PYTHON[0].replace('"smollm2"', '"scripted"')
    assert code != PYTHON[0]
    assert re.fullmatch(r"\d+ of 20 solved", run(code, capsys).strip())


@pytest.mark.slow
def test_the_example_runs_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    said = run(PYTHON[0], capsys).strip()
    solved = re.fullmatch(r"(\d+) of 20 solved", said)
    assert solved, said
    assert int(solved[1]) >= 1  # one digit each, sixteen draws: search finds some


def test_the_make_targets_it_names_exist() -> None:
    makefile = (Path(__file__).parent.parent / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^\$ make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
