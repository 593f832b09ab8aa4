"""What a picture is: the digit whose network explains it best, or the news that none does.

An explanation is poor where its log joint lies below almost all of those of digits like the learned ones, or where most
of the ink is left unexplained.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from nightschool.society.digits.pictures import bent
from nightschool.society.digits.search import FAST, Explained, Search, explain
from nightschool.society.digits.shapes import Shapes
from nightschool.society.recognisers.recogniser import Recogniser

LEAST = 8.0
"""ink, in pixels, below which there is no digit"""
UNEXPLAINED = 0.5
"""part of the ink's energy that may be left over"""
_RARE = 0.002


@dataclass(frozen=True, slots=True)
class Verdict:
    """kind: its name, None where no model explains the picture; said: in words; probability: of each kind, given that
    one is right; nats: log joint less `floor`; left: part of the ink's energy that the best leaves unexplained;
    dropped: kinds whose log joint was NaN."""

    kind: str | None
    said: str
    probability: tuple[float, ...]
    nats: float
    left: float
    dropped: tuple[str, ...] = ()


def floor_of(shapes: Shapes, recogniser: Recogniser, images: torch.Tensor, search: Search = FAST) -> float:
    """Return the log joint, nats, below which one in 500 digits like `images` [n, pixels], bent anew, would lie."""
    dice = torch.Generator().manual_seed(7)
    found = [explain(shapes, bent(part, dice), search, recogniser).best for part in images.split(500)]
    return float(torch.cat(found).quantile(_RARE))


def judge(shapes: Shapes, images: torch.Tensor, found: Explained, floor: float) -> list[Verdict]:
    """Return the verdict on each image that `explain` looked at."""
    chances = torch.softmax(found.log_joint.double(), 0).T
    kinds, n = found.kind, torch.arange(len(images))
    ink = (images**2).sum(1)
    left = ((images - found.drawn[kinds, n]) ** 2).sum(1) / ink.clamp_min(1e-6)
    verdicts = []
    for i in range(len(images)):
        name, nats, rest = shapes.names[int(kinds[i])], float(found.best[i]) - floor, float(left[i])
        ill = [shapes.names[k] for k in range(len(shapes.names)) if float(found.log_joint[k, i]) == -torch.inf]
        why = ""
        if len(ill) == len(shapes.names):
            why = "of every model the log-probability is NaN"
        elif float(images[i].sum()) < LEAST:
            why = f"there is no ink ({float(images[i].sum()):.1f} pixels)"
        elif rest > UNEXPLAINED:
            why = f"the best, {name}, leaves {rest:.0%} of the ink unexplained, and {UNEXPLAINED:.0%} is the most"
        elif nats < 0:
            why = f"the best, {name}, lies {-nats:.0f} nats below what digits come to"
        said = f"no model explains this: {why}" if why else f"{name} ({float(chances[i].max()):.1%})"
        if ill:
            said = f"{said}; dropped, for its log-probability is NaN: {', '.join(ill)}"
        verdicts.append(Verdict(None if why else name, said, tuple(chances[i].tolist()), nats, rest, tuple(ill)))
    return verdicts
