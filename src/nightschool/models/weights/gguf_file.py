"""What a GGUF file says of itself at its beginning, told before anything heavy reads it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from nightschool.errors import ModelDamaged, ModelNotFound

_MAGIC = b"GGUF"
_STRING, _LIST = 8, 9
_LONGEST_KEY = 65_535
_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""How long values of each type are, strings and lists excepted."""


def check(file: Path) -> None:
    """Raise ModelNotFound where there is no such file, ModelDamaged for one that is no GGUF."""
    if not file.is_file():
        raise ModelNotFound(f"no such file: {file}")
    with file.open("rb") as stream:
        magic = stream.read(len(_MAGIC))
    if magic != _MAGIC:
        size = file.stat().st_size
        raise ModelDamaged(f"{file} ({size} bytes) is no GGUF file: it begins with {magic!r}, not with {_MAGIC!r}")


def keys(file: Path) -> Iterator[str]:
    """Yield the names of the metadata; what they hold is passed over. Raises as `check`, and ModelDamaged where cut."""
    check(file)
    try:
        with file.open("rb") as stream:
            stream.seek(len(_MAGIC) + 4 + 8)  # behind the version and the number of tensors
            for _ in range(_number(stream, 8)):
                length = _number(stream, 8)
                if length > _LONGEST_KEY:
                    raise KeyError(length)
                yield stream.read(length).decode("utf-8", "replace")
                _pass(stream, _number(stream, 4))
    except (struct.error, KeyError, RecursionError, OSError, OverflowError) as error:
        raise ModelDamaged(f"the metadata of {file} is cut short or damaged; fetch it again") from error


def _number(stream: BinaryIO, size: int) -> int:
    return int(struct.unpack("<I" if size == 4 else "<Q", stream.read(size))[0])


def _pass(stream: BinaryIO, kind: int) -> None:
    """Go behind a value of that type."""
    if kind == _STRING:
        stream.seek(_number(stream, 8), 1)
    elif kind == _LIST:
        kind, count = _number(stream, 4), _number(stream, 8)
        if kind in _BYTES:
            stream.seek(_BYTES[kind] * count, 1)
        else:
            for _ in range(count):
                _pass(stream, kind)
    else:
        stream.seek(_BYTES[kind], 1)
