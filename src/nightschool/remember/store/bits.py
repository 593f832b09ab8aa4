"""One bit per dimension, in memory: a shortlist of nearest vectors in milliseconds, to be scored exactly afterwards.

Ref: charikar2002.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_CHUNK = 1 << 15  # rows whose bits stay in the cache while they are counted


def packed(vectors: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Return the signs of `vectors` [n, dims] as bits [n, words]; dims are filled up to a multiple of 64."""
    bits = np.packbits(vectors > 0, axis=-1)
    short = -bits.shape[-1] % 8
    if short:
        bits = np.pad(bits, [(0, 0), (0, short)])
    return np.ascontiguousarray(bits).view(np.uint64)


class Shortlist:
    """The bits of all vectors of one embedder, with the number of each; grows, and does not shrink."""

    def __init__(self, words: int) -> None:
        self.size = 0
        self.last = 0
        """the largest number so far"""
        self._numbers = np.empty(0, np.int64)
        self._bits = np.empty((words, 0), np.uint64)  # word by word: counting runs along memory

    def extend(self, numbers: NDArray[np.int64], bits: NDArray[np.uint64]) -> None:
        """Take vectors in. numbers: ascending, and above `last`; bits: [n, words]."""
        if not len(numbers):
            return
        end = self.size + len(numbers)
        if end > len(self._numbers):
            room = max(end, 2 * len(self._numbers), 1024)
            grown = np.empty(room, np.int64), np.empty((len(self._bits), room), np.uint64)
            grown[0][: self.size] = self._numbers[: self.size]
            grown[1][:, : self.size] = self._bits[:, : self.size]
            self._numbers, self._bits = grown
        self._numbers[self.size : end], self._bits[:, self.size : end] = numbers, bits.T
        self.size, self.last = end, int(numbers[-1])

    def nearest(self, query: NDArray[np.float32], limit: int) -> list[int]:
        """Return the numbers of `limit` vectors with the fewest signs unlike those of `query`, in no order."""
        if self.size <= limit:
            return [int(n) for n in self._numbers[: self.size]]
        wanted = packed(query[None, :])[0]
        unlike = np.zeros(self.size, np.uint16)
        for start in range(0, self.size, _CHUNK):
            rows = slice(start, min(start + _CHUNK, self.size))
            for word, value in zip(self._bits, wanted, strict=True):
                unlike[rows] += np.bitwise_count(word[rows] ^ value)
        # distances are few small integers: counting them finds the limit faster than sorting
        reached = np.cumsum(np.bincount(unlike))
        edge = int(np.searchsorted(reached, limit))
        chosen = np.flatnonzero(unlike <= edge)
        if len(chosen) > limit:
            sure = np.flatnonzero(unlike < edge)
            chosen = np.concatenate([sure, np.flatnonzero(unlike == edge)[: limit - len(sure)]])
        return [int(n) for n in self._numbers[chosen]]
