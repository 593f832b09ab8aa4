"""Scenes of things with attributes that do something: made to measure composition, contradiction and large societies.

What the words of a scene do not fix (`beginning`) is any value. Pairs of an attribute and an object can be held out, so
that they are seen for the first time when measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from nightschool.items import Noise
from nightschool.society.lanes import Lanes
from nightschool.society.words.beginning import PORTS, WORDS


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene: the words that are true of it, the value of every port, and what a noisy sense tells of each.

    evidence: by port, [k] log-likelihoods.
    """

    words: tuple[str, ...]
    values: Mapping[str, int]
    evidence: Mapping[str, torch.Tensor]


def clash(first: str, second: str) -> bool:
    """Return whether two words fix one port to unlike values."""
    return any(WORDS[second].get(port, value) != value for port, value in WORDS[first].items())


def scene(words: Sequence[str], noise: Noise, keeps: float = 0.95, sees: float = 0.9) -> Scene:
    """Return a scene of `words`. keeps: how often a port has the value that a word fixes; sees: how often the sense
    tells the true value, which it knows about itself."""
    fixed = {port: value for word in words for port, value in WORDS[word].items()}
    u = Lanes.of(noise, len(PORTS)).uniform((4,))
    values, evidence = {}, {}
    for row, port in zip(u.tolist(), PORTS, strict=True):
        values[port.name] = fixed[port.name] if port.name in fixed and row[0] < keeps else int(row[1] * port.size)
        told = values[port.name] if row[2] < sees else int(row[3] * port.size)
        likelihood = torch.full((port.size,), (1 - sees) / port.size, dtype=torch.float64)
        likelihood[told] += sees
        evidence[port.name] = likelihood.log()
    return Scene(tuple(words), values, evidence)
