"""Sorting: put n numbers into ascending order.

Shows what a model can do that it has certainly read about: small models know the word and cannot do the thing. Exact
truth, a verifier that needs no truth (the same numbers, in order), a step critic (the numbers so far are the smallest,
in order), and a difficulty that can be turned in two ways, by how many numbers and by how many digits.

The leak key is the multiset of the numbers: no order of the same numbers is in two splits, in whatever range and at
whatever level they were drawn. An order that happens to be sorted already is an item like any other (one in n!).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from nightschool.errors import BadSpec
from nightschool.items import Item, Noise, Wording
from nightschool.ports import Critic, Expert
from nightschool.prompts import built_in
from nightschool.registry import make
from nightschool.worlds.dice import Dice
from nightschool.worlds.drawn import Drawn
from nightschool.worlds.limits import flag

_FIRST_LEVEL = 3  # numbers: of two, half of all guesses are right, and sorting cannot be told from copying


class Sorting(Drawn):
    """A world of `n` numbers in [low, high].

    distinct: no number occurs twice (the default: equal numbers make it easier to be right by chance).
    guess: what `babble` says, a `permutation` of the given numbers (the stronger control, right one time in n!) or any
    `numbers` of the range. Raises BadSpec for sizes that make no sense.
    """

    def __init__(
        self, n: int = 4, low: int = 10, high: int = 99, distinct: bool = True, guess: str = "permutation"
    ) -> None:
        _refuse(n, low, high, distinct, guess)
        self.n, self.low, self.high, self.distinct, self.guess = n, low, high, distinct, guess
        self._space = f"sorting:n={n},low={low},high={high}" + ("" if distinct else ",distinct=false")
        self.spec = self._space if guess == "permutation" else f"{self._space},guess={guess}"
        self.wordings: Sequence[Wording] = built_in("sorting")
        self.reference: Critic = make("critics", "sorted-list")
        self.verifier: Critic | None = self.reference  # the input determines the answer: a target would add nothing
        self.step_critic: Critic | None = make("critics", "sorted-prefix")
        self.expert: Expert | None = Sorter()
        longest = max(len(str(low)), len(str(high)))
        self.max_answer_tokens = n * (longest + 2) + 8  # one token a character, a comma and a space, and some slack

    def levels(self) -> Sequence[Sorting]:
        """Return three one-digit numbers, then more digits, then more numbers, ending with this world.

        >>> [level.spec for level in Sorting(n=4).levels()][0]
        'sorting:n=3,low=0,high=9'
        """
        first = min(self.n, _FIRST_LEVEL)
        digits = max(len(str(abs(self.low))), len(str(abs(self.high))))
        ranges = [*map(self._range_of, range(1, digits)), (self.low, self.high)]
        sizes = [(first, low, high) for low, high in ranges]
        sizes += [(n, self.low, self.high) for n in range(first + 1, self.n + 1)]
        worlds = [Sorting(n, low, high, self.distinct, self.guess) for n, low, high in sizes]
        return (*worlds[:-1], self)

    def _range_of(self, digits: int) -> tuple[int, int]:
        """Return a range of fewer digits: this world's own as far as it goes, else all numbers of so many digits."""
        most = 10**digits - 1
        low, high = max(self.low, -most), min(self.high, most)
        if high - low + 1 >= 2 * _FIRST_LEVEL:
            return low, high
        least = 10 ** (digits - 1) if digits > 1 else 0
        return (least, most) if self.high > 0 else (-most, -least)

    def beyond(self) -> Mapping[str, Sorting]:
        """Return where the same skill is asked for past this world: more numbers, larger ones, other signs.

        >>> [world.spec for world in Sorting(n=4).beyond().values()]
        ['sorting:n=6,low=10,high=99', 'sorting:n=4,low=100,high=999', 'sorting:n=4,low=-99,high=-10']
        """
        found = {"longer": Sorting(self.n + 2, self.low, self.high, self.distinct)} if self._room(self.n + 2) else {}
        if self.high > 0:
            most = 10 ** len(str(self.high))
            found["wider range"] = Sorting(self.n, most, 10 * most - 1, self.distinct)
        if self.low > 0:
            found["other symbols"] = Sorting(self.n, -self.high, -self.low, self.distinct)
        return found

    def _room(self, n: int) -> bool:
        return not self.distinct or self.high - self.low + 1 >= 2 * n

    def babble(self, item: Item, noise: Noise) -> str:
        """Return the numbers in random order, or random numbers where `guess` says so."""
        dice = Dice(noise)
        numbers = _numbers(item)
        return _text(dice.shuffled(numbers) if self.guess == "permutation" else self._roll(dice))

    def marks(self, item: Item, answer: str) -> tuple[bool, ...]:
        """Return for each number of `answer` whether it is the right one there (for `exam.horizon`)."""
        given = map(int, re.findall(r"-?\d{1,40}", answer, re.ASCII))
        return tuple(a == b for a, b in zip(sorted(_numbers(item)), given, strict=False))

    def misreadings(self, item: Item) -> Mapping[str, str]:
        """Return what one would answer who did another task than this one."""
        numbers = _numbers(item)
        said = {
            "sorts downwards": sorted(numbers, reverse=True),
            "turns the list round": numbers[::-1],
            "writes the smallest alone": [min(numbers)],
            "writes the largest alone": [max(numbers)],
            "adds them up": [sum(numbers)],
        }
        return {name: _text(answer) for name, answer in said.items() if answer != sorted(numbers)}

    def _roll(self, dice: Dice) -> list[int]:
        if self.distinct:
            return dice.distinct(self.n, self.low, self.high)
        return [dice.between(self.low, self.high) for _ in range(self.n)]

    def _draw(self, dice: Dice) -> Item:
        numbers = self._roll(dice)
        asked, target = _text(numbers), _text(sorted(numbers))
        return Item(id=asked, inputs={"numbers": asked}, target=target, key=f"sorting {target}")


def _refuse(n: int, low: int, high: int, distinct: bool, guess: str) -> None:
    for name, value in (("n", n), ("low", low), ("high", high)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadSpec(f"sorting: {name} is a whole number, not {value!r}")
    flag("sorting", distinct=distinct)
    if guess not in ("permutation", "numbers"):
        raise BadSpec(f"sorting: guess is permutation or numbers, not {guess!r}")
    if n < 2:
        raise BadSpec(f"sorting: n is at least 2, not {n}")
    if low >= high:
        raise BadSpec(f"sorting: low must lie below high, but they are {low} and {high}")
    if distinct and high - low + 1 < n:
        raise BadSpec(
            f"sorting: there are no {n} unlike numbers from {low} to {high}; widen the range or add distinct=false"
        )


class Sorter:
    """An expert: sorts."""

    between = ", "

    def demonstrate(self, item: Item) -> str:
        """Return the numbers of `item` in ascending order."""
        return _text(sorted(_numbers(item)))


def _numbers(item: Item) -> list[int]:
    return [int(number) for number in item.inputs["numbers"].split(",")]


def _text(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
