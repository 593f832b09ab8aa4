from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from nightschool.ports import Outcome
from nightschool.sandbox.bounded import run_bounded


def python(code: str, stdin: bytes = b"", timeout_s: float = 20, output_bytes: int = 1000) -> Outcome:
    argv = [sys.executable, "-I", "-S", "-c", code]
    return run_bounded(argv, stdin=stdin, timeout_s=timeout_s, output_bytes=output_bytes)


def test_output_and_status_come_back() -> None:
    outcome = python("import sys; print(sys.stdin.read()); print('no', file=sys.stderr); sys.exit(3)", b"yes")
    assert (outcome.status, outcome.stdout, outcome.stderr) == (3, b"yes\n", b"no\n")
    assert outcome.ended_by == "exit"
    assert 0 < outcome.seconds < 20


def test_more_than_a_pipe_holds_goes_both_ways() -> None:
    data = os.urandom(500_000).hex().encode()
    outcome = python("import sys; sys.stdout.write(sys.stdin.read())", data, output_bytes=2_000_000)
    assert outcome.stdout == data


def test_a_flood_is_stopped_and_its_beginning_kept() -> None:
    outcome = python("while True: print('x' * 100)", output_bytes=1000)
    assert outcome.ended_by == "output"
    assert outcome.stdout == (b"x" * 100 + b"\n") * 9 + b"x" * 91


@pytest.mark.parametrize("code", ["while True: pass", "import os, time; os.close(1); os.close(2); time.sleep(60)"])
def test_time_is_up(code: str) -> None:
    start = time.monotonic()
    outcome = python(code, timeout_s=0.5)
    assert outcome.ended_by == "timeout"
    assert outcome.status == -9
    assert time.monotonic() - start < 5


def test_a_signal_is_told() -> None:
    outcome = python("import os; os.abort()")
    assert (outcome.status, outcome.ended_by) == (-6, "signal")


def test_who_does_not_read_is_no_trouble() -> None:
    assert python("pass", b"x" * 1_000_000).status == 0


def test_nothing_is_left_open() -> None:
    before = open_files()
    for _ in range(3):
        python("pass", b"x")
    assert open_files() == before


def open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        run_bounded(["/no/such/program"], stdin=b"", timeout_s=1, output_bytes=1)
