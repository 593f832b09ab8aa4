from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from nightschool.sandbox import interpreter
from nightschool.sandbox.walls import NOBODY


def test_our_own_python_serves_where_it_can() -> None:
    found = interpreter.find(None)
    assert found is not None
    assert found.version == sys.version_info[:2]
    assert Path(found.executable).is_file()
    assert found.executable in found.binds
    assert all(Path(path).exists() for path in found.binds)
    assert all(Path(path).name in ("site-packages", "dist-packages") for path in found.hidden)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can ask as somebody else")
def test_an_interpreter_that_nobody_can_read_is_passed_over(tmp_path: Path) -> None:
    found = interpreter.find(NOBODY)
    if found is None:
        pytest.skip("no Python on this machine is readable by nobody")
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    (private / "python3").symlink_to(found.executable)
    assert interpreter._ask(str(private / "python3"), None) is not None
    assert interpreter._ask(str(private / "python3"), NOBODY) is None


def test_what_is_no_python_is_passed_over(tmp_path: Path) -> None:
    fake = tmp_path / "python3"
    fake.write_text("#!/bin/sh\necho hello\n")
    fake.chmod(0o755)
    assert interpreter._ask(str(fake), None) is None
    assert interpreter._ask(str(tmp_path / "nothing"), None) is None
