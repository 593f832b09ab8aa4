"""The choices that a recogniser makes: each discrete, or on a line that a fixed map takes to where the choice lives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
from torch import distributions as laws

from nightschool.errors import Unsupported
from nightschool.society.generative import Trace
from nightschool.society.primitives import Primitive

Support = Literal["truth", "level", "line", "positive", "between"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One choice. shape: of one value; levels: how many values there are, 0 where there is no end of them; low, high:
    ends of an interval."""

    address: str
    support: Support
    shape: tuple[int, ...] = ()
    levels: int = 0
    low: float = 0.0
    high: float = 1.0

    @property
    def size(self) -> int:
        """Return how many numbers one value has."""
        return math.prod(self.shape)

    @property
    def told(self) -> int:
        """Return how many numbers tell a network the value."""
        return self.size * (self.levels if self.support == "level" else 1)

    def free(self, value: torch.Tensor) -> torch.Tensor:
        """Return [n, size] where values [n, *shape] lie on the line, float32. For choices without levels."""
        flat = value.reshape(len(value), -1).double()
        if self.support == "positive":
            flat = flat.clamp_min(1e-30).log()
        elif self.support == "between":
            part = ((flat - self.low) / (self.high - self.low)).clamp(1e-7, 1 - 1e-7)
            flat = torch.logit(part)
        return flat.float()

    def placed(self, free: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return values [n, *shape] and the log-slope [n] of the map there, from places on the line [n, size]."""
        free = free.double()
        shape = (len(free), *self.shape)
        if self.support == "positive":
            return free.exp().reshape(shape), free.sum(1)
        if self.support == "between":
            part, width = torch.sigmoid(free), self.high - self.low
            slope = math.log(width) + torch.nn.functional.logsigmoid(free) + torch.nn.functional.logsigmoid(-free)
            return (self.low + width * part).reshape(shape), slope.sum(1)
        return free.reshape(shape), torch.zeros(len(free), dtype=torch.float64)

    def numbers(self, value: torch.Tensor) -> torch.Tensor:
        """Return [n, told] the values as a network is told them, float32."""
        if self.support == "level":
            levels = value.reshape(len(value), -1).long()
            return torch.nn.functional.one_hot(levels, self.levels).reshape(len(value), -1).float()
        if self.support == "truth":
            return value.reshape(len(value), -1).float()
        return self.free(value)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can write it; `Kind(**...)` reads it."""
        return asdict(self)


def kinds_of(trace: Trace, seen: Sequence[str]) -> tuple[Kind, ...]:
    """Return the choices of `trace` but those `seen`, in the order in which they were made.

    Raises Unsupported for a choice that some runs make and others do not, or that lives where no fixed map leads.
    """
    found = []
    for address, leaf in trace.leaves():
        if address in seen or not isinstance(leaf.model, Primitive):
            continue
        if len(leaf) != len(trace) or leaf.rows is not None:
            raise Unsupported(f"the choice {address!r} is made in some runs only; a recogniser makes the same in all")
        shape = tuple(leaf.value.shape[1:])
        if leaf.model.levels is not None:
            levels = len(leaf.model.levels(leaf.model.aligned(leaf.args, len(leaf))))
            found.append(Kind(address, "truth" if leaf.value.dtype == torch.bool else "level", shape, levels))
            continue
        found.append(_on_a_line(address, shape, leaf))
    if not found:
        raise Unsupported(f"{trace.model.name} leaves nothing to recognise: every choice is seen")
    return tuple(found)


def _on_a_line(address: str, shape: tuple[int, ...], leaf: Trace) -> Kind:
    assert isinstance(leaf.model, Primitive)
    support: Any = leaf.model.law(*leaf.model.aligned(leaf.args, len(leaf))).support
    if isinstance(support, type(laws.constraints.real)):
        return Kind(address, "line", shape)
    if (
        isinstance(support, (laws.constraints.greater_than, type(laws.constraints.nonnegative)))
        and not torch.as_tensor(getattr(support, "lower_bound", 0.0)).any()
    ):
        return Kind(address, "positive", shape)
    low, high = (torch.as_tensor(getattr(support, name, math.nan)) for name in ("lower_bound", "upper_bound"))
    if bool((low == low.flatten()[0]).all()) and bool((high == high.flatten()[0]).all()):
        return Kind(address, "between", shape, 0, float(low.flatten()[0]), float(high.flatten()[0]))
    what = f"the choice {address!r} ({leaf.model.name})"
    raise Unsupported(f"{what} lives between ends that vary; no fixed map leads there")
