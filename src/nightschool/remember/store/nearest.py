"""The vectors of the SQLite store: kept in half precision, and searched by their signs before they are scored."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightschool.errors import StoreError
from nightschool.remember.store.bits import Shortlist, packed
from nightschool.remember.store.port import Hit, Vectors
from nightschool.remember.store.rows import MANY, refuse_length

_SHORTLIST = 500  # at least, and one of so many in large stores: 99% of the exact ten nearest are among them
_SHORTLIST_SHARE = 500
_LOOKED = 4  # times as many are looked at more closely by their signs
_READ = 50_000  # signs that are read at once: rows take four times the memory of what is in them

Rows = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
"""Answers a query: its text, and the values of its marks."""


class Nearest:
    """Finds the memories that are nearest in meaning. The signs of all vectors are held in memory, as far as read."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._shortlists: dict[str, Shortlist] = {}

    def clear(self) -> None:
        """Forget the signs: some of the vectors are no more."""
        self._shortlists.clear()

    def dense(self, embedder: str, query: NDArray[np.float32], limit: int) -> list[Hit]:
        """Return the memories whose nearest passage has the largest cosine with `query`. Raises StoreError."""
        shortlist = self._shortlist(embedder, query)
        if shortlist is None:
            return []
        scored = max(_SHORTLIST, shortlist.size // _SHORTLIST_SHARE, 2 * limit)
        numbers = sorted(shortlist.nearest(query, scored, _LOOKED * scored))  # read in the order of the file
        rows: list[tuple[Any, ...]] = []
        for some in parts(numbers):
            rows += self._rows(f"SELECT place, vector FROM vectors WHERE number IN ({marks(some)})", some)
        # ids only of what is returned: a look into the memories for each of the shortlist takes as long as all else
        best = dict(itertools.islice(_best(rows, query).items(), limit))
        ids = ids_at(self._rows, list(best))
        hits = [Hit(ids[place], score) for place, score in best.items() if place in ids]
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))

    def similarities(self, embedder: str, query: NDArray[np.float32], ids: Sequence[str]) -> dict[str, float]:
        """Return the exact cosine of each of these memories, where it has a vector."""
        number = self._rows("SELECT number FROM embedders WHERE name = ?", (embedder,))
        rows: list[tuple[Any, ...]] = []
        for some in parts(ids) if number else ():
            sql = (
                "SELECT id, vector FROM memories CROSS JOIN vectors USING (place) "
                f"WHERE embedder = ? AND id IN ({marks(some)})"
            )
            rows += self._rows(sql, (number[0][0], *some))
        return _best(rows, query)

    def all_vectors(self, id: str) -> dict[str, Vectors]:
        """Return a memory's vectors by embedder."""
        sql = (
            "SELECT name, vector FROM memories JOIN vectors USING (place) JOIN embedders ON embedder = "
            "embedders.number WHERE id = ? ORDER BY name, passage"
        )
        found: dict[str, list[NDArray[np.float32]]] = {}
        for name, blob in self._rows(sql, (id,)):
            found.setdefault(name, []).append(np.frombuffer(blob, np.float16).astype(np.float32))
        return {name: np.stack(rows) for name, rows in found.items()}

    def _shortlist(self, embedder: str, query: NDArray[np.float32]) -> Shortlist | None:
        row = self._rows("SELECT number, dims FROM embedders WHERE name = ?", (embedder,))
        if not row:
            return None
        number, dims = row[0]
        if len(query) != dims:
            raise StoreError(f"vectors of {embedder} have {dims} dimensions in this store, the query has {len(query)}")
        shortlist = self._shortlists.setdefault(embedder, Shortlist(-(-dims // 64)))
        sql = f"SELECT number, bits FROM bits WHERE embedder = ? AND number > ? ORDER BY number LIMIT {_READ}"
        while rows := self._rows(sql, (number, shortlist.last)):
            bits = np.frombuffer(b"".join(blob for _, blob in rows), np.uint64).reshape(len(rows), -1)
            shortlist.extend(np.array([n for n, _ in rows], np.int64), bits)
        return shortlist


def add_vectors(db: sqlite3.Connection, place: int, embedder: str, vectors: Vectors) -> None:
    """Write the vectors that the memory at `place` lacks. Raises StoreError for those of another length."""
    db.execute("INSERT OR IGNORE INTO embedders (name, dims) VALUES (?, ?)", (embedder, vectors.shape[1]))
    number, dims = db.execute("SELECT number, dims FROM embedders WHERE name = ?", (embedder,)).fetchone()
    refuse_length(embedder, dims, vectors.shape[1])
    for passage, (vector, bits) in enumerate(zip(vectors, packed(vectors), strict=True)):
        row = db.execute(
            "INSERT OR IGNORE INTO vectors (place, embedder, passage, vector) VALUES (?, ?, ?, ?) RETURNING number",
            (place, number, passage, vector.astype(np.float16).tobytes()),
        ).fetchone()
        if row is not None:
            db.execute("INSERT INTO bits VALUES (?, ?, ?)", (row[0], number, bits.tobytes()))


def parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Give `values` in parts that one IN (...) can hold."""
    for start in range(0, len(values), MANY):
        yield values[start : start + MANY]


def marks(values: Sequence[Any]) -> str:
    """Return a question mark for each of `values`."""
    return ",".join("?" * len(values))


def ids_at(rows: Rows, places: Sequence[int]) -> dict[int, str]:
    """Return the ids of the memories at these places."""
    found: dict[int, str] = {}
    for some in parts(places):
        found |= dict(rows(f"SELECT place, id FROM memories WHERE place IN ({marks(some)})", some))
    return found


def _best(pairs: Sequence[tuple[Any, ...]], query: NDArray[np.float32]) -> dict[Any, float]:
    """Return each memory's largest cosine, largest first; pairs: of a memory's name and a vector's bytes."""
    if not pairs:
        return {}
    vectors = np.frombuffer(b"".join([blob for _, blob in pairs]), np.float16).reshape(len(pairs), -1)
    scores = vectors.astype(np.float32) @ query
    best: dict[Any, float] = {}
    for i in np.argsort(-scores, kind="stable").tolist():
        best.setdefault(pairs[i][0], float(scores[i]))
    return best
