import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.exam.readings import attempts, readings
from nightschool.items import Item

ITEM = Item("i", {}, None, "k")
COLOURS = Item("i", {}, None, "k", ("red", "dark blue", "blue"))


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        ("The answer is: C", "C"),
        ("The answer is C.", "C"),
        ("Answer: 12, 13, 14\nBecause they rise.", "12, 13, 14"),
        ("Sure! It is **Paris**.", "Paris"),
        ("'B'", "B"),
        ("First I thought 3.\nNo:\n7", "7"),
        ("Sorted, the numbers are 3, 5, 9 of course", "3, 5, 9"),
        ("There are 42 of them", "42"),
        (r"So \boxed{12}", "12"),
    ],
)
def test_what_an_answer_may_have_meant_is_among_its_readings(answer: str, meant: str) -> None:
    assert meant in readings(answer, ITEM)


def test_the_only_choice_that_is_named_is_a_reading() -> None:
    assert "red" in readings("I believe it must be red, is it not?", COLOURS)
    assert not {"red", "blue"} & set(readings("red or blue, I believe", COLOURS))


@pytest.mark.parametrize("answer", ["", "  ", "...", "I'm sorry, but I cannot.", "I do not know", "As an AI I"])
def test_what_attempts_nothing(answer: str) -> None:
    assert not attempts(answer)


@pytest.mark.parametrize("answer", ["C", "12", "I know: C"])
def test_what_attempts_something(answer: str) -> None:
    assert attempts(answer)


@given(st.text(max_size=80))
def test_readings_are_few_unlike_and_none_is_the_answer_itself(answer: str) -> None:
    found = readings(answer, COLOURS)
    assert len(found) <= 12
    assert len(set(found)) == len(found)
    assert answer not in found
    assert all(found)
