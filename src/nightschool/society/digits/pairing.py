"""Looks for the two digits that explain a page: each tells the other what it leaves, and what is left is guessed anew.

All pairs of kinds are tried. What decides is the evidence of a pair, times how likely each of its kinds is of what the
other leaves, times how plain their shapes are: the networks bend far to explain ink. Ref: hinton2002.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch

from nightschool.society.digits.leftover import Leftover
from nightschool.society.digits.newton import Peak, ascend
from nightschool.society.digits.overlaid import MOVE, Pairs
from nightschool.society.digits.page import PageModel, exchanged
from nightschool.society.digits.shapes import Shapes


@dataclass(frozen=True, slots=True)
class PairSearch:
    """messages: how often each digit tells the other what it leaves, at first; kept: how many pairs of kinds are left
    in each round, of all that there are; steps: up the log joint, of each round; pool: pixels a side that are looked at
    as one, in each round, for what is coarse has fewer false tops; sigma: of the page's noise; trust: how much a nat of
    the recogniser counts beside one of evidence; plain: how much more than in evidence the prior of shapes counts."""

    messages: int = 3
    kept: tuple[int, ...] = (45, 15, 6)
    steps: tuple[int, ...] = (4, 5, 10)
    pool: tuple[int, ...] = (3, 2, 1)
    sigma: float = 0.4
    trust: float = 8.0
    plain: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class PairsFound:
    """kinds[n, 2]: the best pair; tried[n, tries, 2]: those of the last round, their evidence[n, tries], and hope[n,
    tries], which decides, nats; drawn[n, 2, page]: what the best draws, each alone."""

    kinds: torch.Tensor
    evidence: torch.Tensor
    hope: torch.Tensor
    tried: torch.Tensor
    drawn: torch.Tensor


def explain_pair(shapes: Shapes, pairs: Pairs, leftover: Leftover, pages: torch.Tensor,
                 search: PairSearch = PairSearch()) -> PairsFound:  # fmt: skip
    """Return the two unlike kinds that together explain each of `pages` [n, page] best: all are tried, the most hopeful
    are looked at longer."""
    with torch.no_grad():
        found = [_explain_one(shapes, pairs, leftover, page[None], search) for page in pages]
    return PairsFound(*(torch.stack([getattr(one, name) for one in found]) for name in PairsFound.__slots__))


def _explain_one(shapes: Shapes, pairs: Pairs, leftover: Leftover, page: torch.Tensor, search: PairSearch
                 ) -> PairsFound:  # fmt: skip
    every = torch.tensor(list(itertools.combinations(range(len(shapes.names)), 2)))
    _, shape, move = pairs(page)
    tried, at = every, torch.cat([shape[0], move[0] / MOVE], 1)[every].reshape(len(every), -1)
    at = exchanged(_model(shapes, tried, page, search.sigma, 2), leftover, at, search.messages)
    hope = torch.zeros(len(every))
    for number, (many, steps, pool) in enumerate(zip(search.kept, search.steps, search.pool, strict=True)):
        best = hope.topk(min(many, len(tried))).indices
        tried, at = tried[best], at[best]
        elsewhere = _model(shapes, tried, page, search.sigma).told(leftover, at)[1] if number else []
        starts = torch.cat([at, *elsewhere])
        model = _model(shapes, tried.repeat(1 + len(elsewhere), 1), page, search.sigma, pool)
        peak = ascend(model.look, starts, steps).best_of(1 + len(elsewhere))
        at, hope = peak.at, hoped(_model(shapes, tried, page, search.sigma), leftover, peak, search)
    winner = int(hope.argmax())
    drawn = _model(shapes, tried[winner][None], page, search.sigma).alone(at[winner][None])[0]
    return PairsFound(tried[winner], peak.evidence, hope, tried, drawn)


def hoped(model: PageModel, leftover: Leftover, peak: Peak, search: PairSearch) -> torch.Tensor:
    """Return [m] what decides between pairs that came to `peak`, nats: a product of experts."""
    return peak.evidence + search.trust * model.told(leftover, peak.at)[0] - search.plain * (peak.at**2).sum(1) / 2


def _model(shapes: Shapes, tried: torch.Tensor, page: torch.Tensor, sigma: float, pool: int = 1) -> PageModel:
    return PageModel(shapes, tried, page.expand(len(tried), -1), sigma, pool)
