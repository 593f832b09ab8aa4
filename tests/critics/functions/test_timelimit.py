from __future__ import annotations

import os
import sys
import threading
import time

import pytest

from nightschool.critics.functions.timelimit import OutOfTime, within


def test_it_returns_and_raises_what_the_work_does() -> None:
    assert within(5, lambda: 42) == 42
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)
    with pytest.raises(SystemExit):
        within(5, lambda: sys.exit(3))


def test_it_waits_no_longer_than_promised_and_the_loop_ends() -> None:
    stopped = threading.Event()

    def spin() -> None:
        try:
            while True:
                time.sleep(0.001)
        finally:
            stopped.set()

    start = time.monotonic()
    with pytest.raises(OutOfTime, match=r"longer than 0.05 s"):
        within(0.05, spin)
    assert time.monotonic() - start < 2
    assert stopped.wait(5), "the abandoned loop still runs"


def test_threads_are_kept_and_not_piled_up() -> None:
    within(5, lambda: None)
    before = threading.active_count()
    for _ in range(200):
        within(5, lambda: None)
    assert threading.active_count() <= before


def test_a_worker_can_wait_for_another() -> None:
    assert within(5, lambda: within(5, lambda: "inner")) == "inner"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_has_threads_of_its_own() -> None:
    assert within(5, lambda: 1) == 1
    child = os.fork()
    if not child:
        status = 1
        try:
            status = 0 if within(5, lambda: 2) == 2 else 2
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
