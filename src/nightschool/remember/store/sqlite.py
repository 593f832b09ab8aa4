"""The embedded store: one SQLite file per space, which any number of processes may use at once.

WAL and synchronous=FULL: what `write` returned from is on the disk.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightschool.errors import StoreError, UnknownName
from nightschool.remember.memory import Link, LinkKind, Memory, Salience, Strength
from nightschool.remember.store import schema
from nightschool.remember.store.nearest import Nearest, add_vectors, ids_at, marks, parts
from nightschool.remember.store.port import Entry, Feedback, Hit, Neighbour, Store, Vectors, Written
from nightschool.remember.store.rows import (
    COLUMNS,
    MANY,
    feedback_of,
    memory_of,
    row_of,
    salience_of,
    strength_of,
    the_one,
)

_SCORED = 4000  # memories that BM25 is computed for, in large stores
_TAGGED = 1000  # memories of one tag that are looked at


class SqliteStore(Store):
    """The memories of one space in the file at `path`, made where it is missing. As `Store` says.

    patience_s: how long to wait while another process writes.

    Raises StoreError for a file that cannot be opened, or that a newer version made.
    """

    def __init__(self, path: str | Path, space: str = "default", *, patience_s: float = 30.0) -> None:
        self.path, self.space = Path(path), space
        self._nearest = Nearest(self._rows)
        with self._explained("open"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=patience_s, isolation_level=None)
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = FULL")
                self._db.execute("PRAGMA foreign_keys = ON")
                self._db.execute("PRAGMA secure_delete = ON")
                self._db.execute("PRAGMA cache_size = -65536")
                # the planner likes to index all memories anew for a question about some hundred of them
                self._db.execute("PRAGMA automatic_index = OFF")
                schema.migrate(self._db)
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        """Give the file back."""
        self._db.close()

    # writing

    def write(self, add: Iterable[Entry] = (), delete: Sequence[str] = (), now: float = 0.0) -> Written:
        """Do all of it in one transaction, durable on return, or none of it."""
        with self._transaction() as db:
            gone = [self._delete(db, id, now) for id in delete]
            new = [self._add(db, entry) for entry in add]
        if gone:
            self._wipe()
        vectors, links = (sum(column) for column in zip(*gone, strict=True)) if gone else (0, 0)
        return Written(sum(new), len(new) - sum(new), len(gone), vectors, links)

    def _add(self, db: sqlite3.Connection, entry: Entry) -> bool:
        """Return whether the memory is new."""
        id, values = entry.memory.id, row_of(entry.memory)
        sql = f"INSERT OR IGNORE INTO memories ({COLUMNS}) VALUES ({marks(values)}) RETURNING place"
        row = db.execute(sql, values).fetchone()
        if row is not None:
            place = row[0]
            self._tag(db, place, entry.memory.tags)
        else:
            place = db.execute("SELECT place FROM memories WHERE id = ?", (id,)).fetchone()[0]
        for embedder, vectors in entry.vectors.items():
            add_vectors(db, place, embedder, vectors)
        self._add_links(db, entry.links)
        for old in entry.supersedes:
            db.execute("UPDATE memories SET superseded_by = ? WHERE id = ? AND superseded_by IS NULL", (id, old))
        return row is not None

    @staticmethod
    def _tag(db: sqlite3.Connection, place: int, tags: Sequence[str]) -> None:
        rows = [(tag, place, rank) for rank, tag in enumerate(tags)]
        db.executemany("INSERT OR IGNORE INTO tags (tag, place, rank) VALUES (?, ?, ?)", rows)

    @staticmethod
    def _add_links(db: sqlite3.Connection, links: Sequence[Link]) -> None:
        rows = [(link.source, link.target, str(link.kind), link.weight) for link in links]
        db.executemany("INSERT OR REPLACE INTO links VALUES (?, ?, ?, ?)", rows)

    def _delete(self, db: sqlite3.Connection, id: str, now: float) -> tuple[int, int]:
        """Return how many vectors and links went along."""
        row = db.execute("SELECT place FROM memories WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise UnknownName("memory", id, [], hint="nightschool ls memories")
        vectors = db.execute("SELECT count(*) FROM vectors WHERE place = ?", row).fetchone()[0]
        links = db.execute("DELETE FROM links WHERE source = ? OR target = ?", (id, id)).rowcount
        db.execute("DELETE FROM memories WHERE place = ?", row)
        # what it had superseded is in force again
        db.execute("UPDATE memories SET superseded_by = NULL WHERE superseded_by = ?", (id,))
        db.execute("DELETE FROM feedback WHERE number IN (SELECT feedback FROM shown WHERE id = ?)", (id,))
        db.execute("INSERT OR REPLACE INTO deleted VALUES (?, ?)", (id, now))
        return vectors, links

    def _wipe(self) -> None:
        """Take what was deleted out of the index's old segments and out of the log, so that the disk forgets it too."""
        self._nearest.clear()
        with self._transaction() as db:
            db.execute("INSERT INTO words (words) VALUES ('optimize')")
        with self._explained("write"):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def set_strengths(self, strengths: Mapping[str, Strength]) -> None:
        """Put these on the memories named; durable on return."""
        rows = [(*strength_of(strength), id) for id, strength in strengths.items()]
        sql = "UPDATE memories SET stability = ?, difficulty = ?, reviewed = ?, reviews = ? WHERE id = ?"
        with self._transaction() as db:
            db.executemany(sql, rows)

    def set_salience(self, id: str, salience: Salience) -> None:
        """Put this on one memory; durable on return."""
        with self._transaction() as db:
            db.execute(
                "UPDATE memories SET reward = ?, surprise = ?, marked = ? WHERE id = ?", (*salience_of(salience), id)
            )

    def set_tags(self, id: str, tags: Sequence[str]) -> None:
        """Give one memory these tags in place of its own; durable on return."""
        with self._transaction() as db:
            for (place,) in db.execute("SELECT place FROM memories WHERE id = ?", (id,)).fetchall():
                db.execute("DELETE FROM tags WHERE place = ?", (place,))
                self._tag(db, place, tags)

    def add_feedback(self, feedback: Feedback) -> None:
        """Keep what came of a recall; durable on return."""
        with self._transaction() as db:
            sql = "INSERT INTO feedback (cue, time) VALUES (?, ?) RETURNING number"
            number = db.execute(sql, (feedback.cue, feedback.time)).fetchone()[0]
            for rank, (id, features) in enumerate(feedback.shown.items()):
                row = (number, rank, id, json.dumps(features), int(id in feedback.useful))
                db.execute("INSERT INTO shown VALUES (?, ?, ?, ?, ?)", row)

    # reading

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return the memories of these ids; those that there are not are left out."""
        found: dict[str, Memory] = {}
        for some in parts(ids):
            found |= {m.id: m for m in self._memories(f"WHERE id IN ({marks(some)})", some)}
        return {id: found[id] for id in ids if id in found}

    def find(self, name: str) -> Memory:
        """Return the memory whose id begins so. Raises UnknownName where there is none, or more than one."""
        pattern = name.replace("\\", "").replace("%", "").replace("_", "") + "%"
        return the_one(name, self._memories("WHERE id LIKE ? LIMIT 2", (pattern,)) if name else [])

    def lexical(self, words: Sequence[str], limit: int) -> list[Hit]:
        """Return the memories that speak of any of `words`, by BM25 over speaker and content. Ref: robertson2009."""
        quoted = ['"' + word.replace('"', '""') + '"' for word in dict.fromkeys(words)]
        if not quoted:
            return []
        if rare := self._rare(quoted):
            sql = (
                "SELECT id, -score FROM (SELECT rowid AS place, rank AS score FROM words WHERE words MATCH ? "
                "ORDER BY rank LIMIT ?) JOIN memories USING (place) ORDER BY score, place"
            )
            return [Hit(*row) for row in self._rows(sql, (" OR ".join(rare), limit))]
        newest = (
            "SELECT id, 1.0 FROM (SELECT rowid AS place FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?) "
            "JOIN memories USING (place) ORDER BY place DESC"
        )
        for both in (" AND ", " OR "):
            if rows := self._rows(newest, (both.join(quoted), limit)):
                return [Hit(*row) for row in rows]
        return []

    def _rare(self, words: Sequence[str]) -> list[str]:
        """Return those of `words` that BM25 is computed for; none where all are too common to tell much.

        It costs microseconds for every memory with any of the words: in large stores only the rarest words are looked
        for, as many as make up `_SCORED`. Where all are common, the newest memories with all of them will do.
        """
        if (self._rows("SELECT max(place) FROM memories", ())[0][0] or 0) <= _SCORED:
            return list(words)
        count = f"SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT {_SCORED + 1})"
        frequent = {word: int(self._rows(count, (word,))[0][0]) for word in words}
        room, rare = _SCORED, []
        for word in sorted((word for word in words if frequent[word]), key=lambda word: frequent[word]):
            room -= frequent[word]
            if room < 0:
                break
            rare.append(word)
        return rare

    def dense(self, embedder: str, query: NDArray[np.float32], limit: int) -> list[Hit]:
        """Return the memories whose nearest passage has the largest cosine with `query`."""
        return self._nearest.dense(embedder, query, limit)

    def similarities(self, embedder: str, query: NDArray[np.float32], ids: Sequence[str]) -> dict[str, float]:
        """Return the exact cosine of each of these memories, where it has a vector."""
        return self._nearest.similarities(embedder, query, ids)

    def tagged(self, tags: Sequence[str], limit: int) -> list[Hit]:
        """Return the memories with any of `tags`; a tag counts the more, the rarer it is."""
        share: dict[int, float] = {}
        for tag in dict.fromkeys(tags):
            # of a tag that everything has, the newest are enough
            sql = f"SELECT place FROM tags WHERE tag = ? ORDER BY place DESC LIMIT {_TAGGED}"
            places = self._rows(sql, (tag,))
            for (place,) in places:
                share[place] = share.get(place, 0.0) + 1.0 / len(places)
        best = sorted(share.items(), key=lambda pair: (-pair[1], -pair[0]))[:limit]
        ids = ids_at(self._rows, [place for place, _ in best])
        return [Hit(ids[place], score) for place, score in best]

    def during(self, start: float, end: float, limit: int) -> list[Hit]:
        """Return the memories of that time, newest first, all with score 1."""
        sql = "SELECT id FROM memories WHERE time >= ? AND time < ? ORDER BY time DESC, place DESC LIMIT ?"
        return [Hit(row[0], 1.0) for row in self._rows(sql, (start, end, limit))]

    def beside(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Neighbour]:
        """Return who stands at these (session, turn)s."""
        found: dict[tuple[str, int], Neighbour] = {}
        for some in parts(places):
            values = ",".join("(?, ?)" for _ in some)
            # CROSS JOIN: by the index, one place after the other
            sql = (
                f"WITH places (a, b) AS (VALUES {values}) SELECT a, b, id, instr(content, '?') > 0 "
                "FROM places CROSS JOIN memories ON session = a AND turn = b ORDER BY place DESC"
            )
            rows = self._rows(sql, [value for place in some for value in place])
            found |= {(session, turn): Neighbour(id, bool(asks)) for session, turn, id, asks in rows}
        return found

    def links(self, ids: Sequence[str]) -> list[Link]:
        """Return all links from or to these memories."""
        rows: dict[tuple[Any, ...], None] = {}
        for some in parts(ids):
            for side in ("source", "target"):
                sql = f"SELECT source, target, kind, weight FROM links WHERE {side} IN ({marks(some)})"
                rows |= dict.fromkeys(self._rows(sql, some))
        return [Link(source, target, LinkKind(kind), weight) for source, target, kind, weight in rows]

    def claimed(self, claim: str) -> list[Memory]:
        """Return the memories that state `claim` and were not superseded, oldest first."""
        return self._memories("WHERE claim = ? AND superseded_by IS NULL ORDER BY place", (claim,))

    def marked(self) -> list[Memory]:
        """Return what the user marked and did not supersede, oldest first."""
        return self._memories("WHERE marked AND superseded_by IS NULL ORDER BY place", ())

    def without_vectors(self, embedder: str, limit: int) -> list[Memory]:
        """Return memories that this embedder has not embedded yet, oldest first."""
        where = (
            "WHERE NOT EXISTS (SELECT 1 FROM vectors JOIN embedders ON embedder = embedders.number "
            "WHERE vectors.place = memories.place AND name = ?) ORDER BY place LIMIT ?"
        )
        return self._memories(where, (embedder, limit))

    def each(self) -> Iterator[Memory]:
        """Give all memories in the order in which they were stored."""
        last = 0
        while rows := self._rows(
            f"SELECT {COLUMNS}, place FROM memories WHERE place > ? ORDER BY place LIMIT {MANY}", (last,)
        ):
            yield from self._built(rows)
            last = rows[-1][-1]

    def recent(self, limit: int) -> list[Memory]:
        """Return the memories stored last, newest first."""
        return self._memories("ORDER BY place DESC LIMIT ?", (limit,))

    def all_vectors(self, id: str) -> dict[str, Vectors]:
        """Return a memory's vectors by embedder."""
        return self._nearest.all_vectors(id)

    def deleted(self) -> dict[str, float]:
        """Return the ids of what was deleted, with the time."""
        return dict(self._rows("SELECT id, time FROM deleted ORDER BY time", ()))

    def feedback(self) -> Iterator[Feedback]:
        """Give all that came of recalls, oldest first, without what was deleted since."""
        for number, cue, time in self._rows("SELECT number, cue, time FROM feedback ORDER BY number", ()):
            rows = self._rows("SELECT id, features, useful FROM shown WHERE feedback = ? ORDER BY rank", (number,))
            yield feedback_of(cue, time, rows)

    def count(self) -> int:
        """Return how many memories there are."""
        return int(self._rows("SELECT count(*) FROM memories", ())[0][0])

    # within

    def _memories(self, where: str, values: Sequence[Any]) -> list[Memory]:
        return self._built(self._rows(f"SELECT {COLUMNS}, place FROM memories {where}", values))

    def _built(self, rows: Sequence[tuple[Any, ...]]) -> list[Memory]:
        """Return the memories of rows that end with their place."""
        tags: dict[int, list[str]] = {}
        for some in parts([row[-1] for row in rows]):
            sql = f"SELECT place, tag FROM tags WHERE place IN ({marks(some)}) ORDER BY rank"
            for place, tag in self._rows(sql, some):
                tags.setdefault(place, []).append(tag)
        return [memory_of(row, tags.get(row[-1], ())) for row in rows]

    def _rows(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self._explained("read"):
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._explained("write"):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk has ended it already
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _explained(self, verb: str) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            raise StoreError(f"{self.path}: {error}") from error
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"cannot {verb} the memories in {self.path}: {error}; {_advice(str(error))}") from error


def _advice(problem: str) -> str:
    for word, advice in (
        ("full", "make room; what was stored before is whole"),
        ("locked", "another process is writing to it; try again"),
        ("readonly", "it may be read but not written; check its permissions"),
        ("fts5", "this Python's SQLite has no full-text search; take a Python that has"),
        ("not a database", "it is no memory store; name another with NIGHTSCHOOL_HOME"),
        ("malformed", "the file is damaged; restore it from an export"),
    ):
        if word in problem:
            return advice
    return "check the disk and the permissions, or set NIGHTSCHOOL_HOME"
