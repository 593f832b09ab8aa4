"""Importance sampling: independent runs from the model, or from a proposal, each with its weight."""

from __future__ import annotations

from dataclasses import dataclass

from nightschool.items import Noise
from nightschool.society.generative import Call, Given
from nightschool.society.infer.posterior import Posterior, log_mean
from nightschool.society.lanes import Lanes


@dataclass(frozen=True, slots=True)
class Importance:
    """n independent runs. proposal: makes some of the choices in place of the model; weights correct for it.

    The runs of a smaller n are the first of a larger one.
    """

    n: int
    proposal: Call | None = None

    def run(self, call: Call, given: Given, noise: Noise) -> Posterior:
        """Return the weighted runs."""
        trace, logw = call.model.generate(call.args, given, Lanes.of(noise, self.n), self.proposal)
        return Posterior(trace, logw, log_mean(logw), self.n)
