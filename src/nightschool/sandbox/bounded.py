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
Overstep = Literal["timeout", "output", "memory"]


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
    process = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **popen
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    kill = kill or _kill_group
    pipes = Pipes(process.stdin, process.stdout, process.stderr, data=stdin)
    try:
        started()
        ended_by = attend(
            pipes,
            exited=lambda wait_s: _exited(process, wait_s),
            end=begin + timeout_s,
            output_bytes=output_bytes,
            too_much_memory=too_much_memory,
        )
        seconds = time.monotonic() - begin
    finally:
        kill(process)
        process.wait(GRACE_S)
        pipes.close()
    return pipes.outcome(process.returncode, seconds, ended_by, output_bytes)


def attend(
    pipes: Pipes,
    *,
    exited: Callable[[float], bool],
    end: float,
    output_bytes: int,
    too_much_memory: Callable[[], bool],
) -> Overstep | None:
    """Serve `pipes` until what is behind them has exited, and return None, or until it oversteps, and return in what.

    exited: whether it has, after waiting for at most so many seconds; end: by `time.monotonic`.
    """
    looked = time.monotonic()
    while pipes.open or not exited(max(0.0, min(_TICK_S, end - time.monotonic()))):
        if pipes.open:
            pipes.turn(max(0.0, min(_TICK_S, end - time.monotonic())))
        if pipes.received > output_bytes:
            return "output"
        now = time.monotonic()
        if now >= end:
            return "timeout"
        if now - looked >= _TICK_S:
            looked = now
            if too_much_memory():
                return "memory"
    return None


class Pipes:
    """Our ends of the three pipes of a process, served without ever waiting for one of them alone. data: its input."""

    def __init__(self, stdin: IO[bytes], stdout: IO[bytes], stderr: IO[bytes], *, data: bytes) -> None:
        self.out, self.err = bytearray(), bytearray()
        self.left = memoryview(data)
        self.stdin = stdin
        self.into = {stdout.fileno(): self.out, stderr.fileno(): self.err}
        self.all = (stdin, stdout, stderr)
        self.selector = selectors.DefaultSelector()
        for pipe in self.all[1:]:
            os.set_blocking(pipe.fileno(), False)
            self.selector.register(pipe, selectors.EVENT_READ)
        os.set_blocking(stdin.fileno(), False)
        if data:
            self.selector.register(stdin, selectors.EVENT_WRITE)
        else:
            _close(stdin)
        self.open = 2

    @property
    def received(self) -> int:
        """Return how many bytes came out of it."""
        return len(self.out) + len(self.err)

    def turn(self, timeout_s: float) -> None:
        """Read and write what can be by now, after waiting for at most so long."""
        for key, _ in self.selector.select(timeout_s):
            if key.fileobj is self.stdin:
                self._write()
            else:
                self._read(key.fd, key.fileobj)

    def outcome(self, status: int, seconds: float, ended_by: Overstep | None, output_bytes: int) -> Outcome:
        """Return what came of it; of the output the beginning."""
        how = ended_by or ("signal" if status < 0 else "exit")
        return Outcome(status, bytes(self.out)[:output_bytes], bytes(self.err)[:output_bytes], seconds, how)

    def close(self) -> None:
        """Give all three back."""
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


def _exited(process: subprocess.Popen[bytes], wait_s: float) -> bool:
    """Return whether it ends by then, without reaping it: until then its number names it and nobody else."""
    end = time.monotonic() + wait_s
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() >= end:
            return False
        time.sleep(0.001)
    return True


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
