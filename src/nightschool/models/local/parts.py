"""Which queries of a pass see which keys: the parts whose partial softmaxes the attention function merges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from nightschool.models.local.pool import Pool, run_of
from nightschool.models.local.tails import Tails

HIDDEN = -1e30  # finite: a query that sees nothing of a part must give it weight 0 there, not NaN
FAR = 1 << 60  # the position of padding: behind every query
_PRODUCTS = 1 << 18  # pairs of query and key in one part: their scores should stay in the cache of a CPU
_CALL = 1 << 14  # pairs that take as long as the calls of one part more


class Skip:
    """Says that no query of a part sees any of its keys (they have left the sliding window)."""


@dataclass(slots=True, eq=False)
class Part:
    """Groups of queries over groups of keys. A query sees keys at its own position and before.

    tokens: the tokens of the packed row that are answered; asked[G, Q]: the token of each query, padded by repetition;
    real[n]: where in G * Q those of `tokens` stand, or None for all in order; places[G, L]: positions of keys, FAR
    where padded.
    """

    tokens: slice | torch.Tensor
    asked: torch.Tensor
    real: torch.Tensor | None
    places: torch.Tensor
    _bias: dict[int | None, torch.Tensor | Skip | None] = field(default_factory=dict)

    def moved(self) -> None:
        """Forget what was hidden from queries that now stand further on."""
        for window in [window for window in self._bias if window is not None]:
            del self._bias[window]

    def bias(self, window: int | None, positions: torch.Tensor) -> torch.Tensor | Skip | None:
        """Return what is added to the scores: None, or [G, Q or 1, L] with 0 where a key is seen, else HIDDEN.

        window: a query at position p sees keys at positions above p - window only; positions[T] of all tokens.
        """
        if window not in self._bias:
            self._bias[window] = self._make_bias(window, positions)
        return self._bias[window]

    def _make_bias(self, window: int | None, positions: torch.Tensor) -> torch.Tensor | Skip | None:
        asked, places = positions[self.asked][:, :, None], self.places[:, None, :]
        seen = places <= asked
        if window is not None:
            seen &= places > asked - window
        if bool(seen.all()):
            return None
        if not bool(seen.any()):
            return Skip()
        return torch.where(seen, 0.0, HIDDEN)

    def queries(self, rows: torch.Tensor) -> torch.Tensor:
        """Return [G, Q, H, D] of rows[T, H, D]."""
        groups, count = self.asked.shape
        if self.real is None and isinstance(self.tokens, slice):
            return rows[self.tokens].view(groups, count, *rows.shape[1:])
        return rows[self.asked]


@dataclass(slots=True, eq=False)
class PoolPart(Part):
    """Keys in slots of the pool. slots: a slice for one group of neighbours, else int64[G * L]."""

    pool: Pool = field(kw_only=True)
    slots: slice | torch.Tensor = field(kw_only=True)

    def held(self, layer: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        """Return keys [Hkv, G, L, D] and values."""
        keys, values = self.pool.keys[layer], self.pool.values[layer]
        if isinstance(self.slots, slice):
            keys, values = keys[:, None, self.slots], values[:, None, self.slots]
        else:
            keys, values = (
                held.index_select(1, self.slots).view(held.shape[0], *self.places.shape, held.shape[2])
                for held in (keys, values)
            )
        return keys.to(dtype), values.to(dtype)


@dataclass(slots=True, eq=False)
class TailPart(Part):
    """Keys in the rows of the tails, one row for each of the first tokens of a pass, its own new key included.

    first: the row of the first token.
    """

    tails: Tails = field(kw_only=True)
    first: int = field(kw_only=True)

    def held(self, layer: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
        """Return keys [rows, Hkv, D, L] and values [rows, Hkv, L, D]."""
        rows = slice(self.first, self.first + len(self.places))
        return self.tails.keys[layer][rows].to(dtype), self.tails.values[layer][rows].to(dtype)


AnyPart = PoolPart | TailPart


def tail_part(tails: Tails, rows: range, device: torch.device) -> TailPart:
    """Return the part in which the first tokens of a pass, those of `rows`, see what their branches wrote, and
    themselves.

    Columns that nothing was written to yet are hidden, not cut off: what is cut would be copied in every layer first.
    """
    count = len(rows)
    places = torch.from_numpy(tails.base[rows.start : rows.stop, None] + np.arange(tails.columns)).to(device)
    asked = torch.arange(count, device=device)[:, None]
    return TailPart(slice(0, count), asked, None, places, tails=tails, first=rows.start)


@dataclass(frozen=True, slots=True)
class Group:
    """Queries `tokens` (indices into the packed row, in order) over keys in `slots`, at positions `places`."""

    slots: np.ndarray
    places: np.ndarray
    tokens: np.ndarray


def alone(group: Group, pool: Pool, device: torch.device) -> list[PoolPart]:
    """Return parts for one group whose keys lie where they are, cut up where its scores would be too many."""
    most = max(1, _PRODUCTS // len(group.slots))
    return [
        _part([Group(group.slots, group.places, group.tokens[a : a + most])], pool, device)
        for a in range(0, len(group.tokens), most)
    ]


def together(groups: Sequence[Group], pool: Pool, device: torch.device) -> list[PoolPart]:
    """Return parts for groups of like sizes together: padding costs less than a part more."""
    parts: list[PoolPart] = []
    batch: list[Group] = []
    keys = queries = real = 0
    for group in sorted(groups, key=lambda group: (-len(group.slots), -len(group.tokens))):
        size = len(group.slots) * len(group.tokens)
        width, height = max(keys, len(group.slots)), max(queries, len(group.tokens))
        padded = (len(batch) + 1) * width * height
        if batch and (padded > _PRODUCTS or padded > 1.5 * (real + size) + _CALL):
            parts.append(_part(batch, pool, device))
            batch, real, width, height = [], 0, len(group.slots), len(group.tokens)
        batch.append(group)
        keys, queries, real = width, height, real + size
    if batch:
        parts.append(_part(batch, pool, device))
    return parts


def _part(groups: Sequence[Group], pool: Pool, device: torch.device) -> PoolPart:
    groups = sorted(groups, key=lambda group: int(group.tokens[0]))
    count, width = max(len(group.tokens) for group in groups), max(len(group.slots) for group in groups)
    asked = np.empty((len(groups), count), dtype=np.int64)
    slots = np.empty((len(groups), width), dtype=np.int64)
    places = np.full((len(groups), width), FAR, dtype=np.int64)
    for i, group in enumerate(groups):
        n, length = len(group.tokens), len(group.slots)
        asked[i, :n], asked[i, n:] = group.tokens, group.tokens[0]
        slots[i, :length], slots[i, length:] = group.slots, group.slots[0]
        places[i, :length] = group.places
    tokens = np.concatenate([group.tokens for group in groups])
    run = run_of(tokens)
    whole = len(tokens) == asked.size
    real = None if whole else np.concatenate([i * count + np.arange(len(g.tokens)) for i, g in enumerate(groups)])
    at: slice | np.ndarray = run_of(slots[0]) if len(groups) == 1 else slots.reshape(-1)

    def tensor(array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(device)

    return PoolPart(
        run if isinstance(run, slice) else tensor(run), tensor(asked), None if real is None else tensor(real),
        tensor(places), pool=pool, slots=at if isinstance(at, slice) else tensor(at),
    )  # fmt: skip


class Pass:
    """One forward pass over a packed row: its tokens, what they see, and where their keys and values go.

    ids[T], positions[T]; own: parts that have every token once; shared: what tokens see beside; rows: of `tails`, to
    which the first tokens are written; slots: where in `pool` those after them are, as many as `written`.
    """

    def __init__(
        self, ids: np.ndarray, positions: np.ndarray, device: torch.device, pool: Pool, tails: Tails, rows: range
    ) -> None:
        self.ids = torch.from_numpy(ids).to(device)
        self.positions = torch.from_numpy(positions).to(device)
        self.pool, self.tails, self.rows = pool, tails, rows
        self.own: list[AnyPart] = []
        self.shared: list[AnyPart] = []
        self.slots: slice | torch.Tensor = slice(0, 0)
        self.written = 0
        self.layer = 0

    def store(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Put the new keys and values of `layer`, each [1, Hkv, T, D], where this and later passes will find them."""
        self.layer = layer
        keys, values = keys[0], values[0]
        branches = len(self.rows)
        if branches:
            self.tails.write(layer, self.rows, keys[:, :branches], values[:, :branches])
        if self.written:
            new = slice(branches, branches + self.written)
            self.pool.write(layer, self.slots, keys[:, new], values[:, new])
