"""From matches to evidence: which of the known drawings is this one of, if any?

Both ways count. A known drawing, bent, explains the new one; and the new one, bent, explains the known one better than
that would explain itself. Drawings of few strokes are easy to explain, so what each has alone is taken off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from nightschool.society.strokes.ink import Ink
from nightschool.society.strokes.match import Match, Settings, match
from nightschool.society.strokes.warp import Warp

FEATURES = ("known explains new", "back", "its bend", "new explains known", "back", "its bend", "known alone")
WEIGHTS = (2.88, 4.16, 0.069, 2.88, 0.72, 0.226, 6.77)
"""fitted on background alphabets, as `benchmarks/society_omniglot.py --background` does; small, for points and warps
are not independent: with them the posterior is calibrated"""

TOGETHER = 7
"""known drawings in one batch: of like size, so that little is spent on padding"""


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """Evidence for each known drawing.

    evidence[k]: nats, up to one constant; features[k, 7]: what it is made of (`FEATURES`); fit[k]: mean log-density of
    the points of both under each other, less what they have alone: near zero for the same character, far below for
    another; warp: of the known drawings onto the new one.
    """

    evidence: torch.Tensor
    features: torch.Tensor
    fit: torch.Tensor
    warp: Warp

    @property
    def posterior(self) -> torch.Tensor:
        """Return [k] probabilities, given that one of the known drawings is right."""
        return torch.softmax(self.evidence.double(), 0)


def judge(new: Ink, known: Ink, settings: Settings = Settings(), weights: Sequence[float] = WEIGHTS) -> Judgement:  # noqa: B008
    """Return the evidence that the one drawing in `new` is of the same character as each of those in `known`."""
    order = known.mask.sum(1).argsort()
    parts = [_judged(new, known.take(rows), settings) for rows in order.split(TOGETHER)]
    back = order.argsort()
    features, fit = torch.cat([part[0] for part in parts])[back], torch.cat([part[1] for part in parts])[back]
    warps = zip(*((part[2].affine, part[2].shift, part[2].bend) for part in parts), strict=True)
    warp = Warp(*(torch.cat(column)[back] for column in warps))
    return Judgement(features @ torch.tensor(weights), features, fit, warp)


def _judged(new: Ink, known: Ink, settings: Settings) -> tuple[torch.Tensor, torch.Tensor, Warp]:
    k = len(known)
    both = Ink.join([known, new.take(torch.zeros(k, dtype=torch.int64))]).trimmed()
    found = match(both, both.take(torch.arange(2 * k).roll(k)), settings)
    fit = (found.forth + found.back - found.alone_bent - found.alone_other).reshape(2, k).mean(0) / 2
    warp = Warp(*(part[:k] for part in (found.warp.affine, found.warp.shift, found.warp.bend)))
    return features_of(found, k), fit, warp


def features_of(found: Match, k: int) -> torch.Tensor:
    """Return [k, 7] what the evidence is made of, from k matches forth and the same k back."""
    first, second = slice(0, k), slice(k, 2 * k)
    columns = [column for way in (first, second) for column in (found.forth[way], found.back[way], -found.energy[way])]
    return torch.stack([*columns, -found.alone_bent[first]], 1)
