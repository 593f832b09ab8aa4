"""What is learned in one step: new lessons, interleaved with older ones and with what the old self says.

Ref: mcclelland1995 (new things, learned interleaved with old ones, do not push them out).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from nightschool.items import Lesson, Noise


def batches(
    fresh: Sequence[Lesson],
    noise: Noise,
    *,
    count: int,
    size: int,
    older: Sequence[Lesson] = (),
    older_share: float = 0.0,
    rehearsal: Sequence[Lesson] = (),
    rehearsal_share: float = 0.0,
) -> Iterator[list[Lesson]]:
    """Yield `count` batches of `size` lessons; what is in them depends on `noise` alone.

    Each place is drawn from `rehearsal` or from `older` with the probability that its share gives, where there is any,
    and else is the next fresh lesson: every one of them comes once before any comes again.
    """
    dice = random.Random(noise.key())
    deck: list[Lesson] = []
    for _ in range(count):
        batch: list[Lesson] = []
        while len(batch) < size:
            roll = dice.random()
            if rehearsal and roll < rehearsal_share:
                batch.append(dice.choice(rehearsal))
            elif older and roll < rehearsal_share + older_share:
                batch.append(dice.choice(older))
            else:
                if not deck:
                    deck = list(fresh)
                    dice.shuffle(deck)
                batch.append(deck.pop())
        yield batch
