"""Traces: what n runs of a generative model did, side by side. Immutable; choices, arguments, value, log-probability.

A part of a trace is the trace of what the model called, at an address; addresses of parts of parts are written with a
slash: `jar/colour`. A trace without parts is one choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch

from nightschool.errors import UnknownName
from nightschool.society import columns
from nightschool.society.columns import Column

if TYPE_CHECKING:
    from nightschool.society.generative import Generative

Given = Mapping[str, Any]
"""Choices that are known: address -> a column of n values, or one value for all runs."""


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """n runs of `model` side by side.

    args: what it was called with, each a column or shared by all; value: what it returned; logp[n]: log-probability of
    all choices, nats; parts: what it called, by address; fixed: whether this choice was given from outside (observed,
    or held by an intervention) rather than drawn; rows[k]: which runs of the whole these are, ascending, None for all.
    """

    model: Generative
    args: tuple[Any, ...]
    value: Column
    logp: torch.Tensor
    parts: Mapping[str, Trace] = field(default_factory=dict)
    fixed: bool = False
    rows: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.logp)

    def part(self, address: str) -> Trace:
        """Return the trace of what was called at `address`. Raises UnknownName, which lists the addresses."""
        head, _, rest = address.partition("/")
        if head not in self.parts:
            raise UnknownName("choice", address, self.addresses(), f"in {self.model.name}")
        return self.parts[head].part(rest) if rest else self.parts[head]

    def __getitem__(self, address: str) -> Column:
        return self.part(address).value

    def leaves(self) -> Iterator[tuple[str, Trace]]:
        """Yield every choice with its address, in the order they were made."""
        for address, part in self.parts.items():
            if part.parts or not part.model.primitive:
                for rest, leaf in part.leaves():
                    yield f"{address}/{rest}", leaf
            else:
                yield address, part

    def addresses(self) -> tuple[str, ...]:
        """Return the addresses of all choices."""
        return tuple(address for address, _ in self.leaves())

    def choices(self, free: bool = False) -> dict[str, Column]:
        """Return the value of every choice by address. free: only of those that were drawn, not given."""
        return {address: leaf.value for address, leaf in self.leaves() if not (free and leaf.fixed)}

    def likelihood(self) -> torch.Tensor:
        """Return [n] the log-probability of the choices that were given, under those that were drawn."""
        if self.model.primitive:
            return self.logp if self.fixed else torch.zeros_like(self.logp)
        total = torch.zeros(len(self), dtype=torch.float64)
        for part in self.parts.values():
            total = add_rows(total, part.likelihood(), part.rows)
        return total

    def take(self, rows: torch.Tensor) -> Trace:
        """Return the runs with these numbers, in this order; a run may come more than once."""
        n = len(self)
        parts: dict[str, Trace] = {}
        for address, part in self.parts.items():
            if part.rows is None:
                parts[address] = part.take(rows)
                continue
            place = torch.full((n,), -1).index_copy(0, part.rows, torch.arange(len(part)))[rows]
            kept = (place >= 0).nonzero()[:, 0]
            if len(kept):
                parts[address] = replace(part.take(place[kept]), rows=kept)
        return replace(
            self,
            args=tuple(columns.take_shared(arg, rows, n) for arg in self.args),
            value=None if self.value is None else columns.take(self.value, rows),
            logp=self.logp[rows],
            parts=parts,
            rows=None,
        )

    def loosened(self, addresses: frozenset[str]) -> Trace:
        """Return the trace with the choices at `addresses` counted as drawn, not given: a proposal made them."""
        return _at(self, "", addresses, lambda leaf: replace(leaf, fixed=False))

    def detached(self) -> Trace:
        """Return the trace without the graph that gradients would flow back through."""
        return replace(
            self,
            args=tuple(_plain(arg) for arg in self.args),
            value=_plain(self.value),
            logp=self.logp.detach(),
            parts={address: part.detached() for address, part in self.parts.items()},
        )


def _plain(value: Any) -> Any:
    return value.detach() if isinstance(value, torch.Tensor) else value


def _at(trace: Trace, prefix: str, addresses: frozenset[str], change: Callable[[Trace], Trace]) -> Trace:
    if not trace.parts:
        return change(trace) if prefix[:-1] in addresses else trace
    return replace(trace, parts={k: _at(p, f"{prefix}{k}/", addresses, change) for k, p in trace.parts.items()})


def add_rows(total: torch.Tensor, amount: torch.Tensor, rows: torch.Tensor | None) -> torch.Tensor:
    """Return `total` with `amount` added to these rows, or to all."""
    return total + amount if rows is None else total.index_add(0, rows, amount)


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
