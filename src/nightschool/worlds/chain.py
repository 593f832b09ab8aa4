"""A Markov chain over letters: a source of text whose every probability is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from nightschool.items import Noise
from nightschool.worlds.dice import Dice

SYMBOLS = "abcdefghijkl"


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain of first order. rows[s][t]: the probability of t after s; each row sums to one."""

    rows: tuple[tuple[float, ...], ...]

    @property
    def symbols(self) -> str:
        """Return the letters that it writes."""
        return SYMBOLS[: len(self.rows)]

    def sample(self, length: int, dice: Dice, start: str | None = None) -> tuple[str, ...]:
        """Return `length` letters; the first is drawn evenly, or follows `start`."""
        text: list[str] = []
        last = start
        for _ in range(length):
            last = dice.pick(self.symbols) if last is None else self._after(last, dice)
            text.append(last)
        return tuple(text)

    def _after(self, last: str, dice: Dice) -> str:
        point, row = dice.below(1 << 30) / (1 << 30), self.rows[SYMBOLS.index(last)]
        for symbol, probability in zip(self.symbols, row, strict=True):
            point -= probability
            if point < 0:
                return symbol
        return max(zip(row, self.symbols, strict=True))[1]  # the rows sum to one up to rounding

    def allows(self, before: str, after: str) -> bool:
        """Return whether `after` can follow `before`; a letter that is none of the chain's cannot."""
        if before not in self.symbols or after not in self.symbols or len(before) != 1 or len(after) != 1:
            return False
        return self.rows[SYMBOLS.index(before)][SYMBOLS.index(after)] > 0

    def logps(self, text: Sequence[str], start: str, floor: float = 0.0) -> tuple[float, ...]:
        """Return the log-probability of each letter of `text`, the first after `start`, in nats.

        floor: so much of the probability is spread evenly over all letters, so that none is impossible.
        """
        even = floor / len(self.rows)
        found, last = [], start
        for symbol in text:
            p = (1 - floor) * self.rows[SYMBOLS.index(last)][SYMBOLS.index(symbol)] + even
            found.append(math.log(p) if p > 0 else -math.inf)
            last = symbol
        return tuple(found)

    def stationary(self) -> tuple[float, ...]:
        """Return how often each letter comes in the long run."""
        shares = [1 / len(self.rows)] * len(self.rows)
        for _ in range(2000):
            flow = [sum(shares[s] * row[t] for s, row in enumerate(self.rows)) for t in range(len(shares))]
            shares = [(a + b) / 2 for a, b in zip(shares, flow, strict=True)]  # halfway: no chain oscillates then
        return tuple(shares)

    def entropy_rate(self) -> float:
        """Return the nats per letter that even a perfect reader cannot foresee. Ref: shannon1948."""
        bits = (sum(-p * math.log(p) for p in row if p > 0) for row in self.rows)
        return sum(share * nats for share, nats in zip(self.stationary(), bits, strict=True))


@lru_cache(maxsize=64)
def random_chain(states: int, ways: int, number: int) -> Chain:
    """Return chain `number` of `states` letters, each followed by `ways` different ones, likelier and rarer.

    From each letter one way leads to the next letter of a random circle, so that every letter is reached for ever.
    """
    dice = Dice(Noise(("markov", states, ways, number)))
    circle = dice.shuffled(list(range(states)))
    after = {circle[place]: circle[(place + 1) % states] for place in range(states)}
    rows = []
    for state in range(states):
        others = dice.shuffled([other for other in range(states) if other not in (state, after[state])])
        chosen = [after[state], *others[: ways - 1]]
        weights = [0.15 + dice.below(1000) / 1000 for _ in chosen]
        total = sum(weights)
        row = [0.0] * states
        for way, weight in zip(chosen, weights, strict=True):
            row[way] = weight / total
        rows.append(tuple(row))
    return Chain(tuple(rows))
