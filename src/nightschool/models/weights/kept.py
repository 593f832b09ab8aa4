"""Weights folders in the cache, each named by the content it was made of and checked by a manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from nightschool import paths
from nightschool.errors import ModelDamaged
from nightschool.items import digest

MANIFEST = "nightschool.json"
RECIPE = 1
"""How GGUF files are converted; to be raised when the outcome changes, so that no stale folder is found."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder was made of. sha256: of the GGUF file; files: bytes of every file, by name."""

    source: str
    sha256: str
    identity: str
    recipe: int
    versions: Mapping[str, str]
    files: Mapping[str, int]


def folder_for(sha256: str) -> Path:
    """Return where the weights made of a GGUF file of that hash are kept."""
    return paths.cache_folder() / "models" / f"{sha256[:16]}-r{RECIPE}"


def identity_for(sha256: str) -> str:
    """Return the identity of weights made of a GGUF file: the same on every machine and for every library version."""
    return digest("gguf", sha256, RECIPE)


def manifest_of(folder: Path) -> Manifest | None:
    """Return the manifest of a whole folder, None where there is no folder. Raises ModelDamaged."""
    try:
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise ModelDamaged(f"{folder / MANIFEST}: not a manifest ({error}); delete the folder and try again") from error
    for name, size in manifest.files.items():
        file = folder / name
        found = file.stat().st_size if file.is_file() else None
        if found != size:
            state = "missing" if found is None else f"{found} bytes long"
            raise ModelDamaged(f"{file} is {state} and was {size} bytes; delete {folder} and try again")
    return manifest


def write_manifest(folder: Path, source: str, sha256: str, versions: Mapping[str, str]) -> None:
    """Write the manifest of `folder`, which holds all its files already."""
    files = {file.relative_to(folder).as_posix(): file.stat().st_size for file in folder.rglob("*") if file.is_file()}
    manifest = Manifest(source, sha256, identity_for(sha256), RECIPE, versions, files)
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1, sort_keys=True) + "\n", encoding="utf-8")


def sha256_of(file: Path) -> str:
    """Return the hash of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def remembered_sha256_of(file: Path) -> str:
    """Return the hash of a file, computed again only when its size or time of change is another."""
    state = file.stat()
    name = digest(str(file.resolve()), state.st_size, state.st_mtime_ns)[:32]
    note = paths.cache_folder() / "hashes" / name
    try:
        known = note.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        known = ""
    if len(known) != 64:
        known = sha256_of(file)
        paths.write_durably(note, known)
    return known
