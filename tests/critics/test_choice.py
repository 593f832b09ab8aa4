from __future__ import annotations

import pytest

from nightschool.critics.choice import Choice
from nightschool.items import Item, Verdict

ITEM = Item("i", {}, "dark blue", "k", ("red", "dark blue", "blue"))


@pytest.mark.parametrize("answer", ["dark blue", " Dark  Blue\n", "dark blue.", "B", "b", "(B)", "B.", "B) dark blue"])
def test_every_way_to_name_the_choice(answer: str) -> None:
    assert Choice().judge(ITEM, answer) == Verdict(1.0, True)


@pytest.mark.parametrize("answer", ["red", "A", "(c)", "C: blue"])
def test_another_choice_is_wrong(answer: str) -> None:
    assert Choice().judge(ITEM, answer) == Verdict(0.0, False, "This is not the right choice.")


@pytest.mark.parametrize("answer", ["", "green", "D", "B) red", "dark blue or red", "It must be dark blue"])
def test_no_choice_is_a_wrong_form(answer: str) -> None:
    assert Choice().judge(ITEM, answer).feedback == 'Answer with one of: "red", "dark blue", "blue".'


def test_lenient_takes_the_one_choice_that_is_named() -> None:
    lenient = Choice(find="any")
    assert lenient.judge(ITEM, "It must be dark blue.").passed
    assert lenient.judge(ITEM, "It must be red.").feedback == "This is not the right choice."
    assert lenient.judge(ITEM, "red or dark blue").feedback.startswith("Answer with one of")


def test_texts_go_before_letters() -> None:
    item = Item("i", {}, "A", "k", ("B", "A"))
    assert Choice().judge(item, "A").passed
    assert not Choice().judge(item, "B").passed


def test_items_without_choices_are_the_critics_failure() -> None:
    with pytest.raises(ValueError, match="no choices"):
        Choice().judge(Item("i", {}, "x", "k"), "x")
    with pytest.raises(ValueError, match="none of the choices"):
        Choice().judge(Item("i", {}, "x", "k", ("y", "z")), "y")
