"""Several rankings made into one, without comparing their scores."""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.remember.store.port import Hit

_FLAT = 60.0  # how little the very first places count more than the next


def fused(rankings: Sequence[Sequence[Hit]]) -> dict[str, float]:
    """Return the ids in all of `rankings`, best first, with the sum of 1 / (60 + rank). Ref: cormack2009.

    >>> list(fused([[Hit("a", 9.0), Hit("b", 1.0)], [Hit("b", 0.3)]]))
    ['b', 'a']
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, 1):
            scores[hit.id] = scores.get(hit.id, 0.0) + 1.0 / (_FLAT + rank)
    return dict(sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])))
