"""Memories, vectors and an embedder for tests: exact, small and without a model."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from nightschool.remember.embed.port import Rows, unit
from nightschool.remember.memory import Memory


def told(content: str, turn: int = 0, **facts: object) -> Memory:
    """Return a memory of a conversation, a minute a turn."""
    return Memory(content, **{"time": 60.0 * turn, "who": "Ann", "session": "s", "turn": turn, **facts})  # type: ignore[arg-type]


class Hashing:
    """An embedder whose cosine counts shared words: every word has a random direction of its own."""

    name = "hashing"
    dims = 64

    def memories(self, texts: Sequence[str]) -> list[Rows]:
        """Return one passage of each line."""
        return [self.cues(text.splitlines() or [""]) for text in texts]

    def cues(self, texts: Sequence[str]) -> Rows:
        """Return the sum of the directions of the words."""
        return unit(
            np.stack([sum((_direction(w) for w in re.findall(r"\w+", t.lower())), np.zeros(64)) for t in texts])
        )


def _direction(word: str) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4])
    return np.random.default_rng(seed).normal(size=64)
