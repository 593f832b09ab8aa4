"""Sequential Monte Carlo: runs that grow with what comes in. Extend, resample, rejuvenate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from nightschool.errors import UsageError
from nightschool.items import Noise
from nightschool.society.generative import Call, Given, Trace
from nightschool.society.infer.moves import Move
from nightschool.society.infer.posterior import Posterior, log_mean, systematic
from nightschool.society.lanes import Lanes


@dataclass(frozen=True, slots=True)
class Particles:
    """n runs that see what is given stage by stage.

    stages: for each stage the arguments of the call then, and the addresses that become known; whatever is given and
    in no stage is known at the last one. Runs are resampled where they are worth fewer than `threshold` * n, and then
    moved by each of `moves`. Ref: delmoral2006.
    """

    n: int
    stages: Sequence[tuple[tuple[Any, ...], Sequence[str]]]
    threshold: float = 0.5
    moves: Sequence[Move] = ()

    def run(self, call: Call, given: Given, noise: Noise) -> Posterior:
        """Return the runs after the last stage; log Z is the sum of what each stage told."""
        lanes, log_z, scored = Lanes.of(noise, self.n), 0.0, 0
        staged = {address for _, addresses in self.stages for address in addresses}
        last = [address for address in given if address not in staged]
        stages = [*self.stages, (call.args, last)] if last else list(self.stages)
        trace: Trace | None = None
        logw = torch.zeros(self.n, dtype=torch.float64)
        for number, (args, addresses) in enumerate(stages):
            here, known = lanes.child(number), {address: given[address] for address in addresses}
            trace, gained = self._extend(call, trace, args, known, here.child("extend"))
            logw, scored = logw + gained, scored + self.n
            posterior = Posterior(trace, logw, 0.0, scored)
            if number + 1 < len(stages) and 0 < posterior.ess < self.threshold * self.n:
                log_z += log_mean(logw)
                trace = trace.take(systematic(logw, float(here.child("resample").uniform()[0]), self.n))
                logw = torch.zeros_like(logw)
                for k, move in enumerate(self.moves):
                    trace, _ = move.move(trace, here.child("rejuvenate", k))
                    scored += self.n
        assert trace is not None
        return Posterior(trace, logw, log_z + log_mean(logw), scored)

    @staticmethod
    def _extend(
        call: Call, trace: Trace | None, args: tuple[Any, ...], known: Given, lanes: Lanes
    ) -> tuple[Trace, torch.Tensor]:
        if trace is None:
            return call.model.generate(args, known, lanes)
        if late := sorted(known.keys() & set(trace.addresses())):
            raise UsageError(f"the choice {late[0]!r} was drawn in a stage before the one that gives it; give it there")
        return call.model.update(trace, known, lanes, args)
