"""What a drawing may become: an affine map and a smooth bend, both small by a Gaussian prior.

y = A x + b + sum_c exp(-|x - c|^2 / 2 h^2) w_c, over a grid of centres c. Directions go with the map's derivative.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from nightschool.items import Noise
from nightschool.society.lanes import Lanes
from nightschool.society.strokes.ink import Ink

REACH = 2.2
"""half the side of the grid of centres, in units of a drawing's spread"""


@dataclass(frozen=True, slots=True)
class Prior:
    """Standard deviations of the entries of A - 1, of b, and of each w, in units of a drawing's spread; centres a side
    of the grid."""

    affine: float = 0.25
    shift: float = 0.3
    bend: float = 0.3
    centres: int = 5


@dataclass(frozen=True, slots=True, eq=False)
class Warp:
    """n warps. affine[n, 2, 2]: A - 1; shift[n, 2]; bend[n, centres^2, 2]."""

    affine: torch.Tensor
    shift: torch.Tensor
    bend: torch.Tensor

    @classmethod
    def none(cls, n: int, prior: Prior) -> Warp:
        """Return n warps that change nothing."""
        return cls(torch.zeros(n, 2, 2), torch.zeros(n, 2), torch.zeros(n, prior.centres**2, 2))

    @classmethod
    def drawn(cls, noise: Noise, n: int, prior: Prior, temperature: float = 1.0) -> Warp:
        """Return n warps from the prior, its standard deviations multiplied by `temperature`."""
        lanes = Lanes.of(noise, n)
        affine, shift = lanes.child("affine").normal((2, 2)), lanes.child("shift").normal((2,))
        bend = lanes.child("bend").normal((prior.centres**2, 2))
        scales = (prior.affine * affine, prior.shift * shift, prior.bend * bend)
        return cls(*(temperature * part.float() for part in scales))

    def energy(self, prior: Prior) -> torch.Tensor:
        """Return [n] minus the log-density of the prior, up to a constant, nats."""
        return (
            (self.affine**2).sum((1, 2)) / (2 * prior.affine**2)
            + (self.shift**2).sum(1) / (2 * prior.shift**2)
            + (self.bend**2).sum((1, 2)) / (2 * prior.bend**2)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Bendable:
    """Drawings ready to be warped many times: the grid's pull at each of their points, and how it changes there."""

    ink: Ink
    pull: torch.Tensor
    slope: torch.Tensor

    @classmethod
    def of(cls, ink: Ink, prior: Prior) -> Bendable:
        """Return the drawings with the pull of `prior`'s grid."""
        line = torch.linspace(-REACH, REACH, prior.centres)
        centres = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1).reshape(-1, 2)
        width = 2 * REACH / (prior.centres - 1)
        away = ink.place[:, :, None] - centres
        pull = torch.exp(-(away**2).sum(-1) / (2 * width**2))
        return cls(ink, pull, -(away / width**2) * pull[..., None])

    def warped(self, warp: Warp) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return places, unit directions and vectors beyond [n, p, 2] under `warp`."""
        whole = (warp.affine + torch.eye(2)).transpose(1, 2)
        place = self.ink.place @ whole + warp.shift[:, None] + self.pull @ warp.bend

        def carried(vector: torch.Tensor) -> torch.Tensor:
            return vector @ whole + (self.slope * vector[:, :, None]).sum(-1) @ warp.bend

        line = carried(self.ink.line)
        return place, line / (line.norm(dim=-1, keepdim=True) + 1e-6), carried(self.ink.beyond)
