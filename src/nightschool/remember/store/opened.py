"""From where memories are kept, as a user writes it, to a store."""

from __future__ import annotations

import re
from pathlib import Path

from nightschool import paths
from nightschool.errors import UsageError
from nightschool.remember.store.port import Store
from nightschool.remember.store.sqlite import SqliteStore

_NAME = re.compile(r"[\w][\w.@-]{0,63}")


def open_store(space: str = "default", where: str | Path | None = None) -> Store:
    """Return the store of `space`, made where it is missing.

    where: a folder, in which each space has a file of its own, or `postgresql://...`; None: the user's data folder.

    Raises UsageError for a space's name that is no name, and as the store does.
    """
    if not _NAME.fullmatch(space):
        raise UsageError(f"{space!r} cannot name a space; take letters, digits and . _ - @, at most 64 of them")
    if isinstance(where, str) and where.startswith(("postgresql://", "postgres://")):
        from nightschool.remember.store.postgres import PostgresStore

        return PostgresStore(where, space)
    return SqliteStore(file_of(space, where), space)


def file_of(space: str, folder: str | Path | None = None) -> Path:
    """Return the file of a space in `folder`, None being the user's data folder; it need not exist."""
    return Path(folder or paths.data_folder() / "memories").expanduser() / f"{space}.sqlite"
