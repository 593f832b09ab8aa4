"""Finding a Python that an unprivileged user can run, and what of the file system it needs: itself and its library."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_QUERY = """
import glob, json, os, sys, sysconfig
paths = sysconfig.get_paths()
libdir = sysconfig.get_config_var("LIBDIR") or ""
print(json.dumps({
    "version": list(sys.version_info[:2]),
    "executable": os.path.realpath(sys.executable),
    "library": sorted({os.path.realpath(paths["stdlib"]), os.path.realpath(paths["platstdlib"])}),
    "shared": sorted(glob.glob(os.path.join(libdir, "libpython3*.so*"))),
}))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python and what it needs to be seen: read_only binds, symbolic links, and folders to hide under them."""

    executable: str
    version: tuple[int, int]
    binds: tuple[str, ...]
    links: tuple[tuple[str, str], ...]  # target, path
    hidden: tuple[str, ...]


@cache
def find(uid: int | None = None) -> Interpreter | None:
    """Return an interpreter that runs as `uid` (None: as ourselves); our own if it can, else one on the system.

    Our own may well not: with root's pyenv it lies under /root, where nobody else can read.
    """
    own = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
    others = [shutil.which("python3", path=folder) for folder in ("/usr/bin", "/usr/local/bin", "/bin")]
    for candidate in [str(own), *filter(None, others)]:
        if (found := _ask(candidate, uid)) is not None:
            return found
    return None


def _ask(executable: str, uid: int | None) -> Interpreter | None:
    try:
        asked = subprocess.run(
            [executable, "-I", "-S", "-c", _QUERY],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=True, env={}, cwd="/",
            user=uid, group=uid, extra_groups=None if uid is None else [],
        )  # fmt: skip
        told = json.loads(asked.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    version = (told["version"][0], told["version"][1])
    if version < (3, 9):
        return None
    links, system = _system_libraries()
    hidden = [f"{folder}/{name}" for folder in told["library"] for name in ("site-packages", "dist-packages")]
    return Interpreter(
        executable=told["executable"],
        version=version,
        binds=(*system, told["executable"], *told["library"], *told["shared"]),
        links=links,
        hidden=tuple(path for path in hidden if os.path.isdir(path)),  # noqa: PTH112
    )


def _system_libraries() -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    links: list[tuple[str, str]] = []
    binds: list[str] = []
    for folder in map(Path, ("/lib", "/lib64", "/usr/lib", "/usr/lib64")):
        if folder.is_symlink():
            links.append((str(folder.readlink()), str(folder)))
        elif folder.is_dir():
            tight = sorted(str(path) for path in folder.glob("*-linux-gnu*") if path.is_dir())
            binds += tight or [str(folder)]
    if Path("/etc/ld.so.cache").is_file():
        binds.append("/etc/ld.so.cache")
    return tuple(links), tuple(binds)
