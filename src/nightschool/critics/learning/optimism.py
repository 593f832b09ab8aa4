"""What choosing by a learned critic is worth as the choice grows, held to the truth.

The best of n by an imperfect critic is first more often right and then, where n is large, more and more often what the
critic is wrong about (over-optimisation). Every n is estimated from the same draws: the chance that each of N draws is
the best of a random n of them is known exactly, so nothing is drawn again.
Ref: gao2023; chen2021 (the estimate over all subsets).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nightschool.items import Score
from nightschool.stats import clustered_rate


@dataclass(frozen=True, slots=True)
class Choice:
    """The best of n by the critic. truth: how often it is right; believed: the critic's mean score of it; possible: how
    often any of the n is right."""

    n: int
    truth: Score
    believed: float
    possible: float


def chosen_by(
    scores: Sequence[Sequence[float]], truths: Sequence[Sequence[bool]], sizes: Sequence[int]
) -> list[Choice]:
    """Return a row for each n of `sizes`. scores[item][draw] of the critic, in [0, 1]; truths alike.

    Of equals each is as likely. Raises ValueError for no items, rows of different lengths, or an n of more than there
    are draws.
    """
    least = min((len(row) for row in scores), default=0)
    if not scores or [len(row) for row in scores] != [len(row) for row in truths] or max(sizes, default=1) > least:
        raise ValueError(f"the best of {max(sizes, default=1)} needs as many scored draws of every item, not {least}")
    rows = []
    for n in sizes:
        right, believed, possible = [], 0.0, 0.0
        for mine, true in zip(scores, truths, strict=True):
            shares = _shares(mine, n)
            right.append([min(1.0, math.fsum(share for share, ok in zip(shares, true, strict=True) if ok))])
            believed += math.fsum(share * score for share, score in zip(shares, mine, strict=True))
            wrong = len(true) - sum(true)
            possible += 1 - (math.comb(wrong, n) / math.comb(len(true), n))
        rows.append(Choice(n, clustered_rate(right), believed / len(scores), possible / len(scores)))
    return rows


def _shares(scores: Sequence[float], n: int) -> list[float]:
    """Return the chance of each draw to be the best of a random n of all."""
    count = len(scores)
    order = sorted(range(count), key=lambda i: -scores[i])
    shares, place = [0.0] * count, 0
    while place < count:
        same = [i for i in order[place:] if scores[i] == scores[order[place]]]
        # none of the better ones is among the n, and one of these is
        better, left = place, count - place
        chance = (math.comb(left, n) - math.comb(left - len(same), n)) / math.comb(count, n)
        for i in same:
            shares[i] = chance / len(same)
        place = better + len(same)
    return shares
