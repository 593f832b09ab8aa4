"""What a sandbox is told to shut out, and how files and descriptors get into it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from nightschool.sandbox.interpreter import Interpreter
from nightschool.sandbox.limits import Limits

NOBODY = 65534


def walls(python: Interpreter, limits: Limits, *more: str) -> list[str]:
    """Return the arguments of bwrap: namespaces, user, environment, devices, what is seen of the host, a fresh /tmp.

    more: what stands between the namespaces and the user, such as `--die-with-parent`.
    """
    words = ["--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    words += ["--unshare-cgroup-try", "--disable-userns", "--new-session", "--cap-drop", "ALL", *more]
    words += ["--uid", str(NOBODY), "--gid", str(NOBODY), "--hostname", "sandbox", "--clearenv"]
    for name, value in (("PATH", str(Path(python.executable).parent)), ("HOME", "/tmp"), ("LANG", "C.UTF-8")):
        words += ["--setenv", name, value]
    for device in ("/dev/null", "/dev/zero", "/dev/urandom"):
        words += ["--dev-bind", device, device]
    for path in python.binds:
        words += ["--ro-bind", path, path]
    for target, path in python.links:
        words += ["--symlink", target, path]
    for path in python.hidden:
        words += ["--size", "4096", "--tmpfs", path, "--remount-ro", path]
    return [*words, "--size", str(limits.disk_bytes), "--tmpfs", "/tmp"]


def inside(name: str) -> str:
    """Return where a file of a run lies in the sandbox. Raises ValueError for a path that leaves its folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise ValueError(f"a file of a sandbox has a relative path inside its folder, not {name!r}")
    return str("/tmp" / path)


def given(closing: ExitStack, content: bytes) -> int:
    """Return a descriptor from which `content` can be read."""
    fd = os.memfd_create("given")
    closing.callback(os.close, fd)
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def uid() -> int | None:
    """Return whom to become before bubblewrap starts: nobody when we are root, and else ourselves."""
    return NOBODY if os.geteuid() == 0 else None
