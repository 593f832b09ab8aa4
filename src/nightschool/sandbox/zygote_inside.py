"""Runs inside a sandbox that stays warm: each run gets a process of its own, forked into fresh namespaces.

It stands alone (the standard library of Python 3.9).

    this process     holds no secret, never sees what a run is given, and is outside of all that a run can see or signal
      a helper       leaves for new process, mount and IPC namespaces
        an init      the first of its namespace: mounts a fresh /tmp, waits for an ask, drops every capability, reaps;
                     when it ends, the kernel ends whatever else lives there
          the run    bound by resource limits and the filter of system calls

Standard input: a socket of packets, from which the init of the next run reads, so that a run waits for one fork only.
First come the filter, the size of /tmp, and a script that many runs will be (it is compiled once). To each `ready` one
ask is the answer: JSON of `argv`, `rlimits` and `files` (paths), with descriptors for standard input, output and error,
and for each file. The reply is its status, 128 + n for signal n, which the init tells before it ends; the next is
`ready` when all of that run is gone. The end of the socket ends everything.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import select
import signal
import socket
import sys
import types
import typing  # most programs begin with it, so it is loaded once

_libc = ctypes.CDLL(None, use_errno=True)
_APART = 0x00020000 | 0x08000000 | 0x20000000  # CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWPID
_MS_NOSUID_NODEV, _MS_PRIVATE_ALL = 2 | 4, (1 << 18) | 0x4000
_NO_NEW_PRIVS, _SECCOMP, _FILTER, _AMBIENT, _CLEAR_ALL = 38, 22, 2, 47, 4  # of prctl
_KNOWN_AS = "calls.py"  # what the script that is told is called in a run
_FILES = 4096  # inodes of a run's /tmp: empty files take the kernel's memory, which no limit of size counts
_TOLD, _FAILED, _NEVER = 0, 125, 126  # its status was told; it could not begin; it was never asked


class _Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("program", ctypes.c_char_p)]


def serve() -> tuple[list[str], dict[bytes, types.CodeType]]:
    """Answer asks for as long as somebody asks; return, in the process that is a run, what it is to run.

    Beside it stands the code of the script that was told, by its source.
    """
    link = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an init with a handler could be reached from inside
    program, size, known = link.recv(1 << 16), int(link.recv(64)), link.recv(1 << 16)
    codes = {known: compile(known, _KNOWN_AS, "exec", dont_inherit=True)}
    gc.collect()
    gc.freeze()  # so that collecting garbage in a run copies no pages
    while True:
        helper = os.fork()
        if helper == 0:
            return _become_run(link, program, size), codes
        _await(helper, link)
        status = _code(os.waitpid(helper, 0)[1])
        if status == _NEVER:
            os._exit(1)
        if status != _TOLD:  # it was killed, or could not begin
            link.send(str(status).encode())


def _await(helper: int, link: socket.socket) -> None:
    """Return when `helper` has ended; where nobody waits for it any more, end at once, and all with us."""
    ended = os.pidfd_open(helper)
    waiting = select.poll()
    waiting.register(ended, select.POLLIN)
    waiting.register(link, 0)  # what is asked is for the init to read; only that the other end is gone concerns us
    if any(fd != ended for fd, _ in waiting.poll()):
        os._exit(0)
    os.close(ended)


def _become_run(link: socket.socket, program: bytes, size: int) -> list[str]:
    """Return what to run, in the process that is walled off for it; the helper and the init end in here."""
    try:
        _must(_libc.unshare(_APART), "unshare")
        init = os.fork()
        if init:
            link.close()
            os._exit(_code(os.waitpid(init, 0)[1]))
        os.setsid()  # a process group reaches across namespaces, so that of the run must not be ours
        _must(_libc.mount(b"none", b"/", None, _MS_PRIVATE_ALL, None), "mount /")
        options = f"size={size},nr_inodes={_FILES},mode=0755".encode()
        _must(_libc.mount(b"tmpfs", b"/tmp", b"tmpfs", _MS_NOSUID_NODEV, options), "mount /tmp")
        os.chdir("/tmp")
        link.send(b"ready")
        message, given, _, _ = socket.recv_fds(link, 1 << 16, 250)
    except BaseException as error:
        print(f"no run can be walled off: {error!r}", file=sys.stderr, flush=True)
        os._exit(_NEVER)
    if not message:
        os._exit(_NEVER)
    try:
        return _begin(json.loads(message), given, program, link)
    except BaseException as error:
        os.write(2, f"the run could not begin: {error!r}\n".encode())
        os._exit(_FAILED)


def _begin(job: dict[str, typing.Any], given: list[int], program: bytes, link: socket.socket) -> list[str]:
    """Return what to run, in the run itself."""
    for place, fd in enumerate(given[:3]):
        os.dup2(fd, place)
    for path, fd in zip(job["files"], given[3:]):  # noqa: B905 - Python 3.9 knows no strict
        _write(path, fd)
    for fd in given:
        os.close(fd)
    _drop_capabilities()
    child = os.fork()
    if child:
        os.closerange(0, 3)
        _reap(child, link)
    os.closerange(3, 512)
    for name, value in job["rlimits"].items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    filtering = _Filter(len(program) // 8, program)
    _must(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    _must(_libc.prctl(_SECCOMP, _FILTER, ctypes.byref(filtering), 0, 0), "the filter of system calls")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return list(job["argv"])


def _write(path: str, fd: int) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
    with open(fd, "rb", closefd=False) as source, open(path, "xb") as file:  # noqa: PTH123
        file.write(source.read())


def _drop_capabilities() -> None:
    _must(_libc.prctl(_AMBIENT, _CLEAR_ALL, 0, 0, 0), "ambient capabilities")
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    _must(_libc.capset(header, none), "capset")
    held = (ctypes.c_uint32 * 6)(*[1] * 6)
    _must(_libc.capget(header, held), "capget")
    if any(held):
        raise PermissionError("capabilities are still held")


def _reap(child: int, link: socket.socket) -> None:
    """Be the init until `child` ends, and tell how; with the init, everything ends that is left."""
    while True:
        pid, status = os.wait()
        if pid == child:
            link.send(str(_code(status)).encode())
            os._exit(_TOLD)


def _code(status: int) -> int:
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _must(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _start(argv: list[str], codes: dict[bytes, types.CodeType]) -> types.CodeType:
    """Return the code of a script that this very interpreter is to run; anything else takes its place."""
    if argv[:3] != [sys.executable, "-I", "-S"] or len(argv) < 4 or argv[3].startswith("-"):
        try:
            os.execvp(argv[0], argv)
        except OSError as error:
            sys.exit(f"cannot run {argv[0]!r}: {error.strerror}")
    sys.argv = argv[3:]
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    module.__file__ = argv[3]
    with open(argv[3], "rb") as script:  # noqa: PTH123
        source = script.read()
    if argv[3] == _KNOWN_AS and source in codes:
        return codes[source]
    return compile(source, argv[3], "exec", dont_inherit=True)


if __name__ == "__main__":
    exec(_start(*serve()), sys.modules["__main__"].__dict__)
