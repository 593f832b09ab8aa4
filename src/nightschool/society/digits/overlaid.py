"""Two digits in one picture: two networks draw, each somewhere, and their ink adds up. Nothing overlaid is ever learned
from: a recogniser of pairs dreams them, out of shapes that single digits had, and the log joint of both decides.

page = 1 - (1 - first)(1 - second) + Gaussian noise, each first moved by up to `REACH` pixels on a page of 36 by 36.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
from torch import nn

from nightschool.society.digits.shapes import SIDE, Shapes

REACH = 4
PAGE = SIDE + 2 * REACH
_MOVE = 2.5  # pixels: the standard deviation of places under the model


def laid(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the page on which the ink of both adds up."""
    return 1 - (1 - first) * (1 - second)


def moved(pictures: torch.Tensor, move: torch.Tensor) -> torch.Tensor:
    """Return [n, page] pictures [n, pixels] moved by `move` [n, 2] pixels right and down from the page's middle."""
    n = len(pictures)
    x = torch.arange(PAGE) - (PAGE - 1) / 2
    grid_x = ((x[None] - move[:, :1]) / (SIDE / 2))[:, None].expand(n, PAGE, PAGE)
    grid_y = ((x[None] - move[:, 1:]) / (SIDE / 2))[:, :, None].expand(n, PAGE, PAGE)
    grid = torch.stack([grid_x, grid_y], 3)
    page = nn.functional.grid_sample(pictures.reshape(n, 1, SIDE, SIDE), grid, align_corners=False)
    return page.reshape(n, PAGE * PAGE)


class Pairs(nn.Module):
    """A recogniser of pages: how likely each kind is to be there and, if it is, its shape and place."""

    def __init__(self, kinds: int, latents: int, seed: int = 0) -> None:
        super().__init__()
        self.kinds, self.latents = kinds, latents
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.trunk = nn.Sequential(
                nn.Unflatten(1, (1, PAGE)), nn.Conv2d(1, 32, 5, stride=2, padding=2), nn.GELU(),
                nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.GELU(), nn.Conv2d(64, 64, 3, padding=1), nn.GELU(),
                nn.Flatten(), nn.Linear(64 * 81, 256), nn.GELU(),
            )  # fmt: skip
            self.there = nn.Linear(256, kinds)
            self.what = nn.Linear(256, kinds * (latents + 2))

    def forward(self, pages: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return log-odds [n, kinds], shapes [n, kinds, latents] and moves [n, kinds, 2] for pages [n, page]."""
        features = self.trunk(pages.reshape(len(pages), PAGE, PAGE))
        what = self.what(features).float().reshape(len(pages), self.kinds, -1)
        return self.there(features).float(), what[..., : self.latents], what[..., self.latents :]


def dream(shapes: Shapes, pool: torch.Tensor, n: int, dice: torch.Generator
          ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:  # fmt: skip
    """Return pages [n, page] dreamt of two unlike kinds, and kinds [n, 2], shapes [n, 2, latents], moves [n, 2, 2].

    pool[kinds, m, latents]: shapes that single digits had; seven of ten in a dream are from there, shaken, the others
    from the prior.
    """
    k, d = len(shapes.names), shapes.settings.latents
    kinds = torch.stack([torch.randperm(k, generator=dice)[:2] for _ in range(n)])
    old = pool[kinds, torch.randint(pool.shape[1], (n, 2), generator=dice)]
    fresh = torch.randn(n, 2, d, generator=dice)
    replayed = (torch.rand(n, 2, 1, generator=dice) < 0.7).float()
    shape = replayed * (old + 0.2 * fresh) + (1 - replayed) * fresh
    moves = (2 * torch.rand(n, 2, 2, generator=dice) - 1) * REACH
    with torch.no_grad():
        drawn = shapes.draw(kinds.reshape(-1), shape.reshape(2 * n, d)).float()
        pages = moved(drawn, moves.reshape(2 * n, 2)).reshape(n, 2, -1)
        page = laid(pages[:, 0], pages[:, 1])
        page = page + shapes.settings.sigma * 0.5 * torch.randn(page.shape, generator=dice)
    return page, kinds, shape, moves


def dream_loss(pairs: Pairs, page: torch.Tensor, kinds: torch.Tensor, shape: torch.Tensor, moves: torch.Tensor
               ) -> torch.Tensor:  # fmt: skip
    """Return the mean loss of what `pairs` says of dreams."""
    there, shapes, places = pairs(page)
    truth = torch.zeros_like(there).scatter(1, kinds, 1.0)
    rows = torch.arange(len(page))[:, None]
    missed = ((shapes[rows, kinds] - shape) ** 2).sum(2) / 2 + ((places[rows, kinds] - moves) ** 2).sum(2) / 2
    return nn.functional.binary_cross_entropy_with_logits(there, truth) * 10 + missed.mean()


@dataclass(frozen=True, slots=True)
class PairSearch:
    """tries: pairs of kinds that are climbed, likeliest first; steps, rate: of the climb."""

    tries: int = 20
    steps: int = 50
    rate: float = 0.08


@dataclass(frozen=True, slots=True, eq=False)
class PairsFound:
    """kinds[n, 2]: the best pair; log_joint[n, tries], tried[n, tries, 2]: of all pairs that were climbed; drawn[n, 2,
    page]: what the best draws, each alone."""

    kinds: torch.Tensor
    log_joint: torch.Tensor
    tried: torch.Tensor
    drawn: torch.Tensor


def explain_pair(shapes: Shapes, pairs: Pairs, pages: torch.Tensor, search: PairSearch = PairSearch()) -> PairsFound:
    """Return the two unlike kinds that together explain each of `pages` [n, page] best."""
    n, d, m = len(pages), shapes.settings.latents, search.tries
    every = torch.tensor(list(itertools.combinations(range(len(shapes.names)), 2)))
    with torch.no_grad():
        there, shape, move = pairs(pages)
        chance = nn.functional.logsigmoid(there)[:, every].sum(2) + _absent(there, every)
        tried = every[chance.topk(m, 1).indices]
    rows = torch.arange(n)[:, None, None]
    at = torch.cat([shape[rows, tried], move[rows, tried] / _MOVE], 3).reshape(n * m * 2, d + 2)
    at = at.clone().requires_grad_()
    kinds, seen = tried.reshape(-1), pages.repeat_interleave(m, 0)
    climber = torch.optim.Adam([at], lr=search.rate, betas=(0.8, 0.95))
    best, top = at.detach().clone(), torch.full((n * m,), -torch.inf)
    for step in range(search.steps + 1):
        value, _ = _log_joint(shapes, kinds, at, seen)
        with torch.no_grad():
            better = value > top
            top = torch.where(better, value, top)
            best = torch.where(better.repeat_interleave(2)[:, None], at, best)
        if step < search.steps:
            (at.grad,) = torch.autograd.grad(-value.sum(), at)
            climber.step()
    with torch.no_grad():
        _, drawn = _log_joint(shapes, kinds, best, seen)
    table = top.reshape(n, m)
    winner = table.argmax(1)
    first = torch.arange(n)
    return PairsFound(tried[first, winner], table, tried, drawn.reshape(n, m, 2, -1)[first, winner])


def _absent(there: torch.Tensor, every: torch.Tensor) -> torch.Tensor:
    missing = nn.functional.logsigmoid(-there)
    return missing.sum(1, keepdim=True) - missing[:, every].sum(2)


def _log_joint(shapes: Shapes, kinds: torch.Tensor, at: torch.Tensor, pages: torch.Tensor
               ) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
    """Return the log joint [n] of pages, nats, and what each of the two draws alone [n, 2, page]."""
    d, sigma = shapes.settings.latents, shapes.settings.sigma
    drawn = shapes.draw(kinds, at[:, :d]).float()
    each = moved(drawn, at[:, d:] * _MOVE).reshape(len(pages), 2, -1)
    fit = -((pages - laid(each[:, 0], each[:, 1])) ** 2).sum(1) / (2 * sigma**2)
    fit = fit - pages.shape[1] * math.log(sigma * math.sqrt(2 * math.pi))
    prior = (-(at**2).sum(1) / 2 + torch.log_softmax(shapes.odds, 0)[kinds]).reshape(len(pages), 2).sum(1)
    return fit + prior - (d + 2) * math.log(2 * math.pi), each
