from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.critics.sorted_list import SortedList
from nightschool.items import Item, Verdict
from nightschool.ports import Sight


def item(numbers: str, **more: str) -> Item:
    return Item("i", {"numbers": numbers, **more}, None, numbers)


def judge(numbers: str, answer: str, descending: bool = False) -> Verdict:
    return SortedList(descending=descending).judge(item(numbers), answer)


@pytest.mark.parametrize(
    "answer",
    ["3, 5, 9", "[3, 5, 9]", "3 5 9", "3,5,9", " [3,5,9]\n", "(3; 5; 9)", "3\n5\n9", "03, 5.0, 9", "3,\n5,\n9"],
)
def test_every_way_to_write_the_list_passes(answer: str) -> None:
    assert judge("9, 3, 5", answer) == Verdict(1.0, True)


@pytest.mark.parametrize(
    ("answer", "feedback"),
    [
        ("3, 5", "Missing: 9."),
        ("3, 5, 9, 9", "Extra: 9."),
        ("3, 9, 5", "Out of place: 5 comes after 9."),
        ("3, 4, 9", "Missing: 5. Extra: 4."),
        ("", "Write the numbers alone, separated by commas."),
        ("I cannot", "Write the numbers alone, separated by commas."),
        ("The answer is 3, 5, 9", "Write the numbers alone, separated by commas."),
        ("3, 5, 9.", "Write the numbers alone, separated by commas."),
        ("[3, 5, 9", "Write the numbers alone, separated by commas."),
        ("3, 5 9", "Write the numbers alone, separated by commas."),
        ("3, 5, 9,", "Write the numbers alone, separated by commas."),
    ],
)
def test_feedback_says_what_to_change(answer: str, feedback: str) -> None:
    verdict = judge("9, 3, 5", answer)
    assert not verdict.passed
    assert verdict.feedback == feedback
    assert verdict.score < 1


def test_prose_halves_the_score_and_never_passes() -> None:
    assert judge("9, 3, 5", "Sorted: 3, 5, 9").score == 0.5


def test_repeated_numbers_count_as_often_as_they_occur() -> None:
    assert judge("2, 2, 1", "1, 2, 2").passed
    assert judge("2, 2, 1", "1, 2").feedback == "Missing: 2."
    assert judge("2, 2, 1", "1, 1, 2").feedback == "Missing: 2. Extra: 1."


def test_descending_and_negative_and_decimal() -> None:
    assert judge("-1, 2.5, -3", "2.5, -1, -3", descending=True).passed
    assert judge("-1, 2.5, -3", "-3, -1, 2.5").passed
    assert judge("-1, 2.5, -3", "-3, -1").feedback == "Missing: 2.5."


def test_it_reads_the_input_it_is_told_to() -> None:
    both = item("2, 1", other="4, 3")
    assert SortedList(source="other").judge(both, "3, 4").passed
    assert SortedList().judge(Item("i", {"input": "Sort these: 2, 1"}, None, "k"), "1, 2").passed
    with pytest.raises(LookupError, match=r"no input 'nothing' .*numbers, other"):
        SortedList(source="nothing").judge(both, "3, 4")
    with pytest.raises(ValueError, match="no number"):
        SortedList().judge(item("none"), "3, 4")


def test_it_is_a_verifier() -> None:
    assert SortedList.sight is Sight.VERIFIER


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=12), st.data())
def test_it_passes_the_sorted_list_and_no_other(numbers: list[int], data: st.DataObject) -> None:
    text = ", ".join(map(str, numbers))
    assert judge(text, str(sorted(numbers))).passed
    other = data.draw(st.lists(st.sampled_from([*numbers, 0]), max_size=13) | st.permutations(numbers))
    verdict = judge(text, str(other))
    assert verdict.passed == (other == sorted(numbers))
    assert (verdict.score == 1) == verdict.passed
    assert verdict.passed or verdict.feedback
