"""Sandboxes that stay warm between runs: a run costs a few forks in place of a whole start.

A run has what `Bubblewrap` gives it: its own processes, IPC, /tmp, limits, filter and no capability, none of which
outlives it (`zygote_inside` says how). Runs that follow each other in one sandbox share its network namespace, which
has no interface, and the random layout of memory and seed of hashes that its Python began with. A run that had to be
ended takes its sandbox with it.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Mapping, Sequence
from functools import cache

from nightschool.ports import Outcome
from nightschool.sandbox.bubblewrap import Bubblewrap
from nightschool.sandbox.limits import Limits
from nightschool.sandbox.zygote import Gone, Zygote


class Warm:
    """A `Sandbox` of warm ones, as many as are in use at once; usable from any thread.

    While there are cores for it, as many again stand by, so that no run waits for the one before to be cleared away.

    cold: why runs take a fresh sandbox each, where a warm one cannot be had on this machine, else None.
    Raises MissingDependency where there is no sandbox at all.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._fresh = Bubblewrap(limits)
        self.limits = self._fresh.limits
        self.cold: str | None = None
        self._idle: list[Zygote] = []
        self._busy = 0
        self._lock = threading.Lock()
        self._owner = os.getpid()
        atexit.register(self.close)

    def run(self, argv: Sequence[str], *, stdin: bytes, files: Mapping[str, bytes], timeout_s: float) -> Outcome:
        """Return what came of `argv`, as `Bubblewrap.run` does. Raises ValueError for a path that leaves the folder."""
        zygote = self._take()
        if zygote is not None:
            try:
                return zygote.run(argv, stdin=stdin, files=files, timeout_s=timeout_s)
            except Gone:  # the next one is a new one
                pass
            finally:
                self._put_back(zygote)
        return self._fresh.run(argv, stdin=stdin, files=files, timeout_s=timeout_s)

    def _take(self) -> Zygote | None:
        with self._lock:
            if self._owner != os.getpid():  # a fork of ours: those are the parent's to ask
                self._owner, self._idle, self._busy = os.getpid(), [], 0
            ready = next((place for place, zygote in enumerate(self._idle) if zygote.ready()), None)
            if ready is None:
                self._idle = [zygote for zygote in self._idle if zygote.alive]
            spare = len(self._idle) - self._busy - 1  # beside what is in use, with this run
            enough = spare > 0 or self._busy >= (os.cpu_count() or 1) or self.cold is not None
            if ready is not None or (self._idle and enough):
                self._busy += 1
                return self._idle.pop(ready or 0)
        if self.cold is not None:
            return None
        try:
            zygote = Zygote(self.limits)
        except (RuntimeError, OSError) as error:
            self.cold = str(error)
            return None
        with self._lock:
            self._busy += 1
        return zygote

    def _put_back(self, zygote: Zygote) -> None:
        with self._lock:
            self._busy = max(0, self._busy - 1)  # that of a parent counts for nothing in its fork
            if zygote.alive:
                self._idle.append(zygote)

    def close(self) -> None:
        """End those that wait; later runs begin new ones."""
        with self._lock:
            idle, self._idle = self._idle, []
        if self._owner == os.getpid():
            for zygote in idle:
                zygote.close()


@cache
def shared(limits: Limits) -> Warm:
    """Return the warm sandboxes that all who need these limits share. Raises MissingDependency."""
    return Warm(limits)
