"""A society of the words of scenes, with claims as sure as the scenes are."""

from __future__ import annotations

import torch

from nightschool.society.claims.claims import Claim, Concept
from nightschool.society.claims.society import Society
from nightschool.society.words.beginning import PORTS, WORDS

SIZES = {port.name: port.size for port in PORTS}


def concept(name: str, values: dict[str, int], sure: float = 0.95) -> Concept:
    claims = []
    for port, value in values.items():
        belief = torch.zeros(SIZES[port], dtype=torch.float64)
        belief[value] = 1.0
        claims.append(Claim(name, port, belief, sure))
    return Concept(name, tuple(claims))


def everyone() -> Society:
    return Society.of(PORTS, [concept(word, dict(values)) for word, values in WORDS.items()])


def known_words() -> list[str]:
    return sorted(everyone().members)
