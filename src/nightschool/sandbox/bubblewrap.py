"""Running what a model wrote where it can harm nothing, with bubblewrap.

Each run has namespaces of its own (user, process, network without any interface, IPC, host name), an unprivileged
uid, no capabilities, a filter of system calls (`seccomp`), resource limits, an empty environment, a fresh /tmp of
limited size that holds its files, and of the host only a Python and its library, read-only. There is no /proc and no
/etc, and of /dev only null, zero and urandom. When it ends, for whatever reason, everything that it started ends too.

Privileges of root are dropped before bubblewrap starts: the kernel does not bind root's processes by RLIMIT_NPROC even
under another uid of a user namespace. That limit is set inside, where it counts the sandbox's processes alone (Linux
5.14; on older kernels it counts all of the user's, and may refuse more than was meant).
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path

from nightschool.errors import MissingDependency
from nightschool.ports import Outcome
from nightschool.sandbox import interpreter, seccomp
from nightschool.sandbox.bounded import run_bounded
from nightschool.sandbox.life import Life
from nightschool.sandbox.limits import Limits
from nightschool.sandbox.walls import given, inside, uid, walls

_OLDEST = (0, 8)  # the first with --size for /tmp and --disable-userns
_INSTALL = "type: apt-get install bubblewrap"

_LAUNCH = """
import json, os, resource, sys
for name, value in json.loads(sys.argv[1]).items():
    kind = getattr(resource, "RLIMIT_" + name)
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))
try:
    os.execvp(sys.argv[2], sys.argv[2:])
except OSError as error:
    sys.exit(f"cannot run {sys.argv[2]!r}: {error.strerror}")
"""


class Bubblewrap:
    """A `Sandbox`: each run is a fresh one. Raises MissingDependency where none can be had: never runs unprotected."""

    def __init__(self, limits: Limits | None = None) -> None:
        if (reason := available()) is not None:
            raise MissingDependency(f"code that a model wrote runs only in a sandbox, and there is none: {reason}")
        self.limits = limits or Limits()

    def run(self, argv: Sequence[str], *, stdin: bytes, files: Mapping[str, bytes], timeout_s: float) -> Outcome:
        """Run `argv` in a fresh /tmp holding `files` (relative paths), and return what came of it.

        argv: `python3` is the interpreter, and the only program there is. timeout_s: wall time, start included (some
        40 ms). A status of 128 + n is taken for signal n. Raises ValueError for a path that leaves the folder.
        """
        return _run(self.limits, list(argv), stdin, dict(files), timeout_s)


@cache
def available() -> str | None:
    """Return why there is no sandbox on this machine, with what to type, or None where there is one."""
    if not sys.platform.startswith("linux"):
        return f"bubblewrap runs on Linux alone, and this is {sys.platform}"
    if not seccomp.known(platform.machine()):
        return f"there is no filter of system calls for {platform.machine()}"
    if (bwrap := shutil.which("bwrap")) is None:
        return f"bubblewrap is not installed; {_INSTALL}"
    told = subprocess.run([bwrap, "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    version = tuple(int(part) for part in re.findall(r"\d+", told)[:2])
    if version < _OLDEST:
        return f"{told.strip() or 'bubblewrap'} is too old, 0.8 or newer is needed; {_INSTALL}"
    if interpreter.find(uid()) is None:
        return "no Python can be run by an unprivileged user; type: apt-get install python3"
    try:
        outcome = _run(Limits(), ["python3", "-I", "-S", "-c", "print(6 * 7)"], b"", {}, 30.0)
    except (OSError, subprocess.SubprocessError) as error:
        return f"bubblewrap cannot be started: {error}"
    if outcome.status != 0 or outcome.stdout.strip() != b"42":
        said = outcome.stderr.decode(errors="replace").strip().splitlines()
        return f"bubblewrap does not work here: {said[-1] if said else f'status {outcome.status}'}{_advice()}"
    return None


def _run(limits: Limits, argv: list[str], stdin: bytes, files: dict[str, bytes], timeout_s: float) -> Outcome:
    python = interpreter.find(uid())
    bwrap = shutil.which("bwrap")
    assert python is not None
    assert bwrap is not None
    if argv[0] in ("python", "python3"):
        argv[0] = python.executable
    with ExitStack() as closing:
        told, telling = os.pipe()
        closing.callback(os.close, told)
        life = Life(told, limits.memory_bytes)
        closing.callback(life.close)
        ours = ExitStack()  # our end of what bwrap writes to: closed as soon as it runs
        closing.push(ours)
        ours.callback(os.close, telling)
        filtering = given(closing, seccomp.program(platform.machine()))
        fds = {inside(name): given(closing, content) for name, content in files.items()}

        def started() -> None:
            ours.close()
            life.learn()

        outcome = run_bounded(
            [
                bwrap,
                *walls(python, limits, "--die-with-parent"),
                *(word for path, fd in fds.items() for word in ("--file", str(fd), path)),
                *("--chdir", "/tmp", "--remount-ro", "/"),
                *("--seccomp", str(filtering), "--info-fd", str(telling), "--"),
                *(python.executable, "-I", "-S", "-c", _LAUNCH, json.dumps(limits.rlimits(timeout_s)), *argv),
            ],
            stdin=stdin,
            timeout_s=timeout_s,
            output_bytes=limits.output_bytes,
            started=started,
            too_much_memory=life.too_much_memory,
            kill=life.kill,
            pass_fds=[telling, filtering, *fds.values()],
            cwd="/",
            env={},
            user=uid(),
            group=uid(),
            extra_groups=None if uid() is None else [],
        )
    if 128 < outcome.status <= 128 + signal.NSIG:  # how bwrap tells of a signal
        ended_by = "signal" if outcome.ended_by == "exit" else outcome.ended_by
        return replace(outcome, status=128 - outcome.status, ended_by=ended_by)
    return outcome


def _advice() -> str:
    for setting, bad, good in (
        ("kernel/unprivileged_userns_clone", "0", "1"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
        ("user/max_user_namespaces", "0", "10000"),
    ):
        path = Path("/proc/sys", setting)
        if path.is_file() and path.read_text().strip() == bad:
            return f"; user namespaces are switched off, type: sysctl -w {setting.replace('/', '.')}={good}"
    return "; user namespaces may be switched off (in a container: by its seccomp profile)"
