from __future__ import annotations

import signal
import sys
import time
from typing import Any

import pytest

from nightschool.surface.terminal.interrupts import no_interrupt_lost


class Finalised:
    """Something whose finaliser Ctrl-C meets."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)
        time.sleep(0)  # here it is raised, and dropped


def drop_and_wait() -> None:
    found = Finalised()
    del found
    for _ in range(500):
        time.sleep(0.01)


def test_an_interrupt_that_meets_a_finaliser_is_raised_behind_it() -> None:
    with pytest.raises(KeyboardInterrupt), no_interrupt_lost():
        drop_and_wait()


def test_what_else_cannot_be_raised_goes_where_it_went(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", seen.append)

    class Broken:
        def __del__(self) -> None:
            raise ValueError("broken")

    with no_interrupt_lost():
        found = Broken()
        del found
    assert [each.exc_type for each in seen] == [ValueError]
    assert sys.unraisablehook == seen.append
