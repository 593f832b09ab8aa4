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

from nightschool.society.digits.guessing import guesses
from nightschool.society.digits.kept import Digits
from nightschool.society.digits.newton import Looked, ascend, drawn_with_slopes
from nightschool.society.digits.shapes import SIDE, Shapes
from nightschool.society.recognisers.recogniser import Recogniser

REACH = 4
PAGE = SIDE + 2 * REACH
MOVE = 2.5
"""pixels: the standard deviation of places under the model"""


def laid(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the page on which the ink of both adds up."""
    return 1 - (1 - first) * (1 - second)


def moved(pictures: torch.Tensor, move: torch.Tensor) -> torch.Tensor:
    """Return [n, ..., page] pictures [n, ..., pixels] moved by `move` [n, 2] pixels right and down from the page's
    middle."""
    n = len(pictures)
    x = torch.arange(PAGE) - (PAGE - 1) / 2
    grid_x = ((x[None] - move[:, :1]) / (SIDE / 2))[:, None].expand(n, PAGE, PAGE)
    grid_y = ((x[None] - move[:, 1:]) / (SIDE / 2))[:, :, None].expand(n, PAGE, PAGE)
    grid = torch.stack([grid_x, grid_y], 3)
    page = nn.functional.grid_sample(pictures.reshape(n, -1, SIDE, SIDE), grid, align_corners=False)
    return page.reshape(*pictures.shape[:-1], PAGE * PAGE)


def cropped(pages: torch.Tensor, move: torch.Tensor) -> torch.Tensor:
    """Return [n, pixels] what of pages [n, page] lies where a picture moved by `move` [n, 2] would."""
    n = len(pages)
    x = torch.arange(SIDE) - (SIDE - 1) / 2
    grid_x = ((x[None] + move[:, :1]) / (PAGE / 2))[:, None].expand(n, SIDE, SIDE)
    grid_y = ((x[None] + move[:, 1:]) / (PAGE / 2))[:, :, None].expand(n, SIDE, SIDE)
    grid = torch.stack([grid_x, grid_y], 3)
    return nn.functional.grid_sample(pages.reshape(n, 1, PAGE, PAGE), grid, align_corners=False).reshape(n, -1)


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
    """kept: how many pairs of kinds are left in each round, of all that there are; steps: up the log joint, of each
    round; pool: pixels a side that are looked at as one, in each round, for what is coarse has fewer false tops; sigma:
    of the page's noise."""

    kept: tuple[int, ...] = (45, 15, 6)
    steps: tuple[int, ...] = (4, 5, 10)
    pool: tuple[int, ...] = (3, 2, 1)
    sigma: float = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class PairsFound:
    """kinds[n, 2]: the best pair; evidence[n, tries], tried[n, tries, 2]: of the pairs of the last round, nats;
    drawn[n, 2, page]: what the best draws, each alone."""

    kinds: torch.Tensor
    evidence: torch.Tensor
    tried: torch.Tensor
    drawn: torch.Tensor


@dataclass(frozen=True, slots=True, eq=False)
class PageModel:
    """Two kinds [m, 2] on each of `pages` [m, page]. Places are [m, 2 * (latents + 2)]: shape and move of the first,
    then of the second. sigma: of the page's noise; pool: pixels a side that are looked at as one."""

    shapes: Shapes
    kinds: torch.Tensor
    pages: torch.Tensor
    sigma: float
    pool: int = 1

    def look(self, at: torch.Tensor) -> Looked:
        """Return the log joint at places, nats, with its slope and curvature."""
        m, d = len(at), self.shapes.settings.latents
        scale = self.pool**2 / self.sigma**2
        each, ways = self.drawn(at)
        cover = 1 - each.flip(1)  # ink shows where the other left none
        ways = self._pooled((ways * cover[:, :, None]).reshape(m, -1, PAGE * PAGE))
        left = self._pooled((self.pages - laid(each[:, 0], each[:, 1]))[:, None])[:, 0]
        fit = -scale * (left**2).sum(1) / 2 - PAGE * PAGE * math.log(self.sigma * math.sqrt(2 * math.pi))
        odds = torch.log_softmax(self.shapes.odds, 0)[self.kinds].sum(1)
        prior = -(at**2).sum(1) / 2 - (d + 2) * math.log(2 * math.pi)
        slope = scale * (ways @ left[..., None])[..., 0] - at
        return Looked(fit + prior + odds, slope, scale * (ways @ ways.mT) + torch.eye(at.shape[1]))

    def drawn(self, at: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what each draws alone [m, 2, page], and how that changes with shape and move [m, 2, d + 2, page]."""
        m, d = len(at), self.shapes.settings.latents
        one = at.reshape(2 * m, d + 2)
        drawn, ways = drawn_with_slopes(self.shapes, self.kinds.reshape(-1), one[:, :d])
        move = one[:, d:] * MOVE
        laid_out = moved(torch.cat([drawn[:, None], ways], 1), move)
        sides = [moved(drawn, move + 0.5 * step) - moved(drawn, move - 0.5 * step) for step in torch.eye(2)]
        ways = torch.cat([laid_out[:, 1:], MOVE * torch.stack(sides, 1)], 1)
        return laid_out[:, 0].reshape(m, 2, -1), ways.reshape(m, 2, d + 2, -1)

    def anew(self, recogniser: Recogniser, at: torch.Tensor) -> list[torch.Tensor]:
        """Return places that begin elsewhere: the shape of the first, of the second, and of both guessed anew from what
        of the page the other leaves unexplained."""
        m, d = len(at), self.shapes.settings.latents
        others = self.drawn(at)[0].flip(1)
        rest = ((self.pages[:, None] - others) / (1 - others).clamp_min(0.2)).clamp(0, 1).reshape(2 * m, -1)
        one = at.reshape(2 * m, d + 2)
        shape = guesses(recogniser, cropped(rest, one[:, d:] * MOVE), len(self.shapes.names))[1]
        fresh = torch.cat([shape[self.kinds.reshape(-1), torch.arange(2 * m)], one[:, d:]], 1).reshape(m, 2, d + 2)
        old = at.reshape(m, 2, d + 2)
        both = [torch.stack(pair, 1) for pair in ((fresh[:, 0], old[:, 1]), (old[:, 0], fresh[:, 1]))]
        return [place.reshape(m, -1) for place in (*both, fresh)]

    def _pooled(self, pages: torch.Tensor) -> torch.Tensor:
        """Return [m, k, page] with blocks of pixels taken together."""
        if self.pool == 1:
            return pages
        return nn.functional.avg_pool2d(pages.reshape(*pages.shape[:2], PAGE, PAGE), self.pool).flatten(2)


def explain_pair(
    digits: Digits, pairs: Pairs, pages: torch.Tensor, search: PairSearch = PairSearch()
) -> PairsFound:  # fmt: skip
    """Return the two unlike kinds that together explain each of `pages` [n, page] best: all are tried, those with most
    evidence are looked at longer."""
    found = [_explain_one(digits, pairs, page[None], search) for page in pages]
    return PairsFound(*(torch.stack([getattr(one, name) for one in found]) for name in PairsFound.__slots__))


def _explain_one(digits: Digits, pairs: Pairs, page: torch.Tensor, search: PairSearch) -> PairsFound:
    shapes = digits.shapes
    every = torch.tensor(list(itertools.combinations(range(len(shapes.names)), 2)))
    with torch.no_grad():
        there, shape, move = pairs(page)
        hope = (nn.functional.logsigmoid(there)[:, every].sum(2) + _absent(there, every))[0]
        tried, at = every, torch.cat([shape[0], move[0] / MOVE], 1)[every].reshape(len(every), -1)
        for number, (many, steps, pool) in enumerate(zip(search.kept, search.steps, search.pool, strict=True)):
            best = hope.topk(min(many, len(tried))).indices
            tried, at = tried[best], at[best]
            elsewhere = _model(shapes, tried, page, search.sigma).anew(digits.recogniser, at) if number else []
            starts = torch.cat([at, *elsewhere])
            model = _model(shapes, tried.repeat(1 + len(elsewhere), 1), page, search.sigma, pool)
            peak = ascend(model.look, starts, steps).best_of(1 + len(elsewhere))
            at, hope = peak.at, peak.evidence
        winner = int(hope.argmax())
        drawn = _model(shapes, tried[winner][None], page, search.sigma).drawn(at[winner][None])[0][0]
    return PairsFound(tried[winner], hope, tried, drawn)


def _model(shapes: Shapes, tried: torch.Tensor, page: torch.Tensor, sigma: float, pool: int = 1) -> PageModel:
    return PageModel(shapes, tried, page.expand(len(tried), -1), sigma, pool)


def _absent(there: torch.Tensor, every: torch.Tensor) -> torch.Tensor:
    missing = nn.functional.logsigmoid(-there)
    return missing.sum(1, keepdim=True) - missing[:, every].sum(2)
