"""Keys and values of what each live branch wrote behind its shared prefix: one row a branch, appended in place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from nightschool.models.local.pool import Pool
from nightschool.models.local.trie import Node

_STEP = 16  # columns; capacity grows by a quarter, in such steps


class Tails:
    """The tails of branches 0..n-1 of a pass. lengths[n]: tokens held; base[n]: position of column 0.

    keys[layer]: [rows, Hkv, D, columns], the way round in which a CPU multiplies a few queries with each row in half
    the time; values[layer]: [rows, Hkv, columns, D].
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.rows, self.columns = 0, 0
        self.keys: dict[int, torch.Tensor] = {}
        self.values: dict[int, torch.Tensor] = {}
        self.lengths = np.zeros(0, dtype=np.int64)
        self.base = np.zeros(0, dtype=np.int64)
        self.limits = np.zeros(0, dtype=np.int64)  # how long each may become
        self._copies: list[tuple[int, Sequence[Node]]] = []  # made together, once there is room for all

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def bytes(self) -> int:
        """Return the bytes held now."""
        return self.rows * self.columns * self.pool.bytes_per_token

    def reserved(self, more: Sequence[int] = ()) -> int:
        """Return the bytes that the tails may come to hold, with further branches of final lengths `more`."""
        rows = max(len(self) + len(more), self.rows)
        longest = max([*more, int(self.limits.max(initial=0)), self.columns])
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
        if self.rows and written:
            sources, targets = ([pair[side] for pair in written] for side in (0, 1))
            width = int(self.lengths[sources].max())
            for keys, values in zip(self.keys.values(), self.values.values(), strict=True):
                keys[targets, :, :, :width] = keys[sources, :, :, :width]
                values[targets, :, :width] = values[sources, :, :width]
        for array in (self.lengths, self.base, self.limits):
            array[gaps] = array[movers]
        self.lengths, self.base, self.limits = self.lengths[:count], self.base[:count], self.limits[:count]
        if not count:
            self.rows = self.columns = 0
            self.keys.clear()
            self.values.clear()
        return list(zip(movers, gaps, strict=True))

    def grow(self) -> None:
        """Make room for one more token of every branch."""
        if len(self):
            self._fit(int(self.lengths.max()) + 1)
            self._copy()
            for layer, keys in self.pool.keys.items():
                self._make(layer, keys, self.pool.values[layer])

    def _copy(self) -> None:
        """Copy what branches have to themselves of the trie: new rows are the last ones, and all begin at column 0."""
        if not self._copies:
            return
        self._fit(int(self.lengths.max()))
        width = max(int(self.lengths[row]) for row, _ in self._copies)
        first, last = self._copies[0][0], self._copies[-1][0] + 1
        slots = np.zeros((last - first, width), dtype=np.int64)
        for row, private in self._copies:
            held = np.concatenate([node.held.at for node in private if node.held is not None])
            slots[row - first, : len(held)] = held
        self._copies.clear()
        index = torch.from_numpy(slots.reshape(-1))
        for layer, held_keys in self.pool.keys.items():
            self._make(layer, held_keys, self.pool.values[layer])
            index = index.to(held_keys.device)
            keys = held_keys.index_select(1, index).view(held_keys.shape[0], last - first, width, -1)
            self.keys[layer][first:last, :, :, :width] = keys.permute(1, 0, 3, 2)
            values = self.pool.values[layer].index_select(1, index).view(keys.shape[0], last - first, width, -1)
            self.values[layer][first:last, :, :width] = values.transpose(0, 1)

    def _make(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Make the tensors of `layer` where there are none, like keys[Hkv, n, D] and values."""
        if layer not in self.keys:
            dtype = self.pool.dtype or keys.dtype
            self.keys[layer] = keys.new_zeros((self.rows, keys.shape[0], keys.shape[2], self.columns), dtype=dtype)
            self.values[layer] = values.new_zeros(
                (self.rows, values.shape[0], self.columns, values.shape[2]), dtype=dtype
            )

    def _fit(self, length: int) -> None:
        rows, columns = len(self), 0
        if self.rows:
            if length <= self.columns and rows <= self.rows:
                return
            rows = self.rows if rows <= self.rows < 2 * rows else rows
            columns = self.columns if length <= self.columns else 0
        if not columns:
            most = max(int(self.limits.max(initial=0)), length)
            columns = min(-(-max(length + length // 4, _STEP) // _STEP) * _STEP, most)
        keep, width = min(rows, self.rows), min(columns, self.columns)
        for layer in list(self.keys):  # layer by layer, so that no more than one is held twice
            old = self.keys.pop(layer)
            new = old.new_zeros((rows, *old.shape[1:3], columns))
            new[:keep, :, :, :width] = old[:keep, :, :, :width]
            self.keys[layer] = new
            old = self.values.pop(layer)
            new = old.new_zeros((rows, old.shape[1], columns, old.shape[3]))
            new[:keep, :, :width] = old[:keep, :, :width]
            self.values[layer] = new
        self.rows, self.columns = rows, columns

    def write(self, layer: int, rows: range, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Append keys[Hkv, n, D] and values, one token for each of the n branches `rows`.

        `lengths` is left to the caller.
        """
        self._make(layer, keys, values)
        device = keys.device
        which = torch.arange(rows.start, rows.stop, device=device)
        columns = torch.from_numpy(self.lengths[rows.start : rows.stop]).to(device)
        dtype = self.keys[layer].dtype
        self.keys[layer][which, :, :, columns] = keys.transpose(0, 1).to(dtype)
        self.values[layer][which, :, columns] = values.transpose(0, 1).to(dtype)

    def read(self, layer: int, rows: torch.Tensor, columns: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return keys[Hkv, n, D] and values of n tokens, the i-th at rows[i], columns[i]."""
        keys, values = self.keys[layer][rows, :, :, columns], self.values[layer][rows, :, columns]
        return keys.transpose(0, 1), values.transpose(0, 1)
