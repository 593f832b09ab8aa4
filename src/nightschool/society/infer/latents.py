"""The continuous choices of a trace as one vector without bounds, for moves that need a gradient or a step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributions as laws

from nightschool.errors import Unsupported
from nightschool.society.generative import Trace
from nightschool.society.lanes import Lanes
from nightschool.society.primitives import Primitive


@dataclass(frozen=True, slots=True)
class Latents:
    """Which continuous choices are free, and how each is mapped from the whole line. addresses: in order made."""

    addresses: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    maps: tuple[Any, ...]

    @classmethod
    def of(cls, trace: Trace, only: Sequence[str] | None = None) -> Latents:
        """Return the free continuous choices of `trace`, or those `only`. Raises Unsupported where there are none."""
        found = []
        for address, leaf in trace.leaves():
            model = leaf.model
            if leaf.fixed or not isinstance(model, Primitive) or model.levels is not None or leaf.rows is not None:
                continue
            if only is None or address in only:
                support = model.law(*model.aligned(leaf.args, len(leaf))).support
                found.append((address, tuple(leaf.value.shape[1:]), laws.biject_to(support)))
        if not found:
            raise Unsupported(f"{trace.model.name} makes no free continuous choice in every run; use another move")
        return cls(*map(tuple, zip(*found, strict=True)))

    def read(self, trace: Trace) -> torch.Tensor:
        """Return [n, d] where the choices of `trace` lie."""
        values = [m.inv(trace[a]) for a, m in zip(self.addresses, self.maps, strict=True)]
        return torch.cat([value.reshape(len(trace), -1) for value in values], 1)

    def written(self, trace: Trace, at: torch.Tensor, lanes: Lanes, power: float = 1.0) -> tuple[Trace, torch.Tensor]:
        """Return `trace` with its choices moved to `at` [n, d], and the log-density there [n] on the whole line.

        power: to which the likelihood of what was given is raised.
        """
        given, jacobian, start = {}, torch.zeros(len(at), dtype=torch.float64), 0
        for address, shape, mapping in zip(self.addresses, self.shapes, self.maps, strict=True):
            size = math.prod(shape)
            raw = at[:, start : start + size].reshape(len(at), *shape)
            given[address] = mapping(raw)
            slope = mapping.log_abs_det_jacobian(raw, given[address])
            jacobian = jacobian + slope.expand(raw.shape).reshape(len(at), -1).sum(1)
            start += size
        moved, _ = trace.model.update(trace, given, lanes)
        density = moved.logp + jacobian
        return moved, density if power == 1.0 else density + (power - 1.0) * moved.likelihood()

    def slope(self, trace: Trace, at: torch.Tensor, lanes: Lanes, power: float = 1.0
              ) -> tuple[Trace, torch.Tensor, torch.Tensor]:  # fmt: skip
        """Return what `written` does, without its graph, and the gradient [n, d] of the log-density."""
        at = at.detach().requires_grad_(True)
        moved, density = self.written(trace, at, lanes, power)
        (gradient,) = torch.autograd.grad(density.nan_to_num(neginf=0.0).sum(), at)
        return moved.detached(), density.detach(), gradient.nan_to_num()
