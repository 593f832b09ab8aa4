"""Chance for worlds: the same name rolls the same, for ever.

Python promises that `random.Random.random()` of a given seed never changes; it promises nothing for `sample`,
`shuffle` or `choice`. Items must be the same next year, so everything here is made of `random()` alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from nightschool.items import Noise

T = TypeVar("T")


class Dice:
    """A stream of random choices named by `noise`."""

    def __init__(self, noise: Noise) -> None:
        self._random = random.Random(noise.key()).random

    def below(self, n: int) -> int:
        """Return an integer in [0, n), uniform to within n / 2**53. Raises ValueError for n < 1."""
        if n < 1:
            raise ValueError(f"nothing lies in [0, {n})")
        return int(self._random() * n)

    def between(self, low: int, high: int) -> int:
        """Return an integer in [low, high]."""
        return low + self.below(high - low + 1)

    def pick(self, options: Sequence[T]) -> T:
        """Return one of `options`."""
        return options[self.below(len(options))]

    def chance(self, p: float) -> bool:
        """Return True with probability `p`."""
        return self._random() < p

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Return `options` in random order, every order equally likely (Fisher and Yates). Ref: knuth1997, 3.4.2 P."""
        deck = list(options)
        for last in range(len(deck) - 1, 0, -1):
            other = self.below(last + 1)
            deck[last], deck[other] = deck[other], deck[last]
        return deck

    def distinct(self, k: int, low: int, high: int) -> list[int]:
        """Return `k` unlike integers of [low, high] in random order. Raises ValueError where there are fewer."""
        if high - low + 1 < k:
            raise ValueError(f"there are no {k} unlike integers in [{low}, {high}]")
        chosen: dict[int, None] = {}
        for top in range(high - k + 1, high + 1):  # Ref: bentley1987, Floyd's sampling
            roll = self.between(low, top)
            chosen[top if roll in chosen else roll] = None
        return self.shuffled(list(chosen))
