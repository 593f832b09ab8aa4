"""Many traces as one: the runs of several side by side, or of each run the new or the old."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from nightschool.society import columns
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
