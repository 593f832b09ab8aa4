from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.critics.sorted_list import SortedList
from nightschool.critics.sorted_prefix import SortedPrefix
from nightschool.items import Item


def item(numbers: list[int]) -> Item:
    return Item("i", {"numbers": ", ".join(map(str, numbers))}, None, "k")


@pytest.mark.parametrize(
    "answer",
    ["", " ", "[", "1", "12", "12,", "12, ", "12, 3", "12, 34, 5", "12, 34, 56", "[12, 34, 56]", "12, 34, 56\n"],
)
def test_a_beginning_passes(answer: str) -> None:
    assert SortedPrefix().judge(item([34, 12, 56]), answer).passed


@pytest.mark.parametrize(
    ("answer", "feedback"),
    [
        ("3", "Out of place: 12 comes next."),
        ("1 ", "Out of place: 1 stands where 12 belongs."),
        ("1,", "Out of place: 1 stands where 12 belongs."),
        ("12, 56,", "Out of place: 56 stands where 34 belongs."),
        ("12, 34, 56, ", "The list is complete: write nothing after it."),
        ("12, 34, 56, 7", "The list is complete: write nothing after it."),
        ("12, 34, 56, 7,", "Extra: 7. The list is complete before it."),
        ("[12, 34]", "The list ends too early: 56 comes next."),
        ("The numbers are, ", "Write the numbers alone, separated by commas."),
    ],
)
def test_what_cannot_become_right_fails_and_says_why(answer: str, feedback: str) -> None:
    verdict = SortedPrefix().judge(item([34, 12, 56]), answer)
    assert (verdict.passed, verdict.score, verdict.feedback) == (False, 0.0, feedback)


@given(st.lists(st.integers(-999, 999), min_size=1, max_size=8), st.sampled_from([", ", ",", " ", "; ", "\n"]))
def test_every_beginning_of_the_right_answer_passes_and_the_score_never_falls(
    numbers: list[int], separator: str
) -> None:
    right = separator.join(map(str, sorted(numbers)))
    assert SortedList().judge(item(numbers), right).passed
    verdicts = [SortedPrefix().judge(item(numbers), right[:cut]) for cut in range(len(right) + 1)]
    assert all(v.passed for v in verdicts)
    assert [v.score for v in verdicts] == sorted(v.score for v in verdicts)
    assert verdicts[0].score == 1 / (len(numbers) + 1)
    assert verdicts[-1].score == 1


LIST = "0123456789,; []\n"


@given(st.lists(st.integers(0, 99), min_size=1, max_size=6), st.text(LIST, max_size=16), st.text(LIST, max_size=8))
def test_what_fails_here_is_never_passed_later(numbers: list[int], start: str, rest: str) -> None:
    if not SortedPrefix().judge(item(numbers), start).passed:
        assert not SortedPrefix().judge(item(numbers), start + rest).passed
