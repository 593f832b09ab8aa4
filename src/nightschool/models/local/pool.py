"""Storage of the keys and values of the trie: slots of one token each, one pair of tensors for each layer."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import numpy as np
import torch


class Pool:
    """Slots for tokens. keys[layer], values[layer]: [Hkv, capacity, D], made when the first keys arrive.

    dtype: in which they are kept, None for that in which they are computed. What was never written is zero, not NaN.
    """

    def __init__(self, bytes_per_token: int, dtype: torch.dtype | None = None) -> None:
        self.bytes_per_token = bytes_per_token  # keys and values of all layers
        self.dtype = dtype
        self.capacity = 0
        self.used = 0
        self.keys: dict[int, torch.Tensor] = {}
        self.values: dict[int, torch.Tensor] = {}
        self._free = np.zeros(0, dtype=bool)
        self._held: weakref.WeakSet[Held] = weakref.WeakSet()

    @property
    def bytes(self) -> int:
        """Return the bytes that the slots take, used or free."""
        return self.capacity * self.bytes_per_token

    def take(self, lengths: Sequence[int]) -> list[Held]:
        """Return slots for runs of so many tokens; there must be as many free, and they are neighbours where it goes.

        What is held is given back when nothing refers to it any more.
        """
        total = sum(lengths)
        free = np.flatnonzero(self._free)
        assert len(free) >= total
        begin = 0
        if total and free[total - 1] - free[0] != total - 1:  # scattered: look for a gap that holds them all
            ends = np.flatnonzero(np.diff(free) != 1)
            starts, stops = np.append(0, ends + 1), np.append(ends + 1, len(free))
            wide = np.flatnonzero(stops - starts >= total)
            begin = int(starts[wide[0]]) if len(wide) else 0
        at = free[begin : begin + total]
        self._free[at] = False
        self.used += total
        bounds = np.cumsum(lengths)
        found = [Held(self, at[stop - length : stop]) for length, stop in zip(lengths, bounds, strict=True)]
        self._held.update(found)
        return found

    def release(self, at: np.ndarray) -> None:
        """Take slots back."""
        self._free[at] = True
        self.used -= len(at)

    def resize(self, capacity: int) -> None:
        """Make room for `capacity` tokens, no fewer than are held; where it shrinks, what is held moves together.

        Done layer by layer, so that no more than one layer is held twice.
        """
        if capacity >= self.capacity:
            old, moved = slice(0, self.capacity), None
        else:
            held = sorted(self._held, key=lambda one: int(one.at[0]) if len(one.at) else 0)
            at = np.concatenate([one.at for one in held]) if held else np.zeros(0, dtype=np.int64)
            old, moved = slice(0, len(at)), torch.from_numpy(at)
            begin = 0
            for one in held:
                one.at = np.arange(begin, begin + len(one.at))
                begin += len(one.at)
        for tensors in (self.keys, self.values):
            for layer in list(tensors):
                was = tensors.pop(layer)
                now = was.new_zeros((was.shape[0], capacity, was.shape[2]))
                now[:, old] = was if moved is None else was.index_select(1, moved.to(was.device))
                tensors[layer] = now
        self._free = np.ones(capacity, dtype=bool)
        for one in self._held:
            self._free[one.at] = False
        self.capacity = capacity

    def write(self, layer: int, slots: torch.Tensor | slice, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Put keys[Hkv, n, D] and values into n slots of `layer`."""
        for tensors, new in ((self.keys, keys), (self.values, values)):
            if layer not in tensors:
                tensors[layer] = torch.zeros(
                    (new.shape[0], self.capacity, new.shape[2]), dtype=self.dtype or new.dtype, device=new.device
                )
            if isinstance(slots, slice):
                tensors[layer][:, slots] = new
            else:
                tensors[layer].index_copy_(1, slots, new.to(tensors[layer].dtype))

    def clear(self) -> None:
        """Give the memory back; nothing may be held."""
        self.resize(0)


class Held:
    """Slots of a pool in the order of a run's tokens. at: where they are now; a resized pool moves them."""

    __slots__ = ("__weakref__", "at", "pool")

    def __init__(self, pool: Pool, at: np.ndarray) -> None:
        self.pool, self.at = pool, at

    def split(self, count: int) -> Held:
        """Return the first `count` slots, which this no longer holds."""
        first = Held(self.pool, self.at[:count])
        self.at = self.at[count:]
        self.pool._held.add(first)
        return first

    def __del__(self) -> None:
        self.pool.release(self.at)


def run_of(slots: np.ndarray) -> slice | np.ndarray:
    """Return `slots` as a slice where they are neighbours in order."""
    if len(slots) and slots[-1] - slots[0] == len(slots) - 1 and bool((np.diff(slots) == 1).all()):
        return slice(int(slots[0]), int(slots[-1]) + 1)
    return slots
