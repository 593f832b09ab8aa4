"""Scenes of things with attributes that do something: made to measure composition, contradiction and large societies.

Words fix ports: `purple` a colour, `jar` a shape and a material, `dancing` a motion and a sound. What no word fixes is
any value. Pairs of an attribute and an object can be held out, so that they are seen for the first time when measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from nightschool.items import Noise
from nightschool.society.lanes import Lanes
from nightschool.society.port import Port

_LEVELS = {
    "colour": "red green blue yellow purple white black brown",
    "size": "tiny small large huge",
    "shape": "jar cup ball box bottle ring book lamp plate key",
    "material": "glass metal wood cloth paper",
    "motion": "still swaying turning falling",
    "sound": "silent humming ringing rattling",
}
PORTS: tuple[Port, ...] = tuple(Port(name, "level", tuple(levels.split())) for name, levels in _LEVELS.items())

ATTRIBUTES: Mapping[str, Mapping[str, int]] = {
    **{word: {"colour": i} for i, word in enumerate(_LEVELS["colour"].split())},
    **{word: {"size": i} for i, word in enumerate(_LEVELS["size"].split())},
}
OBJECTS: Mapping[str, Mapping[str, int]] = {
    word: {"shape": i, "material": i % 5} for i, word in enumerate(_LEVELS["shape"].split())
}
ACTIONS: Mapping[str, Mapping[str, int]] = {
    "stationary": {"motion": 0, "sound": 0},
    "dancing": {"motion": 1, "sound": 1},
    "spinning": {"motion": 2},
    "tumbling": {"motion": 3, "sound": 3},
    "quiet": {"sound": 0},
    "ringing": {"sound": 2},
}
WORDS: Mapping[str, Mapping[str, int]] = {**ATTRIBUTES, **OBJECTS, **ACTIONS}


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
