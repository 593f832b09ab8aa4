"""A sandbox that stays warm, seen from outside: it is asked for runs, one after the other."""

from __future__ import annotations

import json
import os
import platform
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from nightschool.ports import Outcome
from nightschool.sandbox import interpreter, seccomp
from nightschool.sandbox.bounded import GRACE_S, Pipes, attend
from nightschool.sandbox.life import Life, resident
from nightschool.sandbox.limits import Limits
from nightschool.sandbox.walls import given, inside, uid, walls

_INSIDE = Path(__file__).with_name("zygote_inside.py")
_OFTEN = Path(__file__).with_name("calls_inside.py")  # what most runs are
_START_S = 10.0
_OURS = 3  # processes beside a run's own: what waits for asks, the helper, the init


class Gone(RuntimeError):
    """The sandbox had ended before it was asked: nothing was run."""


class Zygote:
    """One warm sandbox. alive: whether it can be asked again: not after a run that had to be ended.

    Used by one thread at a time. Raises RuntimeError where it does not start.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        python, bwrap = interpreter.find(uid()), shutil.which("bwrap")
        if python is None or bwrap is None:
            raise RuntimeError("there is no bubblewrap, or no Python that it could run")
        self.python = python.executable
        self.alive = True
        self._ready = False
        with ExitStack() as closing:
            self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            closing.callback(theirs.close)
            told, telling = os.pipe()
            closing.callback(os.close, told)
            complaints = given(closing, b"")
            script = given(closing, _INSIDE.read_bytes())
            self._life = Life(told, limits.memory_bytes)
            # it ends with our socket and not with the thread that started it, as --die-with-parent would have it; being
            # the first process, it takes everything along
            words = [bwrap, *walls(python, limits, "--as-pid-1", "--cap-add", "CAP_SYS_ADMIN")]
            words += ["--file", str(script), "/tmp/zygote.py", "--chdir", "/tmp", "--remount-ro", "/"]
            words += ["--info-fd", str(telling), "--", self.python, "-I", "-S", "/tmp/zygote.py"]
            try:
                self._process: subprocess.Popen[bytes] = subprocess.Popen(
                    words, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=complaints,
                    pass_fds=[telling, script], cwd="/", env={}, start_new_session=True,
                    user=uid(), group=uid(), extra_groups=None if uid() is None else [],
                )  # fmt: skip
            finally:
                os.close(telling)
            theirs.close()
            self._life.learn()
            self._link.settimeout(_START_S)
            if not self._begins():
                self.close()
                os.lseek(complaints, 0, os.SEEK_SET)
                said = os.read(complaints, 2000).decode(errors="replace").strip()
                raise RuntimeError(f"the warm sandbox does not start: {said[-300:] or 'it says nothing'}")
        if self._life.first is not None:
            self._life.memory_bytes += resident(self._life.first)

    def _begins(self) -> bool:
        try:
            self._link.send(seccomp.program(platform.machine()))
            self._link.send(str(self.limits.disk_bytes).encode())
            self._link.send(_OFTEN.read_bytes())
        except OSError:
            return False
        return self._waits()

    def _waits(self) -> bool:
        """Return whether an init waits for an ask, once it does."""
        try:
            self._ready = self._ready or self._link.recv(16) == b"ready"
        except OSError:
            return False
        return self._ready

    def ready(self) -> bool:
        """Return whether a run could begin now: all of the one before is gone, and an init waits.

        One that was ended from outside is closed.
        """
        if not self._ready and select.select([self._link], [], [], 0)[0] and not self._waits():
            self.close()
        return self._ready

    def run(self, argv: Sequence[str], *, stdin: bytes, files: Mapping[str, bytes], timeout_s: float) -> Outcome:
        """Return what came of one run (see `Bubblewrap.run`). Raises Gone where it could not begin, and ValueError."""
        begin = time.monotonic()
        rlimits = self.limits.rlimits(timeout_s)
        rlimits["NPROC"] += _OURS - 1  # the first process is counted already
        words = [self.python if word in ("python", "python3") else word for word in argv[:1]] + list(argv[1:])
        names = [inside(name) for name in files]
        job = {"argv": words, "rlimits": rlimits, "files": names}
        over = False
        with ExitStack() as closing:
            theirs = closing.enter_context(ExitStack())
            pipes, fds = _pipes(theirs, stdin)
            closing.callback(pipes.close)
            fds += [given(theirs, content) for content in files.values()]
            try:
                self._ask(json.dumps(job).encode(), fds)
                theirs.close()
                ended_by = attend(
                    pipes,
                    exited=self._answers,
                    end=begin + timeout_s,
                    output_bytes=self.limits.output_bytes,
                    too_much_memory=self._life.too_much_memory,
                )
                status = self._status() if ended_by is None else -signal.SIGKILL
                over = ended_by is None
            finally:
                if not over:  # whatever runs in there may run on
                    self.close()
        if 128 < status <= 128 + signal.NSIG:
            status = 128 - status
        return pipes.outcome(status, time.monotonic() - begin, ended_by, self.limits.output_bytes)

    def _ask(self, job: bytes, fds: Sequence[int]) -> None:
        if not self._waits():
            raise Gone("the warm sandbox has ended")
        try:
            socket.send_fds(self._link, [job], fds)
        except OSError as error:
            raise Gone("the warm sandbox has ended") from error
        self._ready = False

    def _answers(self, wait_s: float) -> bool:
        return bool(select.select([self._link], [], [], wait_s)[0])

    def _status(self) -> int:
        said = self._link.recv(16)
        if not said:  # something ended it from outside: the kernel for want of memory, say
            self.close()
            return -signal.SIGKILL
        return int(said)

    def close(self) -> None:
        """End it, and all that runs in it."""
        if self.alive:
            self.alive = False
            self._link.close()
            self._life.kill(self._process)
            self._process.wait(GRACE_S)
            self._life.close()


def _pipes(theirs: ExitStack, data: bytes) -> tuple[Pipes, list[int]]:
    """Return our ends of three pipes, and the others, which `theirs` closes: standard input, output, error."""
    (stdin, ours_in), (ours_out, stdout), (ours_err, stderr) = os.pipe(), os.pipe(), os.pipe()
    for fd in (stdin, stdout, stderr):
        theirs.callback(os.close, fd)
    files = (open(fd, mode, 0) for fd, mode in ((ours_in, "wb"), (ours_out, "rb"), (ours_err, "rb")))  # noqa: PTH123, SIM115
    return Pipes(*files, data=data), [stdin, stdout, stderr]
