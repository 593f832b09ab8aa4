"""Which runs of a trace make which choice, where runs go different ways."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from nightschool.society import columns
from nightschool.society.columns import Column
from nightschool.society.generative import Trace


def rows_of(trace: Trace, address: str) -> torch.Tensor | None:
    """Return the numbers of the runs that make the choice at `address`, ascending; None for all of them.

    A part counts its runs within the part above it; these numbers are those of the whole. Raises UnknownName.
    """
    rows: torch.Tensor | None = None
    words = address.split("/")
    for i in range(1, len(words) + 1):
        inner = trace.part("/".join(words[:i])).rows
        if inner is not None:
            rows = inner if rows is None else rows[inner]
    return rows


def made(trace: Trace, addresses: Sequence[str]) -> torch.Tensor:
    """Return [n, addresses] which runs make which of these choices; nobody makes one that the trace does not have."""
    mask = torch.zeros(len(trace), len(addresses), dtype=torch.bool)
    there = set(trace.addresses())
    for i, address in enumerate(addresses):
        if address in there:
            rows = rows_of(trace, address)
            mask[slice(None) if rows is None else rows, i] = True
    return mask


def alike(trace: Trace, addresses: Sequence[str]) -> list[torch.Tensor]:
    """Return the numbers of the runs in groups that make the same of these choices."""
    mask = made(trace, addresses)
    if bool(mask.all()):
        return [torch.arange(len(trace))]
    _, group = torch.unique(mask, dim=0, return_inverse=True)
    return [(group == i).nonzero()[:, 0] for i in range(int(group.max()) + 1)]


def filled(trace: Trace, address: str) -> Column:
    """Return the choice at `address` as a column of all runs: those that do not make it hold that of another run."""
    value, rows = trace[address], rows_of(trace, address)
    if rows is None:
        return value
    return columns.take(value, torch.zeros(len(trace), dtype=torch.int64).index_copy(0, rows, torch.arange(len(rows))))
