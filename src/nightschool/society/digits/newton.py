"""Steps of Gauss and Newton up a log joint, damped after Levenberg and Marquardt, many places at once.

Where the noise is Gaussian and few latents draw many pixels, the slopes of the drawing give the curvature of the log
joint nearly for nothing: a step goes as far as some twenty of gradient, and at the top the curvature says how broad it
is, which is what evidence needs beside its height. Refs: levenberg1944; mackay1992.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from nightschool.society.digits.shapes import PIXELS, Shapes


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What a log joint is like at places: value[n], nats; slope[n, d]; curve[n, d, d]: minus its Hessian, nearly."""

    value: torch.Tensor
    slope: torch.Tensor
    curve: torch.Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Peak:
    """The best places found: at[n, d], and what the log joint is like there."""

    at: torch.Tensor
    looked: Looked

    @property
    def evidence(self) -> torch.Tensor:
        """Return [n] the log of the integral over a Gaussian around each peak, nats. Ref: mackay1992."""
        width = torch.linalg.cholesky_ex(self.looked.curve)[0].diagonal(dim1=1, dim2=2).log().sum(1)
        return self.looked.value + self.at.shape[1] * math.log(2 * math.pi) / 2 - width

    def best_of(self, starts: int) -> Peak:
        """Return the best of the peaks that each place came to from `starts`, one after the other in `at`."""
        best = self.evidence.reshape(starts, -1).argmax(0)
        rows = best * (len(self.at) // starts) + torch.arange(len(best))
        looked = self.looked
        return Peak(self.at[rows], Looked(looked.value[rows], looked.slope[rows], looked.curve[rows]))


def ascend(look: Callable[[torch.Tensor], Looked], at: torch.Tensor, steps: int) -> Peak:
    """Return the best of `steps` steps from places [n, d]. A step that would lose is not taken, the next is shorter."""
    now = look(at)
    damping = torch.full((len(at), 1), 0.03)
    for _ in range(steps):
        scale = now.curve.diagonal(dim1=1, dim2=2)
        root, failed = torch.linalg.cholesky_ex(now.curve + torch.diag_embed(damping * scale))
        step = torch.cholesky_solve(now.slope[..., None], root)[..., 0]
        step = torch.where((failed == 0)[:, None], step, 0.0)
        there = at + step
        then = look(there)
        better = then.value > now.value
        at = torch.where(better[:, None], there, at)
        now = Looked(
            torch.where(better, then.value, now.value),
            torch.where(better[:, None], then.slope, now.slope),
            torch.where(better[:, None, None], then.curve, now.curve),
        )
        damping = (damping * torch.where(better, 0.3, 5.0)[:, None]).clamp(1e-4, 1e4)
    return Peak(at, now)


def drawn_with_slopes(shapes: Shapes, kind: torch.Tensor, shape: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return [n, pixels] what kinds [n] draw from shapes [n, latents], and [n, latents, pixels] how that changes."""
    n, d = shape.shape
    drawn, slopes = torch.empty(n, PIXELS), torch.empty(n, d, PIXELS)
    last = len(shapes.weights) - 1
    with torch.no_grad():
        for k in kind.unique().tolist():
            rows = (kind == k).nonzero()[:, 0]
            at, way = shape[rows], torch.eye(d).expand(len(rows), d, d)
            for i, (weight, shift) in enumerate(zip(shapes.weights, shapes.shifts, strict=True)):
                at, way = at @ weight[k] + shift[k], way @ weight[k]
                if i < last:
                    spread = torch.distributions.Normal(0.0, 1.0).cdf(at)
                    way = way * (spread + at * torch.exp(-(at**2) / 2) / math.sqrt(2 * math.pi))[:, None]
                    at = at * spread
                else:
                    at = torch.sigmoid(at)
                    way = way * (at * (1 - at))[:, None]
            drawn[rows], slopes[rows] = at, way
    return drawn, slopes
