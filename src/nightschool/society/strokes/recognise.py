"""Recognition among many: the concepts that explain a drawing best, or the news that none does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from nightschool.errors import UsageError
from nightschool.society.strokes.ink import LEAST, Ink, trace_ink
from nightschool.society.strokes.judge import judge
from nightschool.society.strokes.match import Settings
from nightschool.society.strokes.warp import Bendable, Warp

POOR = -1.0
"""mean log-density, less what each has alone, below which a drawing is not explained: a bound against noise and
scribbles. `benchmarks/society_omniglot.py` prints how many right characters lie below it."""


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """One concept's try. probability: among the concepts; nats: less than the best; fit: see `POOR`; points[p, 2],
    lines[p, 2]: its drawing bent to explain the image, pixels."""

    name: str
    probability: float
    nats: float
    fit: float
    points: torch.Tensor
    lines: torch.Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Recognition:
    """What a drawing is. tries: best first; explained: whether the best explains it; said: in words."""

    tries: tuple[Explanation, ...]
    explained: bool
    said: str


def recognise(image: torch.Tensor, known: Mapping[str, torch.Tensor], settings: Settings = Settings()) -> Recognition:  # noqa: B008
    """Return what explains `image` [height, width] (ink 1) among `known` drawings, by analysis by synthesis.

    Raises UsageError where nothing is known.
    """
    if not known:
        raise UsageError("no concept is known; learn one from an example: nightschool concept add NAME IMAGE")
    pixels = int(image.sum())
    if pixels < LEAST:
        return Recognition((), False, f"no model explains this: there are {pixels} pixels of ink")
    new, drawings = trace_ink([image]), trace_ink(list(known.values()))
    judged = judge(new, drawings, settings)
    tries = _tried(list(known), new, drawings, judged.evidence, judged.posterior, judged.fit, judged.warp, settings)
    if tries[0].fit < POOR:
        said = f"no model explains this: the best, {tries[0].name}, fits at {tries[0].fit:.2f}, and {POOR} is needed"
        return Recognition(tries, False, said)
    return Recognition(tries, True, f"{tries[0].name} ({tries[0].probability:.1%})")


def _tried(
    names: list[str], new: Ink, drawings: Ink, evidence: torch.Tensor, posterior: torch.Tensor, fit: torch.Tensor,
    warp: Warp, settings: Settings,
) -> tuple[Explanation, ...]:  # fmt: skip
    places, lines, _ = Bendable.of(drawings, settings.prior).warped(warp)
    tries = []
    for i in evidence.argsort(descending=True).tolist():
        there = drawings.mask[i] > 0
        points = places[i][there] * new.spread + new.centre
        nats = float(evidence[i] - evidence.max())
        tries.append(Explanation(names[i], float(posterior[i]), nats, float(fit[i]), points, lines[i][there]))
    return tuple(tries)


def exemplars(image: torch.Tensor, warps: Warp, settings: Settings = Settings()) -> torch.Tensor:  # noqa: B008
    """Return [n, p, 2] the points of `image` drawn again under each of `warps`, pixels."""
    ink = trace_ink([image])
    many = ink.take(torch.zeros(len(warps.shift), dtype=torch.int64))
    places, _, _ = Bendable.of(many, settings.prior).warped(warps)
    return places * ink.spread + ink.centre
