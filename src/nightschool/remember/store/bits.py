"""One bit per dimension, in memory: a shortlist of nearest vectors in milliseconds, to be scored exactly afterwards.

Ref: charikar2002, jegou2011.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_CHUNK = 1 << 15  # rows whose bits stay in the cache while they are counted
_WORDS = 3  # whose unlike signs fit a byte when they are summed
_SIGNS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=-1).astype(np.float32)  # of each byte


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

    def nearest(self, query: NDArray[np.float32], limit: int, looked: int | None = None) -> list[int]:
        """Return the numbers of `limit` vectors that seem nearest to `query`, in no order.

        Of the `looked` (None: `limit`) with the fewest signs unlike those of `query`, those whose signs point most its
        way: half of the error of comparing signs with signs comes from the query's own, which need not be rounded.
        """
        looked = max(limit, looked or 0)
        chosen = np.arange(self.size) if self.size <= looked else self._fewest_unlike(query, looked)
        if len(chosen) > limit:
            towards = self._towards(query, chosen)
            chosen = chosen[np.argpartition(-towards, limit - 1)[:limit]]
        return [int(n) for n in self._numbers[chosen]]

    def _towards(self, query: NDArray[np.float32], chosen: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the sum of `query` over the positive signs of each of `chosen`: what its eight signs of a byte add up
        to is looked up. Ref: jegou2011.
        """
        padded = np.zeros(64 * len(self._bits), np.float32)
        padded[: len(query)] = query
        added = _SIGNS @ padded.reshape(-1, 8).T  # [256, bytes]
        signs = np.ascontiguousarray(self._bits[:, chosen].T).view(np.uint8)
        return np.asarray(added[signs, np.arange(signs.shape[1])].sum(1))

    def _fewest_unlike(self, query: NDArray[np.float32], limit: int) -> NDArray[np.int64]:
        unlike = self._unlike(query)
        # distances are few small integers: counting them finds the limit faster than sorting
        reached = np.cumsum(np.bincount(unlike))
        edge = int(np.searchsorted(reached, limit))
        chosen = np.flatnonzero(unlike <= edge)
        if len(chosen) > limit:
            sure = np.flatnonzero(unlike < edge)
            chosen = np.concatenate([sure, np.flatnonzero(unlike == edge)[: limit - len(sure)]])
        return chosen

    def _unlike(self, query: NDArray[np.float32]) -> NDArray[np.uint16]:
        """Return how many signs of each vector are unlike those of `query`."""
        wanted = packed(query[None, :])[0]
        unlike = np.zeros(self.size, np.uint16)
        differing, count, some = (np.empty(_CHUNK, kind) for kind in (np.uint64, np.uint8, np.uint8))
        for start in range(0, self.size, _CHUNK):
            end = min(start + _CHUNK, self.size)
            x, n, total = differing[: end - start], count[: end - start], some[: end - start]
            for first in range(0, len(wanted), _WORDS):
                total[:] = 0
                for word in range(first, min(first + _WORDS, len(wanted))):
                    np.bitwise_xor(self._bits[word, start:end], wanted[word], out=x)
                    np.add(total, np.bitwise_count(x, out=n), out=total)
                np.add(unlike[start:end], total, out=unlike[start:end])
        return unlike
