"""The words that a society begins with: each fixes the values of some ports, as `jar` does of shape and material.

`purple` is a colour, `dancing` a motion and a sound. What no word of a thing fixes may be any value.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from nightschool.society.claims.claims import Claim, Concept
from nightschool.society.claims.society import Society
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


def beginning() -> Society:
    """Return the society of these words: colours, sizes, shapes, materials, motions and sounds."""
    certain = {port.name: torch.eye(port.size, dtype=torch.float64) for port in PORTS}
    concepts = [
        Concept(word, tuple(Claim(word, name, certain[name][k], 0.97) for name, k in fixed.items()))
        for word, fixed in WORDS.items()
    ]
    return Society.of(PORTS, concepts)
