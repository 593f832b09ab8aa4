"""Which queries of a pass see which keys: the plan that the attention function follows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from nightschool.models.local.blocks import Block
from nightschool.models.local.trie import Node

HIDDEN = -1e30  # finite: a row that sees nothing of a part must give weight 0 there, not NaN


class Skip:
    """Says that no query of a part sees any of its keys (they have left the sliding window)."""


@dataclass(frozen=True, slots=True)
class Run:
    """Columns start..stop of one row of a block, and the tokens (indices into the packed row) that attend to them.

    base: position of column 0, so that column c stands at position base + c.
    """

    block: Block
    row: int
    start: int
    stop: int
    base: int
    tokens: Sequence[int]


@dataclass(slots=True, eq=False)
class Part:
    """A batch of runs of one block with the queries that attend to them.

    rows: which rows of the block (a slice); start, stop: columns; index[G, Q]: the query tokens of each row, padded
    with 0, or None for one row that every token attends to; slots[n]: where in G * Q the real queries stand;
    tokens[n]: which token each of those is, or None when they are all tokens in order; lows[G], highs[G], base[G]:
    valid columns and position of column 0 of each row; causal: whether keys may stand after the query.
    """

    block: Block
    rows: slice
    start: int
    stop: int
    index: torch.Tensor | None
    slots: torch.Tensor | None
    tokens: torch.Tensor | None
    lows: np.ndarray
    highs: np.ndarray
    base: np.ndarray
    causal: bool
    _bias: dict[int | None, torch.Tensor | Skip | None] = field(default_factory=dict)

    def moved(self) -> Part:
        """Return this part for a pass in which its queries stand at other positions."""
        for window in [w for w in self._bias if w is not None]:
            del self._bias[window]
        return self

    def bias(self, window: int | None, positions: torch.Tensor) -> torch.Tensor | Skip | None:
        """Return what is added to the scores: None, or [G, 1, Q or 1, 1, L] with 0 where a key is seen, else HIDDEN.

        window: a query at position p sees keys at positions above p - window only; positions[T] of all tokens.
        """
        if window not in self._bias:
            self._bias[window] = self._make_bias(window, positions)
        return self._bias[window]

    def _make_bias(self, window: int | None, positions: torch.Tensor) -> torch.Tensor | Skip | None:
        device = positions.device
        columns = torch.arange(self.start, self.stop, device=device)
        seen: torch.Tensor | None = None
        if (self.lows > self.start).any() or (self.highs < self.stop).any():
            lows, highs = (torch.from_numpy(bound).to(device)[:, None, None] for bound in (self.lows, self.highs))
            seen = (columns >= lows) & (columns < highs)  # [G, 1, L]
        if self.causal or window is not None:
            asked = (positions[None] if self.index is None else positions[self.index])[:, :, None]  # [G, Q, 1]
            keys = (torch.from_numpy(self.base).to(device)[:, None] + columns)[:, None, :]  # [G, 1, L]
            if self.causal:
                seen = keys <= asked if seen is None else seen & (keys <= asked)
            if window is not None:
                near = keys > asked - window
                if not bool(near.all()):
                    seen = near if seen is None else seen & near
                    if not self.causal and not bool(near.any()):
                        return Skip()
        if seen is None:
            return None
        zero = torch.zeros((), device=device)
        return torch.where(seen, zero, HIDDEN)[:, None, :, None, :]


class Pass:
    """One forward pass over a packed row: its tokens, what they see, and where their keys and values go.

    ids[T], positions[T]; parts: every token is in at least one; writes: (block, rows, columns, tokens).
    """

    def __init__(self, ids: np.ndarray, positions: np.ndarray, device: torch.device) -> None:
        self.ids = torch.from_numpy(ids).to(device)
        self.positions = torch.from_numpy(positions).to(device)
        self.parts: list[Part] = []
        self.writes: list[tuple[Block, torch.Tensor | int, torch.Tensor | slice, slice]] = []
        self.layer = 0
        self.attended = 0

    def store(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Put the new keys and values of `layer`, each [1, Hkv, T, D], where later passes will find them."""
        self.layer = layer
        keys, values = keys[0].transpose(0, 1), values[0].transpose(0, 1)
        for block, rows, columns, tokens in self.writes:
            block.write(layer, rows, columns, keys[tokens], values[tokens])


def batch(runs: Sequence[Run], total: int, device: torch.device, *, causal: bool = False) -> list[Part]:
    """Return parts that cover `runs`, no token being in two runs; total: T. Runs of one block share a part."""
    by_block: dict[int, list[Run]] = defaultdict(list)
    for run in runs:
        by_block[id(run.block)].append(run)
    parts: list[Part] = []
    for group in by_block.values():
        group.sort(key=lambda run: len(run.tokens))
        rows = {run.row for run in group}
        # One busy row beside many idle ones, or one row in two lengths: products of their own cost less than padding.
        while group and (
            len(group) < 3
            or len(rows) < len(group)
            or group[0].block.rows * len(group[-1].tokens) > 4 * sum(len(run.tokens) for run in group) + 64
        ):
            run = group.pop()
            rows = {other.row for other in group}
            parts.append(_part([run], slice(run.row, run.row + 1), total, device, causal))
        if group:
            parts.append(_part(group, slice(0, group[0].block.rows), total, device, causal))
    return parts


def _part(runs: Sequence[Run], rows: slice, total: int, device: torch.device, causal: bool) -> Part:
    count = rows.stop - rows.start
    start, stop = min(run.start for run in runs), max(run.stop for run in runs)
    lows = np.full(count, start, dtype=np.int64)
    highs = np.full(count, stop, dtype=np.int64)
    base = np.zeros(count, dtype=np.int64)
    width = max(len(run.tokens) for run in runs)
    index = np.zeros((count, width), dtype=np.int64)
    slots, tokens = [], []
    for run in runs:
        at = run.row - rows.start
        lows[at], highs[at], base[at] = run.start, run.stop, run.base
        index[at, : len(run.tokens)] = run.tokens
        slots.append(at * width + np.arange(len(run.tokens), dtype=np.int64))
        tokens.append(np.asarray(run.tokens, dtype=np.int64))
    where, which = np.concatenate(slots), np.concatenate(tokens)
    everyone = np.arange(total, dtype=np.int64)
    block = runs[0].block
    if count == 1 and np.array_equal(which, everyone):
        return Part(block, rows, start, stop, None, None, None, lows, highs, base, causal)
    order: torch.Tensor | None = None
    if len(which) == total:  # every token, perhaps in another order
        where = where[np.argsort(which)]
    else:
        order = torch.from_numpy(which).to(device)
    grid, slot = torch.from_numpy(index).to(device), torch.from_numpy(where).to(device)
    return Part(block, rows, start, stop, grid, slot, order, lows, highs, base, causal)


def spans(path: Sequence[Node]) -> list[tuple[Block, int, int, int, int]]:
    """Return (block, row, start, stop, base) of the storage of `path`, neighbours in one row joined."""
    found: list[tuple[Block, int, int, int, int]] = []
    for node in path:
        assert node.block is not None
        stop = node.start + node.done
        if found:
            block, row, start, end, base = found[-1]
            if block is node.block and row == node.row and end == node.start:
                found[-1] = (block, row, start, stop, base)
                continue
        found.append((node.block, node.row, node.start, stop, node.begin - node.start))
    return found
