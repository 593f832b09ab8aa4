"""The continuous choices of a trace as one vector without bounds, for moves that need a gradient or a step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributions as laws

from nightschool.errors import Unsupported
from nightschool.society.generative import Trace
from nightschool.society.lanes import Lanes
from nightschool.society.primitives import Primitive
from nightschool.society.traces import rows_of


@dataclass(frozen=True, slots=True)
class Latents:
    """Which continuous choices are free, and how each is mapped from the whole line. addresses: in order made."""

    addresses: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    maps: tuple[Any, ...]

    @classmethod
    def of(cls, trace: Trace, only: Sequence[str] | None = None) -> Latents:
        """Return the free continuous choices that all runs of `trace` make, or those `only`.

        Raises Unsupported where there are none.
        """
        found = [
            (address, tuple(leaf.value.shape[1:]), _line(leaf))
            for address, leaf in continuous(trace)
            if (only is None or address in only) and rows_of(trace, address) is None
        ]
        if not found:
            raise Unsupported(f"{trace.model.name} makes no free continuous choice in every run; use another move")
        return cls(*map(tuple, zip(*found, strict=True)))

    def read(self, trace: Trace) -> torch.Tensor:
        """Return [n, d] where the choices of `trace` lie."""
        values = [m.inv(trace[a]) for a, m in zip(self.addresses, self.maps, strict=True)]
        return torch.cat([value.reshape(len(trace), -1) for value in values], 1)

    def placed(self, at: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """Return the choices that lie at `at` [n, d], and how much each is stretched there: [n, addresses], nats."""
        given, stretched, start = {}, [], 0
        for address, shape, mapping in zip(self.addresses, self.shapes, self.maps, strict=True):
            size = math.prod(shape)
            raw = at[:, start : start + size].reshape(len(at), *shape)
            given[address] = mapping(raw)
            slope = mapping.log_abs_det_jacobian(raw, given[address])
            stretched.append(slope.expand(raw.shape).reshape(len(at), -1).sum(1))
            start += size
        return given, torch.stack(stretched, 1)

    def written(self, trace: Trace, at: torch.Tensor, lanes: Lanes, power: float = 1.0) -> tuple[Trace, torch.Tensor]:
        """Return `trace` with its choices moved to `at` [n, d], and the log-density there [n] on the whole line.

        power: to which the likelihood of what was given is raised.
        """
        given, stretched = self.placed(at)
        moved, _ = trace.model.update(trace, given, lanes)
        density = moved.logp + stretched.sum(1)
        return moved, density if power == 1.0 else density + (power - 1.0) * moved.likelihood()

    def slope(self, trace: Trace, at: torch.Tensor, lanes: Lanes, power: float = 1.0
              ) -> tuple[Trace, torch.Tensor, torch.Tensor]:  # fmt: skip
        """Return what `written` does, without its graph, and the gradient [n, d] of the log-density."""
        at = at.detach().requires_grad_(True)
        moved, density = self.written(trace, at, lanes, power)
        level = 0.0 * at.sum()  # where nothing slopes, the slope is zero
        (gradient,) = torch.autograd.grad(density.nan_to_num(neginf=0.0).sum() + level, at)
        return moved.detached(), density.detach(), gradient.nan_to_num()


def continuous(trace: Trace) -> Iterator[tuple[str, Trace]]:
    """Yield the free continuous choices, also those that only some runs make."""
    for address, leaf in trace.leaves():
        if not leaf.fixed and isinstance(leaf.model, Primitive) and leaf.model.levels is None:
            yield address, leaf


def _line(leaf: Trace) -> Any:
    """Return how the choice is mapped from the whole line.

    Bounds that differ from run to run may move with other choices, and a map that moves is not undone by the way back:
    such a choice stays in its own units, and has no density beyond its bounds.
    """
    model = leaf.model
    assert isinstance(model, Primitive)
    support = model.law(*model.aligned(leaf.args, len(leaf))).support
    by_run = any(isinstance(arg, torch.Tensor) for arg in leaf.args)
    if by_run and any(isinstance(bound, torch.Tensor) for bound in vars(support).values()):
        return laws.identity_transform
    return laws.biject_to(support)
