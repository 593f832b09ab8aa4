"""Exact inference over discrete choices: every combination is run, whatever way control flow takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from nightschool.errors import Unsupported
from nightschool.items import Noise
from nightschool.society import columns
from nightschool.society.generative import Call, Given, Trace
from nightschool.society.infer.posterior import Posterior
from nightschool.society.lanes import Lanes
from nightschool.society.potentials import Exactly, Factor
from nightschool.society.primitives import Primitive
from nightschool.society.traces import rows_of


@dataclass(frozen=True, slots=True)
class Enumeration:
    """All combinations of discrete choices, at most `most` of them."""

    most: int = 200_000

    def run(self, call: Call, given: Given, noise: Noise) -> Posterior:
        """Return every run with its exact weight.

        Raises Unsupported for a choice without a list of values, such as a number or a text, and for too many runs.

        Choices are split one at a time, in the order in which they are made, and runs that are impossible by then are
        left out.
        """
        fixed: dict[str, Any] = {}
        n, scored = 1, 0
        args = call.args
        while True:
            known = {**given, **fixed}
            trace, logw = call.model.generate(args, known, Lanes.of(noise, n))
            scored += n
            address, leaf, alive = _first_open(trace)
            if leaf is None:
                return Posterior(_loose(trace, given), logw, float(torch.logsumexp(logw, 0)), scored)
            if rows_of(trace, address) is not None:
                raise Unsupported(
                    f"the choice {address!r} is made in some runs only; use a program of columns, or Importance"
                )
            levels = _levels(address, leaf)
            rows = alive.repeat_interleave(len(levels))
            n = len(rows)
            if n > self.most:
                raise Unsupported(f"{n} combinations at {address!r} are more than {self.most}; use Importance")
            if n == 0:
                return Posterior(_loose(trace, given), logw, -torch.inf, scored)
            args = tuple(columns.take_shared(arg, rows, len(trace)) for arg in args)
            given = {a: columns.take(columns.spread(v, len(trace)), rows) for a, v in given.items()}
            fixed = {a: columns.take(v, rows) for a, v in fixed.items()}
            fixed[address] = levels.repeat(len(alive))


def _first_open(trace: Trace) -> tuple[str, Trace | None, torch.Tensor]:
    """Return the first choice that is neither given nor split yet, and the runs that are possible up to there.

    What comes after it hangs on how it happened to be drawn, and says nothing about what is possible.
    """
    before = torch.zeros(len(trace), dtype=torch.float64)
    for address, leaf in trace.leaves():
        if not leaf.fixed and not isinstance(leaf.model, Exactly | Factor):
            return address, leaf, (before > -torch.inf).nonzero()[:, 0]
        if len(leaf) == len(trace):
            before = before + leaf.logp
    return "", None, before


def _levels(address: str, leaf: Trace) -> torch.Tensor:
    model = leaf.model
    if not isinstance(model, Primitive) or model.levels is None or leaf.value.ndim > 1:
        raise Unsupported(f"the choice {address!r} ({model.name}) has no finite list of values; use another scheduler")
    return model.levels(model.aligned(leaf.args, len(leaf)))


def _loose(trace: Trace, given: Given) -> Trace:
    """Return the trace with the choices that were enumerated counted as drawn."""
    return trace.loosened(frozenset(trace.addresses()) - given.keys())
