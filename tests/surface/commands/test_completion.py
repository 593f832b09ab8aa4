"""What shells complete, as they ask for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from nightschool.surface.cli import run


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert "_NIGHTSCHOOL_COMPLETE" in capsys.readouterr().out


def test_another_shell_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "bsh"]) == 2
    assert "did you mean bash" in capsys.readouterr().err


def completed(*words: str) -> list[str]:
    """Return what bash is told for the last of `words`."""
    asked = {
        "_NIGHTSCHOOL_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["nightschool", *words]),
        "COMP_CWORD": str(len(words)),
    }
    code = "import sys; sys.argv[0] = 'nightschool'; from nightschool.surface.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, env=os.environ | asked
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["ser"], "serve"),
        (["think", "--strat"], "--strategy"),
        (["think", "--strategy", "best"], "best-of-n"),
        (["exam", "sort"], "sorting"),
        (["serve", "--model", "smol"], "smollm2"),
    ],
)
def test_names_are_completed(words: list[str], found: str) -> None:
    assert found in completed(*words)
