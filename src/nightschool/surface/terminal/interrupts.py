"""Ctrl-C that is never lost: where it meets a finaliser or a callback, Python drops it, and it is pressed again."""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

_AGAIN_S = 0.05  # at once would be within the very hook, where it is dropped as well


@contextmanager
def no_interrupt_lost() -> Iterator[None]:
    """Raise KeyboardInterrupt anew inside, a moment later, wherever one could not be raised."""
    before = sys.unraisablehook

    def hook(unraisable: Any) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            again = threading.Timer(_AGAIN_S, _thread.interrupt_main)
            again.daemon = True
            with suppress(RuntimeError):  # no thread begins once the interpreter ends
                again.start()
        else:
            before(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before
