"""Where nightschool keeps things on this machine, and how it writes what must survive a kill.

NIGHTSCHOOL_HOME puts everything under one folder; NIGHTSCHOOL_CACHE moves the weights alone.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import platformdirs

_APP = "nightschool"


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of what can be had again: weights, downloads."""
    if folder := environ.get("NIGHTSCHOOL_CACHE"):
        return Path(folder).expanduser()
    return _under_home("cache", environ) or platformdirs.user_cache_path(_APP)


def config_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of `config.toml`."""
    return _under_home("config", environ) or platformdirs.user_config_path(_APP)


def data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of what cannot be had again: nights, memories, journals."""
    return _under_home("data", environ) or platformdirs.user_data_path(_APP)


def _under_home(name: str, environ: Mapping[str, str]) -> Path | None:
    home = environ.get("NIGHTSCHOOL_HOME")
    return Path(home).expanduser() / name if home else None


def write_durably(path: Path, content: bytes | str) -> None:
    """Write `content` to `path` so that a kill or a power cut leaves the old file or the new one, never half."""
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.name}.{secrets.token_hex(8)}"
    try:
        with temporary.open("xb") as file:  # readable by whom the user's umask says, as any file
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(path.parent)


@contextlib.contextmanager
def new_folder(final: Path) -> Iterator[Path]:
    """Give a folder to fill that becomes `final` at the end, whole and on disk, or is gone if filling it failed.

    Where somebody else made `final` meanwhile, theirs stays: use this for folders named by what is in them.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{final.name}."))
    try:
        yield temporary
        temporary.chmod(0o755)
        for path in temporary.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
            sync(path)
        sync(temporary)
        try:
            temporary.rename(final)
        except OSError:
            if not final.is_dir():
                raise
        sync(final.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def sync(path: Path) -> None:
    """Return when the file, or the folder's list of names, is on disk."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:  # some systems do not open folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
