"""Runs that walk from the prior to the posterior, the likelihood coming in by degrees: log Z for hard models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from nightschool.items import Noise
from nightschool.society.generative import Call, Given
from nightschool.society.infer.moves import Move
from nightschool.society.infer.posterior import Posterior, log_mean, systematic
from nightschool.society.lanes import Lanes


@dataclass(frozen=True, slots=True)
class Tempering:
    """n runs over `steps` powers of the likelihood, from 0 to 1, each followed by all `moves`.

    Early powers lie closer together (they grow with the square). Ref: neal2001; delmoral2006.
    """

    n: int
    moves: Sequence[Move]
    steps: int = 20
    threshold: float = 0.5

    def run(self, call: Call, given: Given, noise: Noise) -> Posterior:
        """Return the runs at power 1, with log Z."""
        lanes, log_z, accepted = Lanes.of(noise, self.n), 0.0, 0.0
        trace, _ = call.model.generate(call.args, given, lanes.child("start"))
        logw, power = torch.zeros(self.n, dtype=torch.float64), 0.0
        for step in range(1, self.steps + 1):
            here, before, power = lanes.child(step), power, (step / self.steps) ** 2
            logw = logw + (power - before) * trace.likelihood()
            posterior = Posterior(trace, logw, 0.0, 0)
            if 0 < posterior.ess < self.threshold * self.n:
                log_z += log_mean(logw)
                trace = trace.take(systematic(logw, float(here.child("resample").uniform()[0]), self.n))
                logw = torch.zeros_like(logw)
            for number, move in enumerate(self.moves):
                trace, yes = move.move(trace, here.child(number), power)
                accepted += float(yes.double().mean())
        made = self.steps * len(self.moves)
        return Posterior(trace, logw, log_z + log_mean(logw), self.n * (1 + made), accepted / max(made, 1))
