"""What worlds that draw their items have in common."""

import pytest

from nightschool.items import Item, Split, Wording
from nightschool.worlds.drawn import Drawn

PLAIN = Wording("plain", "words", user="{n}")


class Numbers(Drawn):
    """Numbers below a hundred."""

    def __init__(self, spec, space=None):
        self.spec, self.wordings, self._space = spec, (PLAIN,), space

    def _draw(self, dice):
        n = str(dice.below(100))
        return Item(n, {"n": n}, n, f"numbers {n}")


def test_a_world_is_shown_as_its_specification():
    assert repr(Numbers("numbers:n=3")) == "numbers:n=3"


def test_worlds_of_one_space_draw_the_same_items_and_others_do_not():
    one, other = Numbers("numbers:ask=a", "numbers"), Numbers("numbers:ask=b", "numbers")
    assert one.items(Split.EXAM, 9) == other.items(Split.EXAM, 9)
    assert one.items(Split.EXAM, 9) != Numbers("numbers:ask=a").items(Split.EXAM, 9)
    assert one.items(Split.EXAM, 9, seed=1) != one.items(Split.EXAM, 9)


def test_an_item_is_posed_in_the_wording_behind_the_examples():
    world = Numbers("numbers")
    (item,), (example,) = world.items(Split.EXAM, 1), world.items(Split.PRACTICE, 1)
    prompt = world.pose(item, PLAIN, [example])
    assert [message.content for message in prompt.messages] == [example.target, example.target, item.target]


def test_a_world_that_draws_nothing_is_none():
    with pytest.raises(TypeError, match="_draw"):
        Drawn()
