"""What every embedder does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
"""[n, dims], each row of length 1"""


class Embedder(Protocol):
    """Anything that turns texts into vectors whose cosine says how near they are in meaning."""

    name: str  # names the weights: vectors of two names never meet
    dims: int

    def memories(self, texts: Sequence[str]) -> list[Rows]:
        """Return each text's vectors [passages, dims]: nothing of a long text is left out."""

    def cues(self, texts: Sequence[str]) -> Rows:
        """Return one vector for each text [n, dims]: the mean of its passages."""


def unit(rows: NDArray[Any]) -> Rows:
    """Return `rows` scaled to length 1; a row of zeros stays one."""
    rows = rows.astype(np.float32, copy=False)
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), np.float32)


def windows(ids: Sequence[int], longest: int) -> Iterator[Sequence[int]]:
    """Give `ids` in pieces of nearly equal length, none longer than `longest`; one empty piece for none."""
    count = max(1, -(-len(ids) // longest))
    for i in range(count):
        yield ids[i * len(ids) // count : (i + 1) * len(ids) // count]


def pieces(text: str, longest: int = 1000) -> list[str]:
    """Return `text` in pieces of at most `longest` characters, one for an empty text: passages without a tokenizer.

    >>> pieces("abcde", 2), pieces("")
    (['ab', 'cd', 'e'], [''])
    """
    return [text[i : i + longest] for i in range(0, max(1, len(text)), longest)]


def means(passages: Sequence[Rows], dims: int) -> Rows:
    """Return one vector for each text [n, dims]: the mean of its passages."""
    return unit(np.stack([rows.mean(0) for rows in passages])) if passages else np.empty((0, dims), np.float32)


def grouped(rows: Rows, counts: Sequence[int]) -> list[Rows]:
    """Return `rows` cut into groups of these sizes."""
    return list(np.split(rows, np.cumsum(counts)[:-1])) if len(counts) else []
