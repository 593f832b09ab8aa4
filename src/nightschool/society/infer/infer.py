"""The one call: what, given what, by which scheduler, and in which world."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import torch

from nightschool.errors import ModelError
from nightschool.items import Noise
from nightschool.society.generative import Call, Given
from nightschool.society.infer.importance import Importance
from nightschool.society.infer.posterior import Posterior
from nightschool.society.lanes import Lanes

THOUSAND = Importance(1000)


class Scheduler(Protocol):
    """A way to come to a posterior."""

    def run(self, call: Call, given: Given, noise: Noise) -> Posterior:
        """Return weighted runs of `call` with the choices in `given`."""


def infer(call: Call, given: Given, noise: Noise, by: Scheduler = THOUSAND, do: Given | None = None) -> Posterior:
    """Return the posterior of `call` given choices; with `do`, of the world where `do` holds and the noise is the same.

    To plan, give the goal. To ask what would have been, give what was seen and `do` the change: the posterior over
    runs is the abduction, and each run is then imagined with the change. Raises ModelError where no run explains what
    was given, UnknownName for an address that the model does not have.
    """
    posterior = by.run(call, given, noise)
    if not bool((posterior.logw > -torch.inf).any()):
        raise ModelError(
            f"none of {len(posterior.trace)} runs of {call.model.name} explains what is given at "
            f"{', '.join(given) or 'no address'}; use more runs, a proposal, or look whether it is possible"
        )
    if do is None:
        return posterior
    lanes = Lanes.of(noise.child("imagined"), len(posterior.trace))
    return replace(posterior, trace=call.model.imagine(posterior.trace, do, lanes))
