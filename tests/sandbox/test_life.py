from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from nightschool.sandbox.life import Life, resident


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    told, telling = os.pipe()
    yield told, telling
    os.close(told)


def test_who_dies_before_telling_is_not_learned(pipe: tuple[int, int]) -> None:
    told, telling = pipe
    os.close(telling)
    life = Life(told, 1)
    life.learn()
    assert life.first is None
    assert not life.too_much_memory()
    life.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="process descriptors are Linux's")
def test_what_is_told_in_pieces_is_learned_and_killed(pipe: tuple[int, int]) -> None:
    told, telling = pipe
    outer = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    first = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    os.write(telling, b'{\n    "child-pid": ')
    os.write(telling, f"{first.pid}\n}}\n".encode())
    os.close(telling)
    life = Life(told, 1)
    life.learn()
    assert life.first == first.pid
    assert life.too_much_memory()
    life.kill(outer)
    life.close()
    assert first.wait(5) == outer.wait(5) == -9
    for process in (outer, first):
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_memory_is_that_of_all_descendants() -> None:
    own = resident(os.getpid())
    assert own > 1 << 20
    code = "import sys; x = b'x' * (64 << 20); print(flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    assert resident(os.getpid()) - own > 50 << 20
    child.communicate(b"\n")
    assert resident(2**22 + 1) == 0
