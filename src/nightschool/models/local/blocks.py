"""Storage of keys and values: rows of equal capacity, one pair of tensors for each layer."""

from __future__ import annotations

import weakref

import torch


class Pool:
    """Counts the bytes of all blocks alive; a block leaves the count when nothing refers to it any more."""

    def __init__(self, bytes_per_token: int) -> None:
        self.bytes_per_token = bytes_per_token  # keys and values of all layers
        self._blocks: weakref.WeakSet[Block] = weakref.WeakSet()

    @property
    def bytes(self) -> int:
        """Return the bytes that all blocks hold now."""
        return sum(block.bytes for block in self._blocks)

    def block(self, rows: int, capacity: int) -> Block:
        """Return a new block; its tensors are made when the first keys arrive."""
        block = Block(self, rows, capacity)
        self._blocks.add(block)
        return block


class Block:
    """Keys and values of `rows` token runs of at most `capacity` tokens: keys[layer], values[layer]: [G, Hkv, L, D].

    What was never written is zero, never NaN: it is multiplied by weight zero.
    """

    def __init__(self, pool: Pool, rows: int, capacity: int) -> None:
        self.pool = pool
        self.rows, self.capacity = rows, capacity
        self.keys: dict[int, torch.Tensor] = {}
        self.values: dict[int, torch.Tensor] = {}

    @property
    def bytes(self) -> int:
        """Return the bytes that this block holds or will hold when every layer has been written."""
        return self.rows * self.capacity * self.pool.bytes_per_token

    def write(
        self,
        layer: int,
        rows: torch.Tensor | int,
        columns: torch.Tensor | slice,
        keys: torch.Tensor,
        values: torch.Tensor,
    ) -> None:
        """Put keys[n, Hkv, D] and values at (rows[i], columns[i]), or at `columns` (a slice) of one row."""
        if layer not in self.keys:
            self._make(layer, keys, values)
        for held, new in ((self.keys[layer], keys), (self.values[layer], values)):
            if isinstance(columns, slice):
                held[rows, :, columns] = new.transpose(0, 1)
            else:
                held[rows, :, columns] = new

    def _make(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        for held, like in ((self.keys, keys), (self.values, values)):
            held[layer] = like.new_zeros((self.rows, like.shape[1], self.capacity, like.shape[2]))

    def resized(self, rows: int, capacity: int) -> Block:
        """Return a block of `rows` and `capacity` that holds what fits of this one, which is emptied.

        Done layer by layer, so that no more than one layer is held twice.
        """
        block = self.pool.block(rows, capacity)
        keep, width = min(rows, self.rows), min(capacity, self.capacity)
        for mine, theirs in ((self.keys, block.keys), (self.values, block.values)):
            for layer in list(mine):
                old = mine.pop(layer)
                new = old.new_zeros((rows, old.shape[1], capacity, old.shape[3]))
                new[:keep, :, :width] = old[:keep, :, :width]
                theirs[layer] = new
        self.rows = 0
        return block

    def copy_from(self, row: int, column: int, other: Block, other_row: int, start: int, stop: int) -> None:
        """Put columns start..stop of `other_row` of `other` at `column` of `row`."""
        for layer in other.keys:
            for mine, theirs in ((self.keys, other.keys), (self.values, other.values)):
                source = theirs[layer]
                if layer not in mine:
                    mine[layer] = source.new_zeros((self.rows, source.shape[1], self.capacity, source.shape[3]))
                mine[layer][row, :, column : column + stop - start] = source[other_row, :, start:stop]
