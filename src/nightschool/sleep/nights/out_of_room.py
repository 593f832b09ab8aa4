"""What a night says where it ran out of room, on the disk or in memory: nothing was switched, so the old mind stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nightschool.errors import NightError

_OUT_OF_MEMORY = re.compile(r"out of memory|allocate memory|not enough memory", re.IGNORECASE)  # torch, on any device


@contextmanager
def room_said(folder: Path) -> Iterator[None]:
    """Raise NightError for a disk that is full and for memory that is short, whichever library ran out of it.

    folder: of the unfinished night. Everything else that is raised stays what it is.
    """
    try:
        yield
    except ConnectionError:  # an OSError too, and none of files
        raise
    except OSError as error:
        raise NightError(
            f"cannot keep what was learned in {folder}: {error}; the old mind stays. Make room, and the same night "
            "goes on from its last checkpoint"
        ) from error
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and not _OUT_OF_MEMORY.search(str(error)):
            raise
        said = str(error).splitlines()[0] if str(error) else "no more of it"
        raise NightError(
            f"memory was too short to learn: {said}; the old mind stays. Close what else runs, or choose a smaller "
            "model; the same night goes on from its last checkpoint"
        ) from error
