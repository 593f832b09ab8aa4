"""How well one drawing, bent as need be, explains another: many pairs at once.

Every point of the drawing that is bent is the middle of a Gaussian over place, direction and what lies beyond; the
other's points are drawn from their mixture, or from anywhere. The warp that explains best is found by gradient while
the Gaussians narrow. Ref: hinton1992.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch

from nightschool.society.strokes.ink import Ink
from nightschool.society.strokes.warp import Bendable, Prior, Warp


@dataclass(frozen=True, slots=True)
class Settings:
    """How matching is done; chosen on background alphabets. Widths are given at the beginning and at the end.

    place, line, beyond: widths of the Gaussians; stray: part of points that come from anywhere; points: how many
    points' worth the likelihood counts against the prior of warps; steps, rate: of Adam.
    """

    place: tuple[float, float] = (0.5, 0.15)
    line: tuple[float, float] = (0.8, 0.4)
    beyond: tuple[float, float] = (0.8, 0.4)
    stray: float = 0.05
    points: float = 40.0
    steps: int = 35
    rate: float = 0.06
    prior: Prior = field(default_factory=Prior)


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """What n pairs came to. forth[n]: mean log-density of the other's points under the bent drawing; back[n]: of the
    bent drawing's under the other; energy[n]: of the warp's prior, nats; alone_bent[n], alone_other[n]: mean
    log-density of each drawing's points under itself; warp: the warps found."""

    forth: torch.Tensor
    back: torch.Tensor
    energy: torch.Tensor
    alone_bent: torch.Tensor
    alone_other: torch.Tensor
    warp: Warp


STRAY_DENSITY = 1 / 160
"""of a point from anywhere: over places and directions that drawings can have"""


def match(bent: Ink, other: Ink, settings: Settings = Settings()) -> Match:
    """Return how well each drawing of `bent` explains the one of `other` beside it."""
    ready, prior = Bendable.of(bent, settings.prior), settings.prior
    warp = Warp.none(len(bent), prior)
    parts = [part.requires_grad_(True) for part in (warp.affine, warp.shift, warp.bend)]
    climber = torch.optim.Adam(parts, lr=settings.rate, betas=(0.8, 0.95))
    for step in range(settings.steps):
        widths = _widths(settings, min(1.0, step / (0.8 * settings.steps)))
        forth, back = _explained(_features(*ready.warped(warp), bent.sure, widths), other, bent, widths, settings)
        loss = -settings.points * (forth + back) + warp.energy(prior)
        climber.zero_grad()
        loss.sum().backward()
        climber.step()
    with torch.no_grad():
        widths = _widths(settings, 1.0)
        forth, back = _explained(_features(*ready.warped(warp), bent.sure, widths), other, bent, widths, settings)
        found = Warp(*(part.detach() for part in parts))
        alone = [_explained(_of(ink, widths), ink, ink, widths, settings)[0] for ink in (bent, other)]
        return Match(forth, back, found.energy(prior), alone[0], alone[1], found)


Widths = tuple[float, float, float]


def _widths(settings: Settings, done: float) -> Widths:
    """Return the widths when this part of the way is done: each shrinks by the same factor at every step."""
    pairs = (settings.place, settings.line, settings.beyond)
    return tuple(first * (last / first) ** done for first, last in pairs)


def _features(
    place: torch.Tensor, line: torch.Tensor, beyond: torch.Tensor, sure: torch.Tensor, widths: Widths
) -> torch.Tensor:
    """Return [n, p, 6] what a point is, in units of the widths. A direction's angle is doubled: lines have no head."""
    x, y = line.unbind(-1)
    doubled = torch.stack([x * x - y * y, 2 * x * y], -1) * sure[..., None]
    return torch.cat([place / widths[0], doubled / widths[1], beyond / widths[2]], -1)


def _of(ink: Ink, widths: Widths) -> torch.Tensor:
    return _features(ink.place, ink.line, ink.beyond, ink.sure, widths)


def _explained(
    features: torch.Tensor, other: Ink, bent: Ink, widths: Widths, settings: Settings
) -> tuple[torch.Tensor, torch.Tensor]:
    peak = -2 * sum(map(math.log, widths)) - 3 * math.log(2 * math.pi)
    density = (1 - settings.stray) * math.exp(peak)
    both: tuple[torch.Tensor, torch.Tensor] = _Mixtures.apply(
        features, _of(other, widths), bent.mask, other.mask, density, settings.stray * STRAY_DENSITY
    )
    return both


class _Mixtures(torch.autograd.Function):
    """Mean log-densities both ways from one table of distances, with the gradient written out: it is a matrix product
    of responsibilities, and autograd would keep five tables for it."""

    @staticmethod
    def forward(
        ctx: Any, ours: torch.Tensor, theirs: torch.Tensor, our_mask: torch.Tensor, their_mask: torch.Tensor,
        density: float, stray: float,
    ) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
        squares = (ours * ours).sum(-1)[:, :, None] + (theirs * theirs).sum(-1)[:, None, :]
        apart = torch.baddbmm(squares, ours, theirs.transpose(1, 2), alpha=-2.0).clamp_min_(0)
        kernel = torch.exp(-0.5 * apart) * our_mask[:, :, None] * their_mask[:, None, :]
        our_n, their_n = our_mask.sum(1, keepdim=True), their_mask.sum(1, keepdim=True)
        forth = kernel.sum(1) * density / our_n + stray
        back = kernel.sum(2) * density / their_n + stray
        pair = density / (our_n * their_n)
        ctx.save_for_backward(kernel, ours, theirs, their_mask / forth * pair, our_mask / back * pair)
        return (forth.log() * their_mask).sum(1) / their_n[:, 0], (back.log() * our_mask).sum(1) / our_n[:, 0]

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        kernel, ours, theirs, by_theirs, by_ours = ctx.saved_tensors
        weight = by_theirs[:, None, :] * grads[0][:, None, None] + by_ours[:, :, None] * grads[1][:, None, None]
        taken = kernel * weight
        return torch.bmm(taken, theirs) - taken.sum(2, keepdim=True) * ours, None, None, None, None, None
