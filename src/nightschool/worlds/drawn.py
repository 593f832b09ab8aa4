"""What worlds do alike: pose an item in words, and draw items with dice until there are enough."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from nightschool.items import Item, Prompt, Split, Wording
from nightschool.prompts import render
from nightschool.worlds.dice import Dice
from nightschool.worlds.supply import supply


class Posed:
    """A world that poses its items in its wordings, and is shown as its specification."""

    spec: str
    wordings: Sequence[Wording]

    def __repr__(self) -> str:
        return self.spec

    def pose(self, item: Item, wording: Wording, examples: Sequence[Item] = ()) -> Prompt:
        """Return the prompt for `item`. Raises Leak for examples that are not of practice."""
        return render(wording, item, examples)


class Drawn(Posed, ABC):
    """A world whose items are drawn one by one.

    _space: names the dice where `spec` says more than what is drawn; worlds of one space draw the same items.
    """

    _space: str | None = None

    def items(self, split: Split, limit: int | None = None, seed: int = 0) -> Sequence[Item]:
        """Return items of `split`, at most `limit` (1,000 where None); fewer where the space is smaller."""
        return supply(self._draw, self._space or self.spec, split, limit, seed)

    @abstractmethod
    def _draw(self, dice: Dice) -> Item | None:
        """Return an item of any split, or None where a roll makes none."""
