"""The store for many users: PostgreSQL with pgvector, one row's key beginning with its space.

Meaning is searched exactly within a space: a user's thousands of memories take milliseconds, and an index over all
users' would have to be filtered afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nightschool.errors import MissingDependency, StoreError, UnknownName
from nightschool.remember.memory import Link, LinkKind, Memory, Salience, Strength
from nightschool.remember.store.port import Entry, Feedback, Hit, Neighbour, Store, Vectors, Written
from nightschool.remember.store.postgres_schema import migrate
from nightschool.remember.store.rows import (
    COLUMNS,
    MANY,
    feedback_of,
    memory_of,
    refuse_length,
    row_of,
    salience_of,
    strength_of,
    the_one,
)

if TYPE_CHECKING:
    from psycopg import Connection

_COLUMNS = f"{COLUMNS}, tags"
# BM25 with k1 = 1.2 and b = 0.75, over the matches of each word in this space
_BM25 = """
WITH asked AS (SELECT DISTINCT unnest(tsvector_to_array(to_tsvector('english', %(words)s))) AS word),
size AS (SELECT count(*) AS n, greatest(avg(length), 1) AS mean FROM memories WHERE space = %(space)s),
hits AS (
    SELECT id, place, length, word, count(*) OVER (PARTITION BY word) AS df,
        (SELECT coalesce(array_length(u.positions, 1), 1) FROM unnest(words) u WHERE u.lexeme = word) AS tf
    FROM asked JOIN memories ON space = %(space)s AND words @@ quote_literal(word)::tsquery
)
SELECT id, sum(ln(1 + (n - df + 0.5) / (df + 0.5)) * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / mean))) AS score
FROM hits, size GROUP BY id, place ORDER BY score DESC, place LIMIT %(limit)s
"""


class PostgresStore(Store):
    """The memories of one space in the database at `dsn` (`postgresql://...`). As `Store` says.

    Words are searched in the first 200,000 characters of a memory (PostgreSQL's own limit is about there), meaning in
    all of it. What is deleted stays unread in the database's files until PostgreSQL reuses the place (VACUUM), and in
    its log and backups as long as these are kept.

    Raises MissingDependency, and StoreError for a database that cannot be reached or that a newer version made.
    """

    def __init__(self, dsn: str, space: str = "default") -> None:
        try:
            import psycopg
        except ModuleNotFoundError as error:
            raise MissingDependency(
                "memories in PostgreSQL need psycopg; type: pip install 'nightschool[postgres]'"
            ) from error
        self.space, self._error = space, psycopg.Error
        with self._explained("open"):
            self._db: Connection[Any] = psycopg.connect(dsn, autocommit=True)
            try:
                migrate(self._db)
                self._db.execute("SET synchronous_commit = on")
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        """Give the connection back."""
        self._db.close()

    # writing

    def write(self, add: Iterable[Entry] = (), delete: Sequence[str] = (), now: float = 0.0) -> Written:
        """Do all of it in one transaction, durable on return, or none of it."""
        added = known = vectors = links = 0
        with self._explained("write"), self._db.transaction():
            for id in delete:
                gone = self._delete(id, now)
                vectors, links = vectors + gone[0], links + gone[1]
            for entry in add:
                new = self._add(entry)
                added, known = added + new, known + (not new)
        return Written(added, known, len(delete), vectors, links)

    def _add(self, entry: Entry) -> bool:
        m = entry.memory
        values = (*row_of(m), list(m.tags), self.space, len(m.text.split()))
        marks = ", ".join(["%s"] * len(values))
        sql = f"INSERT INTO memories ({_COLUMNS}, space, length) VALUES ({marks}) ON CONFLICT DO NOTHING"
        added = self._db.execute(sql.encode(), values).rowcount
        for embedder, rows in entry.vectors.items():
            self._add_vectors(m.id, embedder, rows)
        for link in entry.links:
            self._db.execute(
                "INSERT INTO links VALUES (%s, %s, %s, %s, %s) ON CONFLICT (space, source, target, kind) "
                "DO UPDATE SET weight = excluded.weight",
                (self.space, link.source, link.target, str(link.kind), link.weight),
            )
        for old in entry.supersedes:
            self._db.execute(
                "UPDATE memories SET superseded_by = %s WHERE space = %s AND id = %s AND superseded_by IS NULL",
                (m.id, self.space, old),
            )
        return bool(added)

    def _add_vectors(self, id: str, embedder: str, rows: Vectors) -> None:
        self._check_dims(embedder, rows.shape[1])
        for passage, row in enumerate(rows):
            self._db.execute(
                "INSERT INTO vectors VALUES (%s, %s, %s, %s, %s::vector) ON CONFLICT DO NOTHING",
                (self.space, id, embedder, passage, _written(row)),
            )

    def _check_dims(self, embedder: str, dims: int) -> None:
        sql = "SELECT vector_dims(vector) FROM vectors WHERE space = %s AND embedder = %s LIMIT 1"
        row = self._db.execute(sql, (self.space, embedder)).fetchone()
        if row is not None:
            refuse_length(embedder, row[0], dims)

    def _delete(self, id: str, now: float) -> tuple[int, int]:
        mine = (self.space, id)
        vectors = self._db.execute("DELETE FROM vectors WHERE space = %s AND id = %s", mine).rowcount
        both = (self.space, id, id)
        links = self._db.execute("DELETE FROM links WHERE space = %s AND (source = %s OR target = %s)", both).rowcount
        if not self._db.execute("DELETE FROM memories WHERE space = %s AND id = %s", mine).rowcount:
            raise UnknownName("memory", id, [], hint="nightschool ls memories")
        # what it had superseded is in force again
        self._db.execute("UPDATE memories SET superseded_by = NULL WHERE space = %s AND superseded_by = %s", mine)
        with_it = "space = %s AND number IN (SELECT feedback FROM shown WHERE id = %s)"
        self._db.execute(f"DELETE FROM feedback WHERE {with_it}", mine)
        self._db.execute(
            "INSERT INTO deleted VALUES (%s, %s, %s) ON CONFLICT (space, id) DO UPDATE SET time = excluded.time",
            (*mine, now),
        )
        return vectors, links

    def set_strengths(self, strengths: Mapping[str, Strength]) -> None:
        """Put these on the memories named; durable on return."""
        sql = (
            "UPDATE memories SET stability = %s, difficulty = %s, reviewed = %s, reviews = %s "
            "WHERE space = %s AND id = %s"
        )
        with self._explained("write"), self._db.transaction():
            for id, strength in strengths.items():
                self._db.execute(sql, (*strength_of(strength), self.space, id))

    def set_salience(self, id: str, salience: Salience) -> None:
        """Put this on one memory; durable on return."""
        sql = "UPDATE memories SET reward = %s, surprise = %s, marked = %s WHERE space = %s AND id = %s"
        with self._explained("write"):
            self._db.execute(sql, (*salience_of(salience), self.space, id))

    def set_tags(self, id: str, tags: Sequence[str]) -> None:
        """Give one memory these tags in place of its own; durable on return."""
        sql = "UPDATE memories SET tags = %s WHERE space = %s AND id = %s"
        with self._explained("write"):
            self._db.execute(sql, (list(tags), self.space, id))

    def add_feedback(self, feedback: Feedback) -> None:
        """Keep what came of a recall; durable on return."""
        sql = "INSERT INTO feedback (space, cue, time) VALUES (%s, %s, %s) RETURNING number"
        with self._explained("write"), self._db.transaction():
            row = self._db.execute(sql, (self.space, feedback.cue, feedback.time)).fetchone()
            number = row[0] if row else None
            for rank, (id, features) in enumerate(feedback.shown.items()):
                values = (number, rank, id, json.dumps(features), id in feedback.useful)
                self._db.execute("INSERT INTO shown VALUES (%s, %s, %s, %s, %s)", values)

    # reading

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return the memories of these ids; those that there are not are left out."""
        found = {m.id: m for m in self._memories("id = ANY(%s)", list(ids))}
        return {id: found[id] for id in ids if id in found}

    def find(self, name: str) -> Memory:
        """Return the memory whose id begins so. Raises UnknownName where there is none, or more than one."""
        return the_one(name, self._memories("starts_with(id, %s) LIMIT 2", name) if name else [])

    def lexical(self, words: Sequence[str], limit: int) -> list[Hit]:
        """Return the memories that speak of any of `words`, by BM25 over speaker and content. Ref: robertson2009."""
        values = {"words": " ".join(words), "space": self.space, "limit": limit}
        return [Hit(id, float(score)) for id, score in self._rows(_BM25, values)]

    def dense(self, embedder: str, query: NDArray[np.float32], limit: int) -> list[Hit]:
        """Return the memories whose nearest passage has the largest cosine with `query`."""
        with self._explained("read"):
            self._check_dims(embedder, len(query))
        sql = (
            "SELECT id, max(-(vector <#> %s::vector)) AS score FROM vectors WHERE space = %s AND embedder = %s "
            "GROUP BY id ORDER BY score DESC, id LIMIT %s"
        )
        return [Hit(*row) for row in self._rows(sql, (_written(query), self.space, embedder, limit))]

    def similarities(self, embedder: str, query: NDArray[np.float32], ids: Sequence[str]) -> dict[str, float]:
        """Return the exact cosine of each of these memories, where it has a vector."""
        sql = (
            "SELECT id, max(-(vector <#> %s::vector)) FROM vectors WHERE space = %s AND embedder = %s AND id = ANY(%s) "
            "GROUP BY id"
        )
        return dict(self._rows(sql, (_written(query), self.space, embedder, list(ids))))

    def tagged(self, tags: Sequence[str], limit: int) -> list[Hit]:
        """Return the memories with any of `tags`; a tag counts the more, the rarer it is."""
        sql = (
            "WITH hits AS (SELECT id, place, tag, 1.0 / count(*) OVER (PARTITION BY tag) AS part "
            "FROM memories, unnest(tags) AS tag WHERE space = %s AND tags && %s AND tag = ANY(%s)) "
            "SELECT id, sum(part)::float AS score FROM hits GROUP BY id, place ORDER BY score DESC, place DESC LIMIT %s"
        )
        return [Hit(*row) for row in self._rows(sql, (self.space, list(tags), list(tags), limit))]

    def during(self, start: float, end: float, limit: int) -> list[Hit]:
        """Return the memories of that time, newest first, all with score 1."""
        sql = (
            "SELECT id FROM memories WHERE space = %s AND time >= %s AND time < %s "
            "ORDER BY time DESC, place DESC LIMIT %s"
        )
        return [Hit(row[0], 1.0) for row in self._rows(sql, (self.space, start, end, limit))]

    def beside(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Neighbour]:
        """Return who stands at these (session, turn)s."""
        sessions, turns = [place[0] for place in places], [place[1] for place in places]
        sql = (
            "SELECT session, turn, id, position('?' IN content) > 0 FROM memories WHERE space = %s "
            "AND (session, turn) IN (SELECT * FROM unnest(%s::text[], %s::int[])) ORDER BY place DESC"
        )
        rows = self._rows(sql, (self.space, sessions, turns))
        return {(session, turn): Neighbour(id, asks) for session, turn, id, asks in rows}

    def links(self, ids: Sequence[str]) -> list[Link]:
        """Return all links from or to these memories."""
        sql = (
            "SELECT source, target, kind, weight FROM links "
            "WHERE space = %s AND (source = ANY(%s) OR target = ANY(%s)) ORDER BY source, target, kind"
        )
        rows = self._rows(sql, (self.space, list(ids), list(ids)))
        return [Link(source, target, LinkKind(kind), weight) for source, target, kind, weight in rows]

    def claimed(self, claim: str) -> list[Memory]:
        """Return the memories that state `claim` and were not superseded, oldest first."""
        return self._memories("claim = %s AND superseded_by IS NULL ORDER BY place", claim)

    def marked(self) -> list[Memory]:
        """Return what the user marked and did not supersede, oldest first."""
        return self._memories("marked AND superseded_by IS NULL ORDER BY place")

    def without_vectors(self, embedder: str, limit: int) -> list[Memory]:
        """Return memories that this embedder has not embedded yet, oldest first."""
        where = (
            "NOT EXISTS (SELECT 1 FROM vectors v WHERE v.space = memories.space AND v.id = memories.id "
            "AND v.embedder = %s) ORDER BY place LIMIT %s"
        )
        return self._memories(where, embedder, limit)

    def each(self) -> Iterator[Memory]:
        """Give all memories in the order in which they were stored."""
        last = 0
        while rows := self._rows(
            f"SELECT {_COLUMNS}, place FROM memories WHERE space = %s AND place > %s ORDER BY place LIMIT {MANY}",
            (self.space, last),
        ):
            yield from (_memory(row) for row in rows)
            last = rows[-1][-1]

    def recent(self, limit: int) -> list[Memory]:
        """Return the memories stored last, newest first."""
        return self._memories("true ORDER BY place DESC LIMIT %s", limit)

    def all_vectors(self, id: str) -> dict[str, Vectors]:
        """Return a memory's vectors by embedder."""
        sql = "SELECT embedder, vector::text FROM vectors WHERE space = %s AND id = %s ORDER BY embedder, passage"
        found: dict[str, list[list[float]]] = {}
        for name, text in self._rows(sql, (self.space, id)):
            found.setdefault(name, []).append(json.loads(text))
        return {name: np.array(rows, np.float32) for name, rows in found.items()}

    def deleted(self) -> dict[str, float]:
        """Return the ids of what was deleted, with the time."""
        return dict(self._rows("SELECT id, time FROM deleted WHERE space = %s ORDER BY time", (self.space,)))

    def feedback(self) -> Iterator[Feedback]:
        """Give all that came of recalls, oldest first, without what was deleted since."""
        sql = "SELECT number, cue, time FROM feedback WHERE space = %s ORDER BY number"
        for number, cue, time in self._rows(sql, (self.space,)):
            rows = self._rows("SELECT id, features, useful FROM shown WHERE feedback = %s ORDER BY rank", (number,))
            yield feedback_of(cue, time, rows)

    def count(self) -> int:
        """Return how many memories there are."""
        return int(self._rows("SELECT count(*) FROM memories WHERE space = %s", (self.space,))[0][0])

    # within

    def _memories(self, where: str, *values: Any) -> list[Memory]:
        sql = f"SELECT {_COLUMNS} FROM memories WHERE space = %s AND {where}"
        return [_memory(row) for row in self._rows(sql, (self.space, *values))]

    def _rows(self, sql: str, values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with self._explained("read"):
            return self._db.execute(sql.encode(), values).fetchall()

    @contextmanager
    def _explained(self, verb: str) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            problem = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise StoreError(
                f"cannot {verb} the memories of {self.space!r} in PostgreSQL: {problem}; "
                "check that the server runs, has pgvector, and lets you in"
            ) from error


def _written(vector: NDArray[np.float32]) -> str:
    return "[" + ",".join(f"{value:.7g}" for value in vector.tolist()) + "]"


def _memory(row: Sequence[Any]) -> Memory:
    return memory_of(row, row[16])
