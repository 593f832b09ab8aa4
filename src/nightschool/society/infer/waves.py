"""Inference within a budget: independent runs in waves, until tokens, calls or seconds would not last for another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from nightschool.errors import UsageError
from nightschool.items import Noise, Usage
from nightschool.search.budget import Budget
from nightschool.society.generative import Call, Given
from nightschool.society.infer.posterior import Posterior, log_mean
from nightschool.society.lanes import Lanes
from nightschool.society.traces import join


@dataclass(frozen=True, slots=True)
class Waves:
    """Waves of n independent runs, at least one and at most `most`: log Z and ESS are those of all runs together.

    budget: what may be spent; another wave is run only where the dearest so far would fit again. spent: tells what
    models have used so far (`Metered.usage`); clock: seconds, needed for a budget of seconds. Runs are those of
    `Importance` with as many: a larger budget goes on with them. Raises UsageError.
    """

    n: int
    budget: Budget
    spent: Callable[[], Usage] = Usage
    clock: Callable[[], float] | None = None
    most: int = 1000
    proposal: Call | None = None

    def __post_init__(self) -> None:
        if self.budget.seconds is not None and self.clock is None:
            raise UsageError("a budget of seconds needs a clock; give Waves(clock=time.monotonic)")
        if self.budget.usd is not None:
            raise UsageError("waves count tokens, calls and seconds, not money; give a budget of tokens")
        if self.n < 1 or self.most < 1:
            raise UsageError(f"waves are of 1 run or more, and 1 or more, not {self.n} and {self.most}")

    def run(self, call: Call, given: Given, noise: Noise) -> Posterior:
        """Return the weighted runs of all waves."""
        began, start = self._now(), self.spent()
        traces, weights, dearest, before = [], [], Usage(), Usage()
        for wave in range(self.most):
            lanes = Lanes(noise, torch.arange(wave * self.n, (wave + 1) * self.n))
            trace, logw = call.model.generate(call.args, given, lanes, self.proposal)
            traces.append(trace)
            weights.append(logw)
            used = replace(_less(self.spent(), start), seconds=self._now() - began)
            step = _less(used, before)
            dearest = Usage(*(max(a, b) for a, b in zip(dearest.as_tuple(), step.as_tuple(), strict=True)))
            before = used
            if not self._lasts(used + dearest):
                break
        logw, n = torch.cat(weights), self.n * len(traces)
        return Posterior(join(traces, torch.arange(n)), logw, log_mean(logw), n)

    def _lasts(self, usage: Usage) -> bool:
        """Return whether this use keeps the budget, the last of it included."""
        pairs = ((self.budget.tokens, usage.tokens), (self.budget.calls, usage.calls),
                 (self.budget.seconds, usage.seconds))  # fmt: skip
        return all(allowed is None or used <= allowed for allowed, used in pairs)

    def _now(self) -> float:
        return self.clock() if self.clock is not None else 0.0


def _less(a: Usage, b: Usage) -> Usage:
    return Usage(*(x - y for x, y in zip(a.as_tuple(), b.as_tuple(), strict=True)))
