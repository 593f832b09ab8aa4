"""Draws that shall not come again: sampling without replacement, one sequence after another.

Ref: shi2020, section 3 (what is left of each beginning's probability when known sequences are taken out); kool2019.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from nightschool.items import Draw, Sampled, Sampling

_GONE = 1e-9
"""Less than this share of a beginning's probability is none: what was told of it is rounded."""

_ALL = 0.999


class Without:
    """One draw that is to differ from `known`, token by token.

    At each place token t has p(t) (1 - m(t)), scaled to add up to one, where m(t) is how much of the probability of
    what begins with t belongs to known sequences. So the draw comes from the model's distribution over whole sequences,
    given that it is none of those: exactly where draws are made at temperature 1 from all tokens (`exact`). Elsewhere
    it is none of those either, but has other odds, since what was told of them are probabilities at temperature 1:
    where it is cold, most draws leave what is known at the last token only.
    """

    def __init__(self, known: Sequence[Sampled] = ()) -> None:
        self._known = list({tuple(token for token, _ in one): one for one in known if one}.values())
        self._at = 0

    def __bool__(self) -> bool:
        """Return whether the draw may still become one of them."""
        return bool(self._known)

    def shares(self) -> dict[int, float]:
        """Return m(t) in (0, 1] for each token that a known sequence goes on with."""
        parts: dict[int, list[float]] = {}
        for one in self._known:
            rest = math.fsum(logp for _, logp in one[self._at + 1 :])
            parts.setdefault(one[self._at][0], []).append(math.exp(min(rest, 0.0)))
        sums = {token: math.fsum(part) for token, part in parts.items()}
        return {token: 1.0 if share > 1 - _GONE else share for token, share in sums.items()}

    def take(self, token: int) -> None:
        """Take in the token that was drawn."""
        self._known = [one for one in self._known if one[self._at][0] == token and len(one) > self._at + 1]
        self._at += 1


def exact(sampling: Sampling) -> bool:
    """Return whether draws without others have the model's own odds: what they are sampled from is all of it."""
    plain = sampling.temperature == 1 and sampling.top_p == 1 and sampling.top_k == 0
    return plain and sampling.json_schema is None


def sampled_by(draws: Sequence[Draw], sampling: Sampling) -> tuple[Sampled, ...]:
    """Return what `draws` sampled, as far as it is told, to be left out of later ones; nothing where not `exact`."""
    told = [draw.sampled for draw in draws] if exact(sampling) else []
    return tuple(sampled for sampled in told if sampled is not None)


def all_taken(known: Sequence[Sampled]) -> bool:
    """Return whether `known` are all that the model would say at temperature 1, but for one time in a thousand."""
    return mass(known) > _ALL


def mass(known: Sequence[Sampled]) -> float:
    """Return the probability in [0, 1] that `known` have together at temperature 1; NaN where the model told NaN."""
    each = {tuple(token for token, _ in one): math.fsum(logp for _, logp in one) for one in known}
    total = math.fsum(math.exp(min(0.0, logp)) for logp in each.values())
    return 1.0 if total > 1 else total
