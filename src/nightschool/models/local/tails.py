"""Keys and values of what each live branch wrote behind its shared prefix: one row a branch, appended in place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from nightschool.models.local.blocks import Block, Pool
from nightschool.models.local.parts import Part
from nightschool.models.local.trie import Node

_STEP = 16  # columns; capacity grows by a quarter, in such steps


class Tails:
    """The tails of branches 0..n-1 of a pass. lengths[n]: tokens held; base[n]: position of column 0."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.block: Block | None = None
        self.lengths = np.zeros(0, dtype=np.int64)
        self.base = np.zeros(0, dtype=np.int64)
        self.limits = np.zeros(0, dtype=np.int64)  # how long each may become
        self._copies: list[tuple[int, Sequence[Node]]] = []  # made together, once there is room for all

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def bytes(self) -> int:
        """Return the bytes held now."""
        return self.block.bytes if self.block is not None else 0

    def reserved(self, more: Sequence[int] = ()) -> int:
        """Return the bytes that the tails may come to hold, with further branches of final lengths `more`."""
        rows = len(self) + len(more)
        longest = max([*more, int(self.limits.max(initial=0))], default=0)
        if self.block is not None:
            rows, longest = max(rows, self.block.rows), max(longest, self.block.capacity)
        return rows * longest * self.pool.bytes_per_token

    def add(self, base: int, limit: int, private: Sequence[Node]) -> None:
        """Append a branch whose tail begins at position `base`, copying the runs `private` to its beginning."""
        row, length = len(self), sum(len(node) for node in private)
        self.lengths = np.append(self.lengths, length)
        self.base = np.append(self.base, base)
        self.limits = np.append(self.limits, limit)
        if length:
            self._copies.append((row, private))

    def remove(self, rows: Sequence[int]) -> list[tuple[int, int]]:
        """Forget `rows`; return (from, to) for each branch that moved into a gap, so that 0..n-1 stay in use."""
        self._copy()
        gone = set(rows)
        count = len(self) - len(gone)
        gaps = sorted(row for row in gone if row < count)
        movers = [row for row in range(count, len(self)) if row not in gone]
        written = [(row, gap) for row, gap in zip(movers, gaps, strict=True) if self.lengths[row]]
        if self.block is not None and written:
            sources, targets = ([pair[side] for pair in written] for side in (0, 1))
            width = int(self.lengths[sources].max())
            for held in (*self.block.keys.values(), *self.block.values.values()):
                held[targets, :, :width] = held[sources, :, :width]
        for array in (self.lengths, self.base, self.limits):
            array[gaps] = array[movers]
        self.lengths, self.base, self.limits = self.lengths[:count], self.base[:count], self.limits[:count]
        if not count:
            self.block = None
        return list(zip(movers, gaps, strict=True))

    def grow(self) -> None:
        """Make room for one more token of every branch."""
        if len(self):
            self._fit(int(self.lengths.max()) + 1)
            self._copy()

    def _copy(self) -> None:
        if not self._copies:
            return
        self._fit(int(self.lengths.max()))
        assert self.block is not None
        for row, private in self._copies:
            column = 0
            for node in private:
                assert node.block is not None
                self.block.copy_from(row, column, node.block, node.row, node.start, node.start + len(node))
                column += len(node)
        self._copies.clear()

    def _fit(self, length: int) -> None:
        rows, capacity = len(self), 0
        if self.block is not None:
            if length <= self.block.capacity and rows <= self.block.rows:
                return
            rows = self.block.rows if rows <= self.block.rows < 2 * rows else rows
            capacity = self.block.capacity if length <= self.block.capacity else 0
        if not capacity:
            most = max(int(self.limits.max(initial=0)), length)
            capacity = min(-(-max(length + length // 4, _STEP) // _STEP) * _STEP, most)
        if self.block is None:
            self.block = self.pool.block(rows, capacity)
        else:
            self.block = self.block.resized(rows, capacity)

    def part(self, total: int, device: torch.device) -> Part:
        """Return the part in which token i of a pass of `total` tokens attends to row i, its own new key included."""
        assert self.block is not None
        count = len(self)
        highs = self.lengths + 1
        tokens = torch.arange(count, device=device)
        return Part(
            self.block, slice(0, count), 0, int(highs.max()), tokens[:, None], tokens,
            None if count == total else tokens, np.zeros(count, dtype=np.int64), highs, self.base, False,
        )  # fmt: skip
