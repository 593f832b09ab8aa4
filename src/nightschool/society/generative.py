"""The one interface of the society: whatever can be run forwards, run with some choices known, and changed its mind.

Everything is a generative model: a distribution, a program that calls other models, a language model, a rule. Each
works on n runs at once. The weights are those of cusumano2019: with them importance sampling is `generate`,
Metropolis-Hastings is `update`, also where choices come and go, and particles are `update` with longer arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import torch

from nightschool.errors import NotANumber, UnknownName, UsageError
from nightschool.society import columns
from nightschool.society.columns import Column
from nightschool.society.lanes import Lanes
from nightschool.society.port import Port

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
                parts[address] = replace(part.take(place[kept]), rows=None if len(kept) == len(rows) else kept)
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


@dataclass(frozen=True, slots=True)
class Call:
    """A model and what it is called with. Arguments are shared by all runs, or columns of one row for each run."""

    model: Generative
    args: tuple[Any, ...] = ()


class Generative(Protocol):
    """Whatever can be run forwards, run with some choices known, and changed."""

    @property
    def name(self) -> str:
        """Return the name that messages and traces use."""

    @property
    def ports(self) -> Mapping[str, Port]:
        """Return what it predicts, by address."""

    @property
    def primitive(self) -> bool:
        """Return whether it makes one choice and calls nothing."""

    def __call__(self, *args: Any) -> Call:
        """Return the call of this model with `args`; nothing runs yet."""

    def simulate(self, args: tuple[Any, ...], lanes: Lanes) -> Trace:
        """Return one run for each lane, every choice drawn. The same lanes give the same trace."""

    def generate(
        self, args: tuple[Any, ...], given: Given, lanes: Lanes, proposal: Call | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Return runs with the choices in `given`, and their log-weights [n].

        The weight is log p(all choices) - log q(those that were drawn): from the model itself, or at the addresses
        that `proposal` makes from the proposal. Its mean estimates p(given). Raises UnknownName for an address that
        the model does not have.
        """

    def update(
        self, trace: Trace, given: Given, lanes: Lanes, args: tuple[Any, ...] | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Return `trace` with `given` choices (and `args`, where not None) changed, and the log-weights [n].

        What else there was stays; what is new is drawn, and what is no longer made is gone, whether `given` or not.
        Choices that were fixed stay fixed; those in `given` keep what they were. The weight is

            log p(new) - log p(old) - log q(drawn) + log q(gone),

        q being the model's own law of a choice, given those before it. With q(gone), the probability with which the
        way back would draw it again, the ratio is one of densities over the same choices: without it, a run would be
        paid for leaving sharp or many-valued choices behind. It makes the weight the whole Metropolis ratio but for
        how `given` itself was proposed, and particles properly weighted for any new arguments. What was fixed is not
        drawn again: evidence that is gone is taken off. Refs: green1995; delmoral2006.
        """

    def imagine(self, trace: Trace, do: Given, lanes: Lanes, args: tuple[Any, ...] | None = None) -> Trace:
        """Return what would have happened with `do` held and the same noise in everything else.

        The noise of each choice is drawn from what it can have been, given the choice (abduction). A choice whose
        arguments stay as they were stays as it was. `do` is held without being believed: it weighs nothing.
        Ref: pearl2009, 7.1.
        """


def generate_by(model: Generative, args: tuple[Any, ...], given: Given, lanes: Lanes, proposal: Call
                ) -> tuple[Trace, torch.Tensor]:  # fmt: skip
    """Return `model.generate` with choices made by `proposal`, weighted against it. Raises UsageError where both
    know a choice."""
    guess = proposal.model.simulate(proposal.args, lanes.child("proposal"))
    made = guess.choices()
    if clash := sorted(made.keys() & given.keys()):
        raise UsageError(f"{proposal.model.name} proposes {clash[0]!r}, which is given; leave it out of one of them")
    trace, logw = model.generate(args, {**given, **made}, lanes)
    return trace.loosened(frozenset(made)), logw - guess.logp


def checked(name: str, logp: torch.Tensor) -> torch.Tensor:
    """Return `logp`. Raises NotANumber, naming the model, where it holds NaN."""
    if bool(torch.isnan(logp).any()):
        bad = int(torch.isnan(logp).nonzero()[0, 0])
        raise NotANumber(f"the log-probability of {name} is NaN in run {bad} of {len(logp)}; check its arguments")
    return logp
