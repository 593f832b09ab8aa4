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

    Each place is of `rehearsal` or of `older` with the probability that its share gives, where there is any, and else
    a fresh lesson. Of fresh lessons and of rehearsal every one comes once before any comes again.
    """
    dice = random.Random(noise.key())
    new, old_self = _Deck(fresh, dice), _Deck(rehearsal, dice)
    for _ in range(count):
        batch: list[Lesson] = []
        while len(batch) < size:
            roll = dice.random()
            if rehearsal and roll < rehearsal_share:
                batch.append(old_self.deal())
            elif older and roll < rehearsal_share + older_share:
                batch.append(dice.choice(older))
            else:
                batch.append(new.deal())
        yield batch


class _Deck:
    """Deals lessons; every one comes once before any comes again."""

    def __init__(self, lessons: Sequence[Lesson], dice: random.Random) -> None:
        self._lessons, self._dice = lessons, dice
        self._left: list[Lesson] = []

    def deal(self) -> Lesson:
        """Return the next."""
        if not self._left:
            self._left = list(self._lessons)
            self._dice.shuffle(self._left)
        return self._left.pop()
