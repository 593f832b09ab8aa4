"""Running a process with an end to its time, its output and its memory."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import IO, Any, Literal

from nightschool.ports import Outcome

_TICK_S = 0.05
GRACE_S = 5.0  # for the kernel to end what was killed
_CHUNK = 1 << 16


def run_bounded(
    argv: Sequence[str],
    *,
    stdin: bytes,
    timeout_s: float,
    output_bytes: int,
    started: Callable[[], None] = lambda: None,
    too_much_memory: Callable[[], bool] = lambda: False,
    kill: Callable[[subprocess.Popen[bytes]], None] | None = None,
    **popen: Any,
) -> Outcome:
    """Return what came of `argv`, run in a session of its own, all of which is killed when it oversteps.

    timeout_s: wall time; output_bytes: standard output and error together, of which the beginning is kept;
    started: called once it runs; too_much_memory: asked twenty times a second; kill: how to end it (by default its
    process group); popen: what subprocess.Popen takes. Raises what Popen raises.
    """
    begin = time.monotonic()
    end = begin + timeout_s
    process = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **popen
    )
    kill = kill or _kill_group
    ended_by: Literal["timeout", "output", "memory"] | None = None
    pipes = _Pipes(process, stdin)
    try:
        started()
        while pipes.open and ended_by is None:
            pipes.turn(max(0.0, min(_TICK_S, end - time.monotonic())))
            if pipes.received > output_bytes:
                ended_by = "output"
            elif time.monotonic() >= end:
                ended_by = "timeout"
            elif too_much_memory():
                ended_by = "memory"
        while ended_by is None and not _exited(process):  # its pipes are closed, but it still runs
            time.sleep(0.001)
            if time.monotonic() >= end:
                ended_by = "timeout"
        seconds = time.monotonic() - begin
    finally:
        kill(process)
        process.wait(GRACE_S)
        pipes.close()
    status = process.returncode
    return Outcome(
        status=status,
        stdout=bytes(pipes.out)[:output_bytes],
        stderr=bytes(pipes.err)[:output_bytes],
        seconds=seconds,
        ended_by=ended_by or ("signal" if status < 0 else "exit"),
    )


class _Pipes:
    """The three pipes of a process, served without ever waiting for one of them alone."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.out, self.err = bytearray(), bytearray()
        self.left = memoryview(stdin)
        self.stdin = process.stdin
        self.into = {process.stdout.fileno(): self.out, process.stderr.fileno(): self.err}
        self.all = (process.stdin, process.stdout, process.stderr)
        self.selector = selectors.DefaultSelector()
        for pipe in self.all[1:]:
            os.set_blocking(pipe.fileno(), False)
            self.selector.register(pipe, selectors.EVENT_READ)
        os.set_blocking(process.stdin.fileno(), False)
        if stdin:
            self.selector.register(process.stdin, selectors.EVENT_WRITE)
        else:
            _close(process.stdin)
        self.open = 2

    @property
    def received(self) -> int:
        return len(self.out) + len(self.err)

    def turn(self, timeout_s: float) -> None:
        for key, _ in self.selector.select(timeout_s):
            if key.fileobj is self.stdin:
                self._write()
            else:
                self._read(key.fd, key.fileobj)

    def close(self) -> None:
        self.selector.close()
        for pipe in self.all:
            _close(pipe)

    def _read(self, fd: int, pipe: Any) -> None:
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return
        if data:
            self.into[fd] += data
        else:
            self.selector.unregister(pipe)
            self.open -= 1

    def _write(self) -> None:
        try:
            self.left = self.left[os.write(self.stdin.fileno(), self.left[:_CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:  # it does not read what it is told: its own business
            self.left = self.left[:0]
        if not self.left:
            self.selector.unregister(self.stdin)
            _close(self.stdin)


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except OSError:  # what is left in its buffer has no reader
        pass


def _exited(process: subprocess.Popen[bytes]) -> bool:
    """Return whether it has ended, without reaping it: until then its number names it and nobody else."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
