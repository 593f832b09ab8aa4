"""The first process of a sandbox, seen from outside: when it dies, the kernel ends all that live in it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from pathlib import Path

from nightschool.sandbox.bounded import GRACE_S

_PAGE = os.sysconf("SC_PAGE_SIZE")


class Life:
    """The processes of one sandbox. information: where bwrap writes of its child (`--info-fd`)."""

    def __init__(self, information: int, memory_bytes: int) -> None:
        self.information, self.memory_bytes = information, memory_bytes
        self.first: int | None = None  # in our numbering; in its own it is 1
        self._pidfd: int | None = None

    def learn(self) -> None:
        """Wait until bwrap tells its child's number, or dies."""
        said = b""
        while not said.rstrip().endswith(b"}"):
            ready, _, _ = select.select([self.information], [], [], GRACE_S)
            data = os.read(self.information, 4096) if ready else b""
            if not data:
                return
            said += data
        first = int(json.loads(said)["child-pid"])
        try:
            self._pidfd = os.pidfd_open(first)
            self.first = first
        except ProcessLookupError:
            pass

    def too_much_memory(self) -> bool:
        """Return whether all processes together hold more than they may (pages that they share count twice)."""
        return self.first is not None and resident(self.first) > self.memory_bytes

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End the sandbox, then bwrap outside of it: in this order bwrap can still reap its child."""
        if self._pidfd is not None:
            try:
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            except ProcessLookupError:
                pass
            select.select([self._pidfd], [], [], GRACE_S)
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass

    def close(self) -> None:
        """Let go of the process, which is dead."""
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None


def resident(pid: int) -> int:
    """Return the resident bytes of a process and its descendants; what ends meanwhile counts nothing."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except (OSError, IndexError):
        return 0
    return pages * _PAGE + sum(resident(child) for child in children)
