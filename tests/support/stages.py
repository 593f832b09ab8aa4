"""A command in a process of its own, followed by what it says that it does."""

from __future__ import annotations

import subprocess

import pytest


def await_stage(process: subprocess.Popen[str], stage: str) -> None:
    """Return as soon as `process` says that `stage` begins; fail the test with all that it said where it never does."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if line.startswith(stage):
            return
    pytest.fail("".join(seen))
