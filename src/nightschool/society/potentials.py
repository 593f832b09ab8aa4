"""What is no distribution: a value that follows, and a weight of its own. Rules and checkers are made of these.

`factor` multiplies a program's probability by any weight, so that programs are products of potentials as well as of
distributions. `exactly` gives a computed value an address, so that it can be observed, held or asked about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from nightschool.errors import UnknownName
from nightschool.society import columns
from nightschool.society.generative import Call, Given, Trace, checked, generate_by
from nightschool.society.lanes import Lanes
from nightschool.society.port import Port


@dataclass(frozen=True, slots=True)
class Exactly:
    """The value that it is called with, and nothing else: observing another one has probability zero."""

    name: str = "exactly"
    ports: Mapping[str, Port] = field(default_factory=dict)
    primitive: bool = True

    def __call__(self, *args: Any) -> Call:
        """Return the call with `args`: the value."""
        return Call(self, args)

    def simulate(self, args: tuple[Any, ...], lanes: Lanes) -> Trace:
        """Return the value, in every lane."""
        return Trace(self, args, columns.spread(args[0], len(lanes)), _zeros(len(lanes)))

    def generate(
        self, args: tuple[Any, ...], given: Given, lanes: Lanes, proposal: Call | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Return the value, or the given one, which weighs 0 where it is the value and -inf elsewhere."""
        if proposal is not None:
            return generate_by(self, args, given, lanes, proposal)
        trace = self._valued(args, given, len(lanes)) if given else self.simulate(args, lanes)
        return trace, trace.logp

    def update(
        self, trace: Trace, given: Given, lanes: Lanes, args: tuple[Any, ...] | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Return the value that follows now; an observed one stays, and is weighed again."""
        args = trace.args if args is None else args
        seen = given or ({"": trace.value} if trace.fixed else {})
        new = self._valued(args, seen, len(trace)) if seen else self.simulate(args, lanes)
        return new, new.logp - trace.logp

    def imagine(self, trace: Trace, do: Given, lanes: Lanes, args: tuple[Any, ...] | None = None) -> Trace:
        """Return the value that follows in the other world, or the one held there."""
        if do:
            return Trace(self, trace.args, columns.spread(do[""], len(trace)), _zeros(len(trace)), fixed=True)
        return self.simulate(trace.args if args is None else args, lanes)

    def _valued(self, args: tuple[Any, ...], given: Given, n: int) -> Trace:
        if given.keys() != {""}:
            raise UnknownName("choice", next(iter(given.keys() - {""})), [], "exactly makes one choice")
        seen, due = columns.spread(given[""], n), columns.spread(args[0], n)
        if isinstance(seen, torch.Tensor) and isinstance(due, torch.Tensor):
            right = (seen == due).reshape(n, -1).all(1)
        else:
            right = torch.tensor([a == b for a, b in zip(columns.rows_of(seen), columns.rows_of(due), strict=True)])
        return Trace(self, args, seen, torch.where(right, 0.0, -torch.inf).double(), fixed=True)


@dataclass(frozen=True, slots=True)
class Factor:
    """A weight: its argument, in nats, counts as if something had been observed with that log-probability."""

    name: str = "factor"
    ports: Mapping[str, Port] = field(default_factory=dict)
    primitive: bool = True

    def __call__(self, *args: Any) -> Call:
        """Return the call with `args`: the log-weight."""
        return Call(self, args)

    def simulate(self, args: tuple[Any, ...], lanes: Lanes) -> Trace:
        """Return a trace whose log-probability is the weight."""
        weight = columns.spread(args[0], len(lanes)).double()
        return Trace(self, args, weight, checked(self.name, weight), fixed=True)

    def generate(
        self, args: tuple[Any, ...], given: Given, lanes: Lanes, proposal: Call | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Return the weight as a weight: nothing about it is chosen."""
        if given:
            raise UnknownName("choice", next(iter(given)), [], "a factor weighs and chooses nothing")
        trace = self.simulate(args, lanes)
        return trace, trace.logp

    def update(
        self, trace: Trace, given: Given, lanes: Lanes, args: tuple[Any, ...] | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Return the weight under other arguments."""
        new, _ = self.generate(trace.args if args is None else args, given, lanes)
        return new, new.logp - trace.logp

    def imagine(self, trace: Trace, do: Given, lanes: Lanes, args: tuple[Any, ...] | None = None) -> Trace:
        """Return no weight: in a world that is only imagined nothing was observed."""
        return Trace(self, trace.args if args is None else args, trace.value, _zeros(len(trace)), fixed=True)


def _zeros(n: int) -> torch.Tensor:
    return torch.zeros(n, dtype=torch.float64)


exactly = Exactly()
factor = Factor()
