"""Ten small generative networks side by side: each draws all images of its digit, from a point among Gaussian latents.

image = decode(kind, shape) + Gaussian noise, shape ~ normal(0, 1). The log joint that decides is exactly that of
`program`, which is a member of the society like any other.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from nightschool.society.generative import Call
from nightschool.society.primitives import categorical, normal
from nightschool.society.program import Program

SIDE = 28
PIXELS = SIDE * SIDE
NAMES = tuple("0123456789")


@dataclass(frozen=True, slots=True)
class Settings:
    """latents: of each network; hidden: widths of its layers; sigma: of the pixels' noise."""

    latents: int = 12
    hidden: tuple[int, ...] = (128, 256)
    sigma: float = 0.2


class Shapes(nn.Module):
    """The networks of `names`, one row of every weight for each."""

    def __init__(self, names: Sequence[str] = NAMES, settings: Settings = Settings(), seed: int = 0) -> None:
        super().__init__()
        self.names, self.settings = tuple(names), settings
        sizes, k = (settings.latents, *settings.hidden, PIXELS), len(self.names)
        dice = torch.Generator().manual_seed(seed)
        scales = [math.sqrt(2 / size) for size in sizes[:-2]] + [0.3 * math.sqrt(2 / sizes[-2])]
        pairs = list(zip(sizes[:-1], sizes[1:], scales, strict=True))
        self.weights = nn.ParameterList(torch.randn(k, a, b, generator=dice) * scale for a, b, scale in pairs)
        self.shifts = nn.ParameterList(torch.zeros(k, 1, b) for _, b, _ in pairs)
        with torch.no_grad():
            self.shifts[-1].sub_(2.0)  # most of a page is white
        self.odds = nn.Parameter(torch.zeros(k))

    def decode(self, shape: torch.Tensor) -> torch.Tensor:
        """Return [kinds, n, pixels] what each kind draws from its own `shape` [kinds, n, latents], in (0, 1)."""
        for i, (weight, shift) in enumerate(zip(self.weights, self.shifts, strict=True)):
            shape = torch.baddbmm(shift, shape, weight)
            if i < len(self.weights) - 1:
                shape = nn.functional.gelu(shape)
        return torch.sigmoid(shape.float())

    def draw(self, kind: torch.Tensor, shape: torch.Tensor) -> torch.Tensor:
        """Return [n, pixels] what kinds [n] draw from shapes [n, latents], float64."""
        drawn = torch.zeros(len(kind), PIXELS)
        for k in kind.unique().tolist():
            rows = (kind == k).nonzero()[:, 0]
            at = shape[rows].float()
            for i, (weight, shift) in enumerate(zip(self.weights, self.shifts, strict=True)):
                at = at @ weight[k] + shift[k]
                at = nn.functional.gelu(at) if i < len(self.weights) - 1 else torch.sigmoid(at)
            drawn = drawn.index_put((rows,), at)
        return drawn.double()

    def log_joint(self, images: torch.Tensor, shape: torch.Tensor) -> torch.Tensor:
        """Return [kinds, n] log p(image, kind, shape), nats, of images [n, pixels] and shapes [kinds, n, latents]."""
        return self.joint_of(images, shape, self.decode(shape))

    def joint_of(self, images: torch.Tensor, shape: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        """Return what `log_joint` does, from what was drawn already."""
        sigma, d = self.settings.sigma, self.settings.latents
        fit = -((images - drawn) ** 2).sum(-1) / (2 * sigma**2) - PIXELS * math.log(sigma * math.sqrt(2 * math.pi))
        prior = -(shape**2).sum(-1) / 2 - d * math.log(2 * math.pi) / 2
        return fit + prior + torch.log_softmax(self.odds, 0)[:, None]

    def program(self) -> Call:
        """Return the call of the model of one image: choices `kind`, `shape` and `image`."""
        settings = self.settings

        def digit() -> Any:
            kind = yield "kind", categorical(self.odds.detach()[None])
            shape = yield "shape", normal(torch.zeros(1, settings.latents), 1.0)
            yield "image", normal(self.draw(kind, shape), settings.sigma)
            return kind

        return Program(digit, "digit")()

    def latents(self) -> Call:
        """Return the call of the choices alone, without the image: the cheap half of `program`."""

        def guess() -> Any:
            yield "kind", categorical(self.odds.detach()[None])
            yield "shape", normal(torch.zeros(1, self.settings.latents), 1.0)

        return Program(guess, "latents of a digit")()

    def seen_through(self, sigma: float) -> Shapes:
        """Return the same networks with another noise of the pixels: the more of it, the more their prior counts."""
        other = copy.copy(self)
        other.settings = replace(self.settings, sigma=sigma)
        return other

    def frozen(self) -> Shapes:
        """Return these very networks, set so that no gradient is kept for their weights."""
        return self.requires_grad_(False)
