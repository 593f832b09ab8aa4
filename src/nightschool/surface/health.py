"""Whether what nightschool keeps on this machine is whole: weights, nights, memories, and room to write more."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from nightschool.errors import NightschoolError

_ROOM = 2 << 30  # bytes that a day with checkpoints may take


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. good: whether it is as it should be; said: in words; get: what to type."""

    name: str
    good: bool
    said: str
    get: str = ""


def checks(model: str, cache: Path, data: Path) -> Iterator[Check]:
    """Yield what was found. model: the default one; cache, data: folders, which need not exist. Nothing is changed."""
    yield _weights(model, cache)
    yield _nights(data / "nights")
    yield from _memories(data / "memories")
    yield _room(data)


def _weights(model: str, cache: Path) -> Check:
    """Say which models are unpacked; whether the default one is, where it comes from the package index."""
    from nightschool.models.weights.kept import folder_for, manifest_of
    from nightschool.models.weights.packaged import PACKAGED

    folders = sorted(path for path in (cache / "models").glob("*") if path.is_dir() and not path.name.startswith("."))
    for folder in folders:
        try:
            manifest_of(folder)
        except NightschoolError as error:
            return Check("weights", False, str(error), "it is made again when it is needed")
    packaged = PACKAGED.get(model)
    if packaged is not None and not (cache / "models" / folder_for(packaged.sha256).name).is_dir():
        return Check("weights", True, f"{model}, the default model, is not fetched yet", f"nightschool get {model}")
    counted = "1 model" if len(folders) == 1 else f"{len(folders)} models"
    return Check("weights", True, f"{counted} unpacked in {cache / 'models'}; the default is {model}")


def _nights(folder: Path) -> Check:
    """Say how many nights there are, and whether the files of those in force are what they are called."""
    if not (folder / "ledger.sqlite").exists():
        return Check("nights", True, "none was held yet")
    from nightschool.sleep.nights.ledger import Ledger

    try:
        if said := _damage(folder / "ledger.sqlite"):
            return Check("nights", False, f"{folder / 'ledger.sqlite'} is damaged: {said}", "put back a copy of it")
        ledger = Ledger(folder)
        nights = ledger.nights()
        awake = [night for base in {night.base for night in nights} if (night := ledger.current(base)) is not None]
        for night in awake:
            ledger.adapter(night)
    except NightschoolError as error:
        return Check("nights", False, str(error), "nightschool wake none lets a model answer with its own weights")
    words = ", ".join(f"{night.name} ({night.model})" for night in awake) or "none"
    return Check("nights", True, f"{len(nights)} held; in force: {words}")


def _memories(folder: Path) -> Iterator[Check]:
    files = sorted(folder.glob("*.sqlite"))
    if not files:
        yield Check("memories", True, "nothing is kept yet")
    for file in files:
        if said := _damage(file):
            yield Check(
                "memories", False, f"{file} is damaged: {said}", "put back a copy of it; no other space is hurt"
            )
        else:
            yield Check("memories", True, f"the space {file.stem!r} is whole, {file.stat().st_size / 2**20:.1f} MB")


def _damage(file: Path) -> str | None:
    """Return what SQLite finds wrong with a file, None where it is whole."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as db:
            said = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        return str(error)
    return None if said == "ok" else said


def _room(data: Path) -> Check:
    there = next(path for path in (data, *data.parents) if path.exists())
    free = shutil.disk_usage(there).free
    said = f"{free / 2**30:.1f} GB free for {data}"
    if free < _ROOM:
        return Check("room", False, said, "a day may take 2 GB; set NIGHTSCHOOL_HOME to a larger disk")
    return Check("room", True, said)
