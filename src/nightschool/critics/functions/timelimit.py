"""Waiting for somebody else's function no longer than promised.

Python cannot kill a thread: what ran out of time is abandoned in a daemon thread, with an exception sent after it that
stops it as soon as it runs Python code again. Work that must truly end belongs into a process (`command`,
`python-tests`).
"""

from __future__ import annotations

import ctypes
import os
import queue
import threading
from collections.abc import Callable
from typing import Any


class OutOfTime(TimeoutError):
    """A function took longer than its time limit."""


class _Abandoned(BaseException):
    """Sent into a thread that nobody waits for any more."""


def within(timeout_s: float, work: Callable[[], Any]) -> Any:
    """Return `work()`, run in a kept thread. Raises OutOfTime, and whatever `work` raises, KeyboardInterrupt too."""
    worker = _take()
    worker.jobs.put(work)
    try:
        done, value = worker.replies.get(timeout=timeout_s)
    except queue.Empty:
        worker.abandon()
        raise OutOfTime(f"took longer than {timeout_s:g} s") from None
    except BaseException:  # Ctrl-C while waiting: the worker is busy and cannot be used again
        worker.abandon()
        raise
    with _lock:
        _idle.append(worker)
    if done:
        return value
    raise value


class _Worker(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name="nightschool-critic", daemon=True)
        self.jobs: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self.replies: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

    def run(self) -> None:
        try:
            while (work := self.jobs.get()) is not None:
                try:
                    reply = (True, work())
                except _Abandoned:
                    return
                except BaseException as error:  # SystemExit too: it is the caller's to judge
                    reply = (False, error)
                self.replies.put(reply)
                del work, reply
        except _Abandoned:
            return

    def abandon(self) -> None:
        self.jobs.put(None)
        if self.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident), ctypes.py_object(_Abandoned))


_idle: list[_Worker] = []
_lock = threading.Lock()


def _after_fork() -> None:
    """Forget threads that a fork did not take along, and a lock that nobody there will open."""
    global _lock
    _lock = threading.Lock()
    _idle.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _take() -> _Worker:
    with _lock:
        if _idle:
            return _idle.pop()
    worker = _Worker()
    worker.start()
    return worker
