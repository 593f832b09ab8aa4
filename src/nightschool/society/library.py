"""The library of concepts: what was learned from one drawing, one definition or a few pairs each, kept for good.

One folder: `library.sqlite` knows names and history, `objects/DIGEST.safetensors` holds the drawings and
`objects/DIGEST.json` the definitions and programs, named by what is in them. Objects are written and synced first, then
one transaction makes them count; so a kill leaves the old library or the new one, and of two processes that add one
name the second is told. The version is a digest of names and contents: the same after a restart, and on any machine.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from nightschool import paths
from nightschool.errors import BadFile, UnknownName, UsageError
from nightschool.items import digest
from nightschool.society.words.definitions import Definition, Part

if TYPE_CHECKING:  # what is listed or removed is done without torch, which takes seconds to load
    import torch

    from nightschool.society.expressions.concept import Function

T = TypeVar("T")

WAITS_S = 30.0
"""How long another process may hold the library."""
_HELD, _DAMAGED = {5, 6}, {11, 26}  # SQLite's codes: busy and locked; corrupt and no database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS concepts (
    name TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, kind TEXT NOT NULL DEFAULT 'drawing'
);
CREATE TABLE IF NOT EXISTS history (
    number INTEGER PRIMARY KEY, action TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, version TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A concept in the library. digest: names its content; kind: what it was learned from."""

    name: str
    digest: str
    kind: Literal["drawing", "definition", "networks", "program"] = "drawing"


class Library:
    """Concepts in `folder`, which is made when the first is added. Raises BadFile for a folder that holds another
    thing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, image: torch.Tensor) -> Kept:
        """Return the concept called `name` that was made of one example: `image` [height, width], ink 1.

        Raises UsageError for a name or a drawing that is there already, saying where, and for one without ink.
        """
        import torch
        from safetensors.torch import save

        from nightschool.society.strokes.ink import LEAST

        if int(image.sum()) < LEAST:
            raise UsageError(f"there is nothing to learn for {name!r}: {int(image.sum())} pixels of ink")
        data = save({"image": image.to(torch.uint8).contiguous()})
        return self._keep(Kept(name, digest(data.hex())[:32]), data)

    def define(self, definition: Definition) -> Kept:
        """Return the concept that was made of one definition. Raises UsageError for one that is there already."""
        data = json.dumps(asdict(definition) | {"denied": sorted(definition.denied)}, ensure_ascii=False).encode()
        return self._keep(Kept(definition.name, digest(data.hex())[:32], "definition"), data)

    def drawings(self) -> dict[str, torch.Tensor]:
        """Return the examples of all drawn concepts, by name. Raises BadFile for a damaged one."""
        return {kept.name: self.image(kept) for kept in self if kept.kind == "drawing"}

    @property
    def drawn(self) -> str:
        """Return the digest of the drawn concepts alone: what a recogniser of drawings depends on."""
        return digest([[kept.name, kept.digest] for kept in self if kept.kind == "drawing"])[:16]

    def keep_dreams(self, dreamt: bytes) -> None:
        """Keep what a night dreamt of the drawn concepts (`strokes.dreams`), in place of what there was."""
        paths.write_durably(self.folder / "dreams.safetensors", dreamt)

    def dreams(self) -> bytes | None:
        """Return what the last night dreamt, None where none did."""
        path = self.folder / "dreams.safetensors"
        return path.read_bytes() if path.exists() else None

    def learn(self, name: str, networks: bytes) -> Kept:
        """Return the set of concepts called `name` whose networks learned from many examples (`digits.kept`).

        Raises UsageError for a name or networks that are there already.
        """
        return self._keep(Kept(name, digest(networks.hex())[:32], "networks"), networks)

    def networks(self, kept: Kept) -> bytes:
        """Return what `learn` was given. Raises BadFile for a damaged one."""
        return self._read(kept, bytes)

    def program(self, function: Function) -> Kept:
        """Return the concept that was made of examples of what it does. Raises UsageError for one that is there."""
        data = json.dumps(function.told(), ensure_ascii=False).encode()
        return self._keep(Kept(function.name, digest(data.hex())[:32], "program"), data)

    def function(self, kept: Kept) -> Function:
        """Return the program that the concept is. Raises BadFile for a damaged one."""
        from nightschool.society.expressions.concept import function_from

        return self._read(kept, lambda data: function_from(json.loads(data)))

    def _keep(self, kept: Kept, data: bytes) -> Kept:
        if not kept.name.strip() or "\n" in kept.name:
            raise UsageError(f"a concept needs a name of one line, not {kept.name!r}")
        with self._database() as database:
            database.execute("BEGIN IMMEDIATE")  # nobody else adds anything between looking and keeping
            for other in self._kept(database):
                if other.name == kept.name:
                    raise UsageError(
                        f"there is a concept called {kept.name!r} already; choose another name, or remove it"
                    )
                if other.digest == kept.digest:
                    raise UsageError(f"this {kept.kind} is there already, as {other.name!r}")
            paths.write_durably(self._object(kept), data)
            database.execute("INSERT INTO concepts VALUES (?, ?, ?)", (kept.name, kept.digest, kept.kind))
            self._record(database, "add", kept)
        return kept

    def remove(self, name: str) -> None:
        """Take the concept out; history remembers its name and digest, the object is deleted.

        Raises UnknownName, and UsageError for a word that other definitions are made of.
        """
        kept = self.find(name)
        defined = self.definitions() if kept.kind == "definition" else []  # a drawing may share its name with a word
        if users := [one.name for one in defined if name in {part.known for part in one.parts}]:
            raise UsageError(f"{', '.join(users)} would lose the word {name!r}; remove what is made of it first")
        with self._database() as database:
            database.execute("DELETE FROM concepts WHERE name = ?", (name,))
            self._record(database, "remove", kept)
        self._written(kept).unlink(missing_ok=True)

    def __iter__(self) -> Iterator[Kept]:
        if not self._path.exists():
            return iter(())
        with self._database() as database:
            return iter(self._kept(database))

    def find(self, name: str) -> Kept:
        """Return the concept called `name`. Raises UnknownName, with near misses."""
        for kept in self:
            if kept.name == name:
                return kept
        raise UnknownName("concept", name, [kept.name for kept in self])

    def image(self, kept: Kept) -> torch.Tensor:
        """Return the example [height, width] that the concept was made of. Raises BadFile for a damaged one."""
        from safetensors.torch import load

        return self._read(kept, lambda data: load(data)["image"].float())

    def definition(self, kept: Kept) -> Definition:
        """Return the definition that the concept was made of. Raises BadFile for a damaged one."""
        return self._read(kept, _definition)

    def definitions(self) -> list[Definition]:
        """Return all definitions, by name. Raises BadFile for a damaged one."""
        return [self.definition(kept) for kept in self if kept.kind == "definition"]

    def _read(self, kept: Kept, read: Callable[[bytes], T]) -> T:
        path = self._written(kept)
        try:
            data = path.read_bytes()
            if digest(data.hex())[:32] != kept.digest:
                raise ValueError("its content is not what its name says")
            return read(data)
        except Exception as error:
            raise BadFile(
                f"the concept {kept.name!r} is damaged: {path}: {error}; remove it and add it again"
            ) from error

    @property
    def version(self) -> str:
        """Return the digest of all names and contents."""
        return digest([[kept.name, kept.digest] for kept in self])[:16]

    @property
    def _path(self) -> Path:
        return self.folder / "library.sqlite"

    def _object(self, kept: Kept) -> Path:
        ending = "json" if kept.kind in ("definition", "program") else "safetensors"
        return self.folder / "objects" / f"{kept.digest}.{ending}"

    def _written(self, kept: Kept) -> Path:
        """Return where the object lies: programs were once written under the other ending."""
        path = self._object(kept)
        before = path.with_suffix(".safetensors")
        return before if not path.exists() and before.exists() else path

    @staticmethod
    def _kept(database: sqlite3.Connection) -> list[Kept]:
        return [Kept(*row) for row in database.execute("SELECT name, digest, kind FROM concepts ORDER BY name")]

    def _record(self, database: sqlite3.Connection, action: str, kept: Kept) -> None:
        rows = database.execute("SELECT name, digest FROM concepts ORDER BY name").fetchall()
        version = digest([list(row) for row in rows])[:16]
        row = (action, kept.name, kept.digest, version)
        database.execute("INSERT INTO history (action, name, digest, version) VALUES (?, ?, ?, ?)", row)

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """Give a connection whose changes are one transaction. Raises BadFile, which says what is the matter."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(self._path, timeout=WAITS_S)
        except (OSError, sqlite3.Error) as error:
            raise BadFile(f"cannot open the library in {self.folder}: {error}") from error
        try:
            database.executescript(_SCHEMA)
            if "kind" not in {row[1] for row in database.execute("PRAGMA table_info(concepts)")}:
                database.execute("ALTER TABLE concepts ADD COLUMN kind TEXT NOT NULL DEFAULT 'drawing'")
            with database:
                yield database
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # its low byte says what kind of error it is
            if code in _HELD:
                raise BadFile(f"another process is using the library {self._path}; try again") from error
            if code in _DAMAGED:
                raise BadFile(
                    f"the library {self._path} is damaged: {error}; move it away to begin a new one"
                ) from error
            raise BadFile(f"the library {self._path} cannot be used: {error}") from error
        finally:
            database.close()


def _definition(data: bytes) -> Definition:
    told = json.loads(data)
    parts = tuple(Part(**part) for part in told["parts"])
    return Definition(told["name"], told["text"], parts, tuple(told["unread"]), frozenset(told["denied"]))
