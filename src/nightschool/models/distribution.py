"""Distributions over tokens that are strings: normalised, sampled with a given number, spelled and numbered.

`END` is the token that ends an answer; it is the empty string, so that it adds nothing to a text.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping

from nightschool.errors import NotANumber
from nightschool.items import Sampling

END = ""
END_TOKEN = 0x110000  # the first number that is no character
Distribution = Mapping[str, float]


def pick(weights: Distribution, sampling: Sampling, u: float) -> str:
    """Return the token that u in [0, 1) falls on: temperature, then top k, then top p; ties in order of spelling."""
    if len(weights) == 1:
        return next(iter(weights))
    order = sorted(weights, key=lambda token: (-weights[token], token))
    if sampling.temperature == 0:
        return order[0]
    order = [token for token in order if weights[token] > 0][: sampling.top_k or None]
    top = math.log(weights[order[0]])  # scaled by the likeliest, so that a low temperature cannot underflow
    scaled = normal({t: math.exp((math.log(weights[t]) - top) / sampling.temperature) for t in order})
    kept, mass = [], 0.0
    for token in order:
        kept.append(token)
        mass += scaled[token]
        if mass >= sampling.top_p:
            break
    mark = u * sum(scaled[token] for token in kept)
    for token in kept:
        mark -= scaled[token]
        if mark < 0:
            return token
    return kept[-1]


def token_id(token: str) -> int:
    """Return the number of a token: of its character, or of its spelling for longer ones."""
    if token == END:
        return END_TOKEN
    if len(token) == 1:
        return ord(token)
    return END_TOKEN + 1 + int.from_bytes(hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()[:4])


def normal(weights: Distribution) -> dict[str, float]:
    """Return `weights` scaled to add up to one. Raises NotANumber where they cannot be."""
    total = math.fsum(weights.values())
    if not (math.isfinite(total) and total > 0):
        raise NotANumber(f"weights that add up to {total} are no distribution: {dict(weights)}")
    return {token: weight / total for token, weight in weights.items()}


def uniform(key: int, position: int) -> float:
    """Return the number in [0, 1) that the noise `key` has at `position`."""
    bits = hashlib.sha256(f"{key}:{position}".encode()).digest()
    return (int.from_bytes(bits[:8]) >> 11) / 2**53


def log(p: float) -> float:
    """Return log p in nats, -inf for what cannot happen."""
    return math.log(p) if p > 0 else -math.inf


def spell(text: str, weights: Distribution) -> str:
    """Return the longest token that `text` begins with; a character that is no token stands for itself."""
    fitting = [token for token in weights if token and text.startswith(token)]
    return max(fitting, key=len, default=text[0])
