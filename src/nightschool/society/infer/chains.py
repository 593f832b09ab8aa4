"""Markov chains side by side: one call moves them all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from nightschool.items import Noise
from nightschool.society.generative import Call, Given
from nightschool.society.infer.moves import Move
from nightschool.society.infer.posterior import Posterior, systematic
from nightschool.society.lanes import Lanes
from nightschool.society.traces import join


@dataclass(frozen=True, slots=True)
class Chains:
    """n chains of `steps` rounds of all `moves`; after `burn` rounds every `every`-th state is kept.

    They begin at runs of the model resampled by how well they explain what is given.
    """

    n: int
    moves: Sequence[Move]
    steps: int = 200
    burn: int = 100
    every: int = 1

    def run(self, call: Call, given: Given, noise: Noise) -> Posterior:
        """Return the kept states, equally weighted; `log_z` is NaN, for chains do not tell it."""
        lanes = Lanes.of(noise, self.n)
        trace, logw = call.model.generate(call.args, given, lanes.child("start"))
        if math.isfinite(float(logw.max())):
            trace = trace.take(systematic(logw, float(lanes.child("choice").uniform()[0]), self.n))
        kept, accepted = [], torch.zeros(self.n, dtype=torch.float64)
        for step in range(self.steps):
            for number, move in enumerate(self.moves):
                trace, yes = move.move(trace, lanes.child(step, number))
                accepted += yes
            if step >= self.burn and (step - self.burn) % self.every == 0:
                kept.append(trace)
        whole = join(kept, torch.arange(self.n * len(kept)))
        rounds = self.steps * len(self.moves)
        logw = torch.zeros(len(whole), dtype=torch.float64)
        return Posterior(whole, logw, math.nan, self.n * (1 + rounds), float(accepted.mean()) / rounds)
