"""Facts: where an invented person lives, what they do, who their brother is, and what his dog is called.

Shows what a model was told and kept. Nobody can know these people, so that an answer without the statements (`shown`
is false, the default) is chance before somebody has told the model, through its memory or its weights; with the
statements in the prompt the same questions show how far reading carries, which is the bound for both. Questions are
asked straight, in other words, the other way round, over two facts, and after one of them has changed.
The reversal of a fact is not known to a model that learned it one way round (berglund2024).

The leak key is the family: two-hop questions are about two people, and all questions about both are in one split.
"""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.items import Item, Noise, Split
from nightschool.worlds.dice import Dice
from nightschool.worlds.household import INSTRUMENTS, JOBS, Asked, Household
from nightschool.worlds.invented import given_name, town
from nightschool.worlds.told import Told

_TRIES = 10_000


class Facts(Told):
    """A world of questions about invented people. Raises BadSpec.

    ask: `direct`, `paraphrased`, `reversed`, `two-hop`, `update` or `all`; shown: whether the statements that answer
    it stand in the prompt.
    """

    name = "facts"

    def babble(self, item: Item, noise: Noise) -> str:
        """Return an answer of the right form: any town, trade, instrument or name."""
        dice = Dice(noise)
        fact = item.inputs["fact"]
        if fact == "job":
            return dice.pick(JOBS)
        if fact == "instrument":
            return dice.pick(INSTRUMENTS)
        return town(dice) if fact == "home" else given_name(dice)

    def _draw(self, dice: Dice) -> Item | None:
        household = Household.drawn(dice)
        kind = self._kind(dice)
        asked = dice.pick(household.questions(kind))
        if household.odd:
            return None
        told = dice.shuffled(household.statements)
        return item_of(household, asked, (*told, household.news) if kind == "update" else told)


def item_of(household: Household, asked: Asked, told: Sequence[str]) -> Item:
    """Return the item that asks `asked`; told: the statements that it is to be answered from, oldest first."""
    inputs = {"facts": " ".join(told), "question": asked.question, "subject": asked.subject, "fact": asked.fact}
    return Item(f"{household.a} & {household.b}: {asked.question}", inputs, asked.answer, household.key)


def households(split: Split, count: int, seed: int) -> list[Household]:
    """Return `count` households of `split` without a name, town or pet in common, so that every answer is one person's.

    Raises ValueError where so many cannot be found.
    """
    dice = Dice(Noise(("facts", "households", seed)))
    found: list[Household] = []
    names: set[str] = set()
    for _ in range(_TRIES):
        if len(found) == count:
            return found
        one = Household.drawn(dice)
        mine = {one.family, one.a.split()[0], one.b.split()[0], one.pet, one.town, one.other}
        item = Item(one.a, {}, None, one.key)
        if item.split is split and not one.odd and not mine & names:
            found.append(one)
            names |= mine
    raise ValueError(f"no {count} households without a name in common; ask for fewer")
