"""Recognition among many: the concepts that explain a drawing best, or the news that none does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from nightschool.errors import UsageError
from nightschool.items import Noise
from nightschool.society.strokes.ink import LEAST, Ink, trace_ink
from nightschool.society.strokes.judge import WEIGHTS, Judgement, judge
from nightschool.society.strokes.match import Settings
from nightschool.society.strokes.warp import Bendable, Warp

POOR = -1.0
"""mean log-density, less what each has alone, below which a drawing is not explained: a bound against noise and
scribbles. `benchmarks/society_omniglot.py` prints how many right characters lie below it."""
AGAIN = 8
CALM = 0.35
"""how far exemplars go, as a share of the prior's deviations: all of it is how far a drawing may be bent, not how far
people usually do"""
TERMS = (
    "it explains the image", "and the image it", "its bend", "the image bent explains it", "and it the image",
    "the bend of the image", "what explains anything",
)  # fmt: skip
"""the parts of the evidence (`judge.FEATURES`) in a reader's words"""


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """One concept's try. probability: among the concepts; nats: less than the best; fit: see `POOR`; points[p, 2],
    lines[p, 2]: its drawing bent to explain the image, pixels; terms: what its evidence is made of, by name, nats."""

    name: str
    probability: float
    nats: float
    fit: float
    points: torch.Tensor
    lines: torch.Tensor
    terms: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Recognition:
    """What a drawing is. tries: best first; explained: whether the best explains it; said: in words; again: where it is
    explained, the best concept drawn again, (points, lines) each, as the prior would have it."""

    tries: tuple[Explanation, ...]
    explained: bool
    said: str
    again: tuple[tuple[torch.Tensor, torch.Tensor], ...] = ()


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
    tries = _tried(list(known), new, drawings, judged, settings)
    if tries[0].fit < POOR:
        said = f"no model explains this: the best, {tries[0].name}, fits at {tries[0].fit:.2f}, and {POOR} is needed"
        return Recognition(tries, False, said)
    warps = Warp.drawn(Noise(("drawn again", tries[0].name)), AGAIN, settings.prior, temperature=CALM)
    again = exemplars(known[tries[0].name], warps, settings)
    return Recognition(tries, True, f"{tries[0].name} ({tries[0].probability:.1%})", again)


def _tried(names: list[str], new: Ink, drawings: Ink, judged: Judgement, settings: Settings) -> tuple[Explanation, ...]:
    places, lines, _ = Bendable.of(drawings, settings.prior).warped(judged.warp)
    terms = judged.features * torch.tensor(WEIGHTS)
    best = judged.evidence.max()
    tries = []
    for i in judged.evidence.argsort(descending=True).tolist():
        there = drawings.mask[i] > 0
        points = places[i][there] * new.spread + new.centre
        made_of = dict(zip(TERMS, terms[i].tolist(), strict=True))
        tries.append(Explanation(names[i], float(judged.posterior[i]), float(judged.evidence[i] - best),
                                 float(judged.fit[i]), points, lines[i][there], made_of))  # fmt: skip
    return tuple(tries)


def exemplars(image: torch.Tensor, warps: Warp, settings: Settings = Settings()  # noqa: B008
              ) -> tuple[tuple[torch.Tensor, torch.Tensor], ...]:  # fmt: skip
    """Return `image` drawn again under each of `warps`: points [p, 2] and the directions of the lines there, pixels."""
    ink = trace_ink([image])
    many = ink.take(torch.zeros(len(warps.shift), dtype=torch.int64))
    places, lines, _ = Bendable.of(many, settings.prior).warped(warps)
    there = ink.mask[0] > 0
    return tuple((one[there] * ink.spread[0] + ink.centre[0], line[there])
                 for one, line in zip(places, lines, strict=True))  # fmt: skip
