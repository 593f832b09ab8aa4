"""What inference returns: weighted runs, the evidence, and how many equal runs they are worth."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from nightschool.society import columns
from nightschool.society.generative import Trace
from nightschool.society.lanes import Lanes
from nightschool.society.traces import rows_of


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """Weighted runs that stand for the posterior.

    trace: n runs; logw[n]: their log-weights, nats; log_z: estimate of log p(given), NaN where the scheduler makes
    none; scored: runs of the model that it took; accepted: fraction of moves that were accepted, where any were made.
    """

    trace: Trace
    logw: torch.Tensor
    log_z: float
    scored: int
    accepted: float | None = None

    @property
    def weights(self) -> torch.Tensor:
        """Return [n] weights that add up to one; NaN where no run explains what was given."""
        return torch.softmax(self.logw, 0)

    @property
    def ess(self) -> float:
        """Return how many equally weighted runs these are worth; 0 where no run has weight. Ref: kong1994."""
        if not math.isfinite(float(self.logw.max())):
            return 0.0
        return float(1 / (self.weights**2).sum())

    def expect(self, what: str | Callable[[Trace], torch.Tensor]) -> torch.Tensor:
        """Return the posterior mean of the choice at an address, or of what a function makes of the trace [n, ...]."""
        value = self.trace[what] if isinstance(what, str) else what(self.trace)
        return torch.tensordot(self.weights, value.double(), 1)

    def table(self, address: str) -> dict[Any, float]:
        """Return the posterior probability of each value at `address`, likeliest first; None: runs without it."""
        part = self.trace.part(address)
        rows = rows_of(self.trace, address)
        weights = self.weights if rows is None else self.weights[rows]
        counts: dict[Any, float] = {}
        for value, weight in zip(columns.rows_of(part.value), weights.tolist(), strict=True):
            counts[value] = counts.get(value, 0.0) + weight
        missing = 1 - sum(counts.values())
        if missing > 1e-9:
            counts[None] = missing
        return dict(sorted(counts.items(), key=lambda pair: -pair[1]))

    def best(self) -> int:
        """Return the number of the run with the highest joint log-probability, among those with weight."""
        return int(torch.where(self.logw > -torch.inf, self.trace.logp, -torch.inf).argmax())

    def resampled(self, lanes: Lanes) -> Trace:
        """Return one equally weighted run for each lane (systematic resampling). Ref: kitagawa1996."""
        return self.trace.take(systematic(self.logw, float(lanes.uniform()[0]), len(lanes)))


def log_mean(logw: torch.Tensor) -> float:
    """Return the log of the mean weight, nats."""
    return float(torch.logsumexp(logw, 0)) - math.log(len(logw))


def systematic(logw: torch.Tensor, u: float, n: int) -> torch.Tensor:
    """Return n indices in ascending order, i on average n p[i] times, by one number u in [0, 1). Ref: kitagawa1996."""
    ends = torch.softmax(logw, 0).cumsum(0)
    marks = (torch.arange(n, dtype=torch.float64) + u) / n * ends[-1]
    last = int((logw > -torch.inf).nonzero()[-1, 0])
    return torch.searchsorted(ends, marks, right=True).clamp_max(last)
