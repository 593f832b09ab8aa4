"""The ledger of nights: files are synced first, then one row switches from the old mind to the new.

    nights/adapters/HASH/      a peft folder, named by its content
    nights/manifests/NAME.json what one night produced
    nights/lessons/NAME.jsonl  what it learned
    nights/unfinished/KEY/     checkpoints of a night that was interrupted, and what was sampled for it
    nights/ledger.sqlite       which nights there are, in order, and which one is current

A kill at any point leaves the old mind or the new one. What a kill left unreferenced is written again or ignored:
every file is named by its content.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from nightschool.errors import NightError, UnknownName
from nightschool.items import Adapter, Lesson, digest
from nightschool.paths import new_folder, sync, write_durably
from nightschool.sleep.lessons.lines import from_lines, to_lines
from nightschool.sleep.nights.night import Night
from nightschool.train.adapter_name import name_of

_SCHEMA = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS nights (
    place INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, base TEXT NOT NULL, accepted INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS held (
    night TEXT NOT NULL REFERENCES nights(name), space TEXT NOT NULL, PRIMARY KEY (night, space)
);
CREATE TABLE IF NOT EXISTS current (
    base TEXT NOT NULL, space TEXT NOT NULL, night TEXT REFERENCES nights(name), PRIMARY KEY (base, space)
);
"""
# a night that is in no space's hands was held before there were spaces: it belongs to the first of them
_MINE = """(EXISTS (SELECT 1 FROM held WHERE held.night = nights.name AND held.space = :space)
    OR (:space = 'default' AND NOT EXISTS (SELECT 1 FROM held WHERE held.night = nights.name)))"""


class Ledger:
    """All nights of one space in one data folder. Two processes may use it at once: SQLite orders them.

    folder: made where it is missing. space: whose nights; what another learned cannot be listed, found or woken here.

    Raises NightError for a folder that cannot be written, or a ledger of a newer version.
    """

    def __init__(self, folder: Path, space: str = "default") -> None:
        self.folder, self.space = Path(folder), space
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._open() as db:
                version = db.execute("PRAGMA user_version").fetchone()[0]
                if version > _SCHEMA:
                    raise NightError(
                        f"the ledger in {self.folder} has version {version}, and this nightschool knows {_SCHEMA}; "
                        "type: pip install --upgrade nightschool"
                    )
                db.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {_SCHEMA}; COMMIT;")
        except (OSError, sqlite3.Error) as error:
            raise NightError(f"cannot keep nights in {self.folder}: {error}; set NIGHTSCHOOL_HOME") from error

    def record(self, night: Night, adapter: Adapter, lessons: Iterable[Lesson]) -> Night:
        """Return `night` with its name, once it and its adapter are on the disk for good.

        It becomes current only by `switch`: a night that the gate refused is kept and listed, and never woken by
        itself. Recording the same night twice is recording it once, and mends an adapter that was damaged.

        Raises NightError for an adapter whose files are not what it is called, or that cannot be written.
        """
        night = night.named()
        if adapter.name != night.adapter:
            raise NightError(f"night {night.name} is of adapter {night.adapter}, not {adapter.name}")
        lines = to_lines(lessons)
        try:
            self._keep(adapter)
            write_durably(self.folder / "lessons" / f"{night.name}.jsonl", lines)
            write_durably(self.folder / "manifests" / f"{night.name}.json", json.dumps(night.as_dict(), indent=2))
        except OSError as error:
            raise NightError(f"cannot keep night {night.name} in {self.folder}: {error}; the old mind stays") from error
        with self._writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO nights (name, base, accepted) VALUES (?, ?, ?)",
                (night.name, night.base, int(night.accepted)),
            )
            db.execute("INSERT OR IGNORE INTO held (night, space) VALUES (?, ?)", (night.name, self.space))
        return night

    def switch(self, base: str, name: str | None) -> None:
        """Make night `name` current for the model of identity `base`; None wakes the bare model. One row, at once.

        Raises NightError for a night of another model, or whose files are not whole.
        """
        if name is not None:
            night = self.find(name)
            if night.base != base:
                raise NightError(f"night {night.name} belongs to {night.model}, a model of another content")
            self.adapter(night)
            name = night.name
        with self._writing() as db:
            db.execute(
                "INSERT INTO current (base, space, night) VALUES (?, ?, ?) "
                "ON CONFLICT (base, space) DO UPDATE SET night = excluded.night",
                (base, self.space, name),
            )

    def current(self, base: str) -> Night | None:
        """Return the night that the model of identity `base` woke from, None for the bare model."""
        with self._reading() as db:
            row = db.execute("SELECT night FROM current WHERE base = ? AND space = ?", (base, self.space)).fetchone()
        return self._manifest(row[0]) if row and row[0] else None

    def nights(self, base: str | None = None) -> list[Night]:
        """Return all nights of this space in the order in which they were recorded, of one model or of all."""
        with self._reading() as db:
            rows = db.execute(f"SELECT name, base FROM nights WHERE {_MINE} ORDER BY place", self._here).fetchall()
        return [self._manifest(name) for name, of in rows if base in (None, of)]

    def find(self, name: str) -> Night:
        """Return the night of that name, or of the one name that begins so. Raises UnknownName, NightError."""
        with self._reading() as db:
            rows = db.execute(f"SELECT name FROM nights WHERE {_MINE} ORDER BY place", self._here)
            names = [row[0] for row in rows]
        matches = [each for each in names if each.startswith(name)] if name else []
        if not matches:
            raise UnknownName("night", name, names, hint="nightschool ls nights")
        if len(matches) > 1 and name not in matches:
            raise NightError(f"{name!r} begins {len(matches)} nights: {', '.join(matches)}; write more of the name")
        return self._manifest(name if name in matches else matches[0])

    def adapter(self, night: Night) -> Adapter:
        """Return the adapter of `night`. Raises NightError where its files are gone or were changed."""
        path = self.folder / "adapters" / night.adapter
        if not path.is_dir():
            raise NightError(f"the weights of night {night.name} are not in {path}")
        try:
            found = name_of(path, night.base)
        except (OSError, UnicodeDecodeError) as error:
            raise NightError(f"the weights of night {night.name} cannot be read: {error}") from error
        if found != night.adapter:
            raise NightError(f"the weights of night {night.name} in {path} are damaged: they hash to {found}")
        return Adapter(night.adapter, night.base, str(path))

    def lineage(self, night: Night | None) -> list[Night]:
        """Return `night` and the nights that it was built on, the first one first; empty for the bare model."""
        found: list[Night] = []
        while night is not None:
            found.append(night)
            night = self._manifest(night.parent) if night.parent else None
        return found[::-1]

    def lessons(self, night: Night) -> list[Lesson]:
        """Return what `night` learned. Raises NightError where it cannot be read."""
        path = self.folder / "lessons" / f"{night.name}.jsonl"
        try:
            return from_lines(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NightError(f"cannot read what night {night.name} learned in {path}: {error}") from error

    def is_gutted(self, night: Night) -> bool:
        """Return whether a purge of `night` was begun and never ended: lessons that it learned are not there."""
        return len(self.lessons(night)) < night.lessons

    def purge(self, nights: Sequence[Night]) -> None:
        """Take `nights` out of the ledger and off the disk: weights, lessons and manifests, and unfinished nights.

        nights: parents before their children, as `nights()` lists them. Where one of them is current, in whatever
        space, the youngest night before it that is not purged takes its place. First what is current changes, then
        the weights go, then the lessons, then the rows. A night's lessons tell that it has to go, so they stay until
        no weights are left, and a parent's until those of its children went; a night without them is `is_gutted`.

        Raises NightError, also where weights cannot be removed.
        """
        doomed = {night.name: night for night in nights}
        if not doomed:
            return
        with self._writing() as db:
            for base, space, name in db.execute("SELECT base, space, night FROM current").fetchall():
                heir = name
                while heir in doomed:
                    heir = doomed[heir].parent
                if heir != name:
                    db.execute("UPDATE current SET night = ? WHERE base = ? AND space = ?", (heir, base, space))
        with self._reading() as db:
            names = [name for (name,) in db.execute("SELECT name FROM nights") if name not in doomed]
        used = {self._manifest(name).adapter for name in names}  # by any space
        _remove(self.folder / "unfinished")
        for night in doomed.values():
            if night.adapter not in used:
                _remove(self.folder / "adapters" / night.adapter)
        for name in reversed(doomed):
            write_durably(self.folder / "lessons" / f"{name}.jsonl", "")
        with self._writing() as db:
            for table, column in (("held", "night"), ("nights", "name")):
                db.executemany(f"DELETE FROM {table} WHERE {column} = ?", [(name,) for name in doomed])
        for name in doomed:
            for path in (f"lessons/{name}.jsonl", f"manifests/{name}.json"):
                (self.folder / path).unlink(missing_ok=True)

    def unfinished(self, key: str) -> Path:
        """Return the folder of the unfinished night `key`, made where it is missing."""
        path = self.folder / "unfinished" / key
        path.mkdir(parents=True, exist_ok=True)
        return path

    def is_unfinished(self, key: str) -> bool:
        """Return whether an interrupted night of that key is there."""
        return (self.folder / "unfinished" / key / "term.json").exists()

    def finish(self, key: str) -> None:
        """Forget the checkpoints of night `key`."""
        shutil.rmtree(self.folder / "unfinished" / key, ignore_errors=True)

    def _keep(self, adapter: Adapter) -> None:
        """Copy an adapter whose files are what it is called, unless it is kept whole already."""
        found = _content(Path(adapter.path), adapter.base)
        if found != adapter.name:
            raise NightError(f"the adapter in {adapter.path} is called {adapter.name}, and its files hash to {found}")
        kept = self.folder / "adapters" / adapter.name
        if kept.exists():
            if _content(kept, adapter.base) == adapter.name:
                return
            shutil.rmtree(kept)
        with new_folder(kept) as growing:
            shutil.copytree(adapter.path, growing, dirs_exist_ok=True)

    def _manifest(self, name: str) -> Night:
        path = self.folder / "manifests" / f"{name}.json"
        try:
            night = Night.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise NightError(f"cannot read night {name} in {path}: {error}") from error
        if night.name != name:
            raise NightError(f"{path} is the manifest of night {night.name}")
        return night

    @property
    def _here(self) -> dict[str, str]:
        return {"space": self.space}

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.folder / "ledger.sqlite", timeout=30, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            yield db
        finally:
            db.close()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._open() as db:
                yield db
        except sqlite3.Error as error:
            raise NightError(f"cannot read the ledger in {self.folder}: {error}") from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection in a transaction that is durable when this returns. Raises NightError for a full disk."""
        try:
            with self._open() as db:
                db.execute("BEGIN IMMEDIATE")
                try:
                    yield db
                except BaseException:
                    db.execute("ROLLBACK")
                    raise
                db.execute("COMMIT")
        except sqlite3.Error as error:
            raise NightError(f"cannot write the ledger in {self.folder}: {error}; the old mind stays") from error


def lessons_hash(lessons: Iterable[Lesson]) -> str:
    """Return the content hash of a set of lessons, whatever their order."""
    return digest(sorted(lesson.id for lesson in lessons))[:16]


def _remove(folder: Path) -> None:
    """Return when `folder` is gone from the disk for good. Raises NightError where it cannot be removed."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        raise NightError(f"cannot remove {folder}, which learned what is to be forgotten; remove it, and sleep again")
    if folder.parent.is_dir():
        sync(folder.parent)


def _content(folder: Path, base: str) -> str:
    """Return the name of the files in `folder`, empty where they are not whole."""
    try:
        return name_of(folder, base)
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return ""
