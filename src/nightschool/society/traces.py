"""Traces of many runs: several as one, of each run the new or the old, and which runs make which choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from nightschool.society import columns
from nightschool.society.columns import Column
from nightschool.society.generative import Trace


def join(traces: Sequence[Trace], order: torch.Tensor) -> Trace:
    """Return the runs of all `traces`, which are of one model, one after the other and then in this `order`."""
    sizes = [len(trace) for trace in traces]
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    addresses = list(dict.fromkeys(address for trace in traces for address in trace.parts))
    inverse = torch.empty(len(order), dtype=torch.int64)
    inverse[order] = torch.arange(len(order))
    parts: dict[str, Trace] = {}
    for address in addresses:
        having = [(start, trace.parts[address]) for start, trace in zip(starts, traces, strict=True)
                  if address in trace.parts]  # fmt: skip
        old = torch.cat([start + (torch.arange(len(p)) if p.rows is None else p.rows) for start, p in having])
        new = inverse[old]
        rows, inner = new.sort()
        whole = join([part for _, part in having], inner)
        parts[address] = replace(whole, rows=None if len(rows) == sum(sizes) else rows)
    return replace(
        traces[0],
        args=tuple(_joined_args(list(args), sizes, order) for args in zip(*(t.args for t in traces), strict=True)),
        value=None if traces[0].value is None else columns.join([trace.value for trace in traces], order),
        logp=torch.cat([trace.logp for trace in traces])[order],
        parts=parts,
        rows=None,
    )


def _joined_args(args: list[Any], sizes: list[int], order: torch.Tensor) -> Any:
    if all(columns.same(arg, args[0]) for arg in args[1:]) and (
        not isinstance(args[0], (torch.Tensor, tuple)) or (isinstance(args[0], torch.Tensor) and args[0].ndim == 0)
    ):
        return args[0]
    return columns.join([columns.spread(arg, n) for arg, n in zip(args, sizes, strict=True)], order)


def pick(mask: torch.Tensor, new: Trace, old: Trace) -> Trace:
    """Return the runs of `new` where `mask[n]` holds, and those of `old` elsewhere."""
    if bool(mask.all()):
        return new
    if not bool(mask.any()):
        return old
    yes, no = mask.nonzero()[:, 0], (~mask).nonzero()[:, 0]
    order = torch.empty(len(mask), dtype=torch.int64)
    order[torch.cat([yes, no])] = torch.arange(len(mask))
    return join([new.take(yes), old.take(no)], order)


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
