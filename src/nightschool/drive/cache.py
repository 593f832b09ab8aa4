"""Draws and replies on disk, under all that shaped them, the least recently used going when there are too many.

A draw is kept alone, under its own noise: asking for more draws, or in other pieces, finds those that are there, and
draws of another number are never the same by accident. What is weighed or read is kept ask by ask.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightschool.drive.replies import Known, from_json, to_json
from nightschool.errors import BadFile
from nightschool.items import Draw, Segment

LIMIT_MB = 1024
_LEFT = 0.9  # of the limit is left where it was passed, so that not every reply is followed by tidying
_PART = 20  # one in so many is forgotten before it is looked whether that was enough


@dataclass(frozen=True, slots=True)
class Made:
    """A draw and what it took. sampled: tokens, what ended it included; prompt_tokens: of the ask that it was in."""

    draw: Draw
    sampled: int
    prompt_tokens: int

    @property
    def whole(self) -> bool:
        """Return whether the draw is worth keeping: what failed or was cut short by us is not its to repeat."""
        return self.draw.finish in ("end", "stop", "length")

    def as_row(self) -> tuple[Any, ...]:
        """Return a whole draw as JSON can write it."""
        draw, segment = self.draw, self.draw.segment
        said = (segment.text, segment.tokens, segment.logps, draw.finish, draw.stopped_by)
        return (*said, self.sampled, self.prompt_tokens, draw.ended_by)

    @classmethod
    def of_row(cls, row: Sequence[Any]) -> Made:
        """Return what `as_row` wrote. Raises ValueError and TypeError for anything else."""
        text, tokens, logps, finish, stopped_by, sampled, prompt_tokens, ended_by = row
        segment = Segment(text, None if tokens is None else tuple(tokens), None if logps is None else tuple(logps))
        rest = tuple((token, logp) for token, logp in ended_by)
        return cls(Draw(segment, finish, stopped_by=stopped_by, ended_by=rest), sampled, prompt_tokens)


class Cache:
    """A file of draws and replies, by key (`keys`), of at most `limit_mb` MB.

    hits, misses: how many were found, and were not. step, recorded: it has no time of its own, so what is found comes
    at once. Raises BadFile.
    """

    step = recorded = 0

    def __init__(self, path: str | Path, limit_mb: int = LIMIT_MB) -> None:
        self.path = Path(path)
        self.hits = self.misses = 0
        self._limit = limit_mb << 20
        self._seen: dict[str, None] = {}  # found since it was last written down which were
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._store = sqlite3.connect(self.path, timeout=30, check_same_thread=False)
            self._store.execute("PRAGMA auto_vacuum=INCREMENTAL")
            self._store.execute("PRAGMA journal_mode=WAL")
            self._store.execute("PRAGMA synchronous=NORMAL")
            self._store.execute("CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, said TEXT NOT NULL, used REAL)")
            self._store.execute("CREATE INDEX IF NOT EXISTS kept_used ON kept (used)")
        except (OSError, sqlite3.Error) as error:
            raise BadFile(f"cannot keep draws in {path}: {error}; delete it, or name another file") from error

    def find(self, key: str) -> Made | None:
        """Return the draw kept under `key`, or None."""
        said = self._said(key)
        try:
            return None if said is None else Made.of_row(json.loads(said))
        except (ValueError, TypeError):  # kept by an earlier version, which noted less
            return None

    def reply(self, key: str, id: str) -> Known | None:
        """Return the reply kept under `key` as one to the ask `id`, or None."""
        said = self._said(key)
        return None if said is None else from_json(said, id)

    def _said(self, key: str) -> str | None:
        row = self._store.execute("SELECT said FROM kept WHERE key = ?", (key,)).fetchone()
        if row is None:
            self.misses += 1
            return None
        self.hits += 1
        self._seen[key] = None
        return str(row[0])

    def keep(self, made: Mapping[str, Made]) -> None:
        """Keep draws under their keys; those that are not whole are left out."""
        self._write({key: json.dumps(one.as_row()) for key, one in made.items() if one.whole})

    def keep_reply(self, key: str, reply: Known) -> None:
        """Keep what was weighed or read under its key."""
        self._write({key: to_json(reply)})

    def _write(self, said: Mapping[str, str]) -> None:
        now = time.time()
        with self._store:
            self._store.executemany("UPDATE kept SET used = ? WHERE key = ?", [(now, key) for key in self._seen])
            self._store.executemany(
                "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", [(key, text, now) for key, text in said.items()]
            )
        self._seen.clear()
        if self.bytes > self._limit:
            self._forget()

    @property
    def bytes(self) -> int:
        """Return how large the file is, but for the pages that are free."""
        pages, free, size = (
            int(self._store.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    def _forget(self) -> None:
        """Forget what was used longest ago until there is room again."""
        while self.bytes > self._limit * _LEFT:
            count = int(self._store.execute("SELECT count(*) FROM kept").fetchone()[0])
            if not count:
                break
            oldest = "SELECT key FROM kept ORDER BY used LIMIT ?"
            with self._store:
                self._store.execute(f"DELETE FROM kept WHERE key IN ({oldest})", (1 + count // _PART,))
        self._store.execute("PRAGMA incremental_vacuum").fetchall()

    def begun(self, key: str) -> tuple[tuple[int, float], ...]:
        """Return nothing: only whole draws are kept here."""
        return ()

    def when(self, key: str) -> int:
        """Return that it came in no step of this run."""
        return 0

    def use(self, keys: Iterable[str]) -> None:
        """Take no notice of what is taken: here it stays."""

    def advance(self) -> None:
        """Take no notice of steps."""

    def live(self) -> None:
        """Take no notice of time."""

    def note(self, sampled: Sequence[tuple[str, tuple[int, float]]]) -> None:
        """Leave single tokens aside."""

    def close(self) -> None:
        """Give the file back."""
        self._write({})
        self._store.close()
