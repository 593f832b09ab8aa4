"""Draws on disk, under all that shaped them.

A draw is kept alone, under its own noise: asking for more draws, or in other pieces, finds those that are there, and
draws of another number are never the same by accident.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from nightschool.asks import Propose
from nightschool.errors import BadFile
from nightschool.items import Draw, Segment, digest


@dataclass(frozen=True, slots=True)
class Made:
    """A draw and what it took. sampled: tokens, what ended it included; prompt_tokens: of the ask that it was in."""

    draw: Draw
    sampled: int
    prompt_tokens: int


def draw_key(identity: str, ask: Propose, number: int) -> str:
    """Return what names draw `number` of `ask` by content: the model's weights and all that shapes the draw."""
    prompt = ask.prefix.prompt
    return digest(
        identity,
        ask.adapter,
        prompt.text,
        [[message.role, message.content] for message in prompt.messages],
        prompt.prefill,
        [[segment.text, segment.tokens] for segment in ask.prefix.segments],
        asdict(ask.sampling),
        ask.noise.child(number).words,
    )


class Cache:
    """A file of draws. hits, misses: how many were found, and were not. Raises BadFile."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.hits = self.misses = 0
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._store = sqlite3.connect(self.path, timeout=30, check_same_thread=False)
            self._store.execute("PRAGMA journal_mode=WAL")
            self._store.execute("PRAGMA synchronous=NORMAL")
            self._store.execute("CREATE TABLE IF NOT EXISTS draws (key TEXT PRIMARY KEY, made TEXT NOT NULL)")
        except (OSError, sqlite3.Error) as error:
            raise BadFile(f"cannot keep draws in {path}: {error}; delete it, or name another file") from error

    def find(self, key: str) -> Made | None:
        """Return the draw kept under `key`, or None."""
        row = self._store.execute("SELECT made FROM draws WHERE key = ?", (key,)).fetchone()
        if row is None:
            self.misses += 1
            return None
        self.hits += 1
        text, tokens, logps, finish, stopped_by, sampled, prompt_tokens = json.loads(row[0])
        segment = Segment(text, None if tokens is None else tuple(tokens), None if logps is None else tuple(logps))
        return Made(Draw(segment, finish, stopped_by=stopped_by), sampled, prompt_tokens)

    def keep(self, made: Mapping[str, Made]) -> None:
        """Keep draws under their keys; what failed or was cut short by us is not theirs to repeat, and is left out."""
        rows = []
        for key, one in made.items():
            draw, segment = one.draw, one.draw.segment
            if draw.finish in ("end", "stop", "length"):
                parts = (segment.text, segment.tokens, segment.logps, draw.finish, draw.stopped_by)
                rows.append((key, json.dumps((*parts, one.sampled, one.prompt_tokens))))
        with self._store:
            self._store.executemany("INSERT OR IGNORE INTO draws VALUES (?, ?)", rows)

    def begun(self, key: str) -> tuple[tuple[int, float], ...]:
        """Return nothing: only whole draws are kept here."""
        return ()

    def live(self) -> None:
        """Take no notice: a cache has no time of its own."""

    def note(self, sampled: Sequence[tuple[str, tuple[int, float]]]) -> None:
        """Leave single tokens aside."""

    def close(self) -> None:
        """Give the file back."""
        self._store.close()
