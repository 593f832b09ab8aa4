"""Moves that leave the posterior as it is: random walk, Langevin, Hamiltonian, and drawing a choice afresh.

A move takes n runs and returns n runs, each moved or left where it was: (trace, accepted [n]).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch

from nightschool.society.generative import Trace
from nightschool.society.infer.latents import Latents
from nightschool.society.lanes import Lanes
from nightschool.society.traces import pick


class Move(Protocol):
    """A Markov kernel on the runs of a trace."""

    def move(self, trace: Trace, lanes: Lanes, power: float = 1.0) -> tuple[Trace, torch.Tensor]:
        """Return the runs after the move, and which of them accepted it. power: of the likelihood."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A step of normal size `scale` in all continuous choices, accepted by Metropolis' rule. Ref: metropolis1953."""

    scale: float = 0.5

    def move(self, trace: Trace, lanes: Lanes, power: float = 1.0) -> tuple[Trace, torch.Tensor]:
        """Return the runs after one step."""
        latents = Latents.of(trace)
        here = latents.read(trace)
        _, before = latents.written(trace, here, lanes, power)
        there = here + self.scale * lanes.child("step").normal(here.shape[1:])
        moved, after = latents.written(trace, there, lanes, power)
        return _accept(trace, moved, after - before, lanes)


@dataclass(frozen=True, slots=True)
class Langevin:
    """A step along the gradient with noise, corrected by Metropolis' rule (MALA). Ref: roberts1996."""

    step: float = 0.1

    def move(self, trace: Trace, lanes: Lanes, power: float = 1.0) -> tuple[Trace, torch.Tensor]:
        """Return the runs after one step."""
        latents, half = Latents.of(trace), self.step**2 / 2
        here = latents.read(trace)
        _, before, up = latents.slope(trace, here, lanes, power)
        there = here + half * up + self.step * lanes.child("step").normal(here.shape[1:])
        moved, after, back = latents.slope(trace, there, lanes, power)
        forth = -((there - here - half * up) ** 2).sum(1) / (2 * self.step**2)
        return_ = -((here - there - half * back) ** 2).sum(1) / (2 * self.step**2)
        return _accept(trace, moved, after - before + return_ - forth, lanes)


@dataclass(frozen=True, slots=True)
class Hamiltonian:
    """`leaps` leapfrog steps of size `step` with fresh momentum, corrected by Metropolis' rule. Ref: neal2011."""

    step: float = 0.1
    leaps: int = 10

    def move(self, trace: Trace, lanes: Lanes, power: float = 1.0) -> tuple[Trace, torch.Tensor]:
        """Return the runs after one trajectory."""
        latents = Latents.of(trace)
        at = latents.read(trace)
        momentum = lanes.child("momentum").normal(at.shape[1:])
        moved, before, up = latents.slope(trace, at, lanes, power)
        energy = before - (momentum**2).sum(1) / 2
        after = before
        for _ in range(self.leaps):
            momentum = momentum + self.step / 2 * up
            at = at + self.step * momentum
            moved, after, up = latents.slope(moved, at, lanes, power)
            momentum = momentum + self.step / 2 * up
        return _accept(trace, moved, after - (momentum**2).sum(1) / 2 - energy, lanes)


@dataclass(frozen=True, slots=True)
class Fresh:
    """The choices at `addresses` drawn again from the model, and with them what they lead to.

    Needs no gradient and works on choices of any kind. The ratio of the prior's parts cancels, so that acceptance
    depends on everything else alone. Ref: wingate2011.
    """

    addresses: tuple[str, ...]

    def move(self, trace: Trace, lanes: Lanes, power: float = 1.0) -> tuple[Trace, torch.Tensor]:
        """Return the runs after all of the addresses were drawn again together."""
        fresh, forth = {}, torch.zeros(len(trace), dtype=torch.float64)
        back = torch.zeros(len(trace), dtype=torch.float64)
        for address in self.addresses:
            leaf = trace.part(address)
            again = leaf.model.simulate(leaf.args, lanes.child("fresh", address))
            fresh[address] = again.value
            forth, back = forth + again.logp, back + leaf.logp
        moved, ratio = trace.model.update(trace, fresh, lanes.child("fresh"))
        moved = moved.loosened(frozenset(self.addresses))
        if power != 1.0:
            ratio = ratio + (power - 1.0) * (moved.likelihood() - trace.likelihood())
        return _accept(trace, moved, ratio + back - forth, lanes)


def _accept(old: Trace, new: Trace, ratio: torch.Tensor, lanes: Lanes) -> tuple[Trace, torch.Tensor]:
    accepted = lanes.child("accept").uniform().log() < ratio.nan_to_num(nan=-torch.inf)
    return pick(accepted, new, old), accepted
