"""Whether a path leads to what calls itself a GGUF file, told before anything heavy reads it."""

from __future__ import annotations

from pathlib import Path

from nightschool.errors import ModelDamaged, ModelNotFound

_MAGIC = b"GGUF"


def check(file: Path) -> None:
    """Raise ModelNotFound where there is no such file, ModelDamaged for one that is no GGUF."""
    if not file.is_file():
        raise ModelNotFound(f"no such file: {file}")
    with file.open("rb") as stream:
        magic = stream.read(len(_MAGIC))
    if magic != _MAGIC:
        size = file.stat().st_size
        raise ModelDamaged(f"{file} ({size} bytes) is no GGUF file: it begins with {magic!r}, not with {_MAGIC!r}")
