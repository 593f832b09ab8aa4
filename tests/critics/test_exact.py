from __future__ import annotations

import pytest

from nightschool.critics.exact import Exact
from nightschool.items import Item, Verdict


def judge(target: str, answer: str, **how: object) -> Verdict:
    return Exact(**how).judge(Item("i", {}, target, "k"), answer)  # type: ignore[arg-type]


def test_only_the_target_passes() -> None:
    assert judge("Paris", " Paris\n") == Verdict(1.0, True)
    assert judge("café", "café").passed
    assert judge("Paris", "London") == Verdict(0.0, False, "This is not the right answer.")


@pytest.mark.parametrize(
    ("answer", "feedback"),
    [
        ("", "The answer is empty."),
        ("new york", "The answer is right but for capitals, spaces or punctuation."),
        ("New  York.", "The answer is right but for capitals, spaces or punctuation."),
        ("It is New York!", "The right answer is in the text, but there is other text around it."),
        ("New Yorker", "This is not the right answer."),
    ],
)
def test_a_slip_of_form_is_told_from_a_wrong_answer(answer: str, feedback: str) -> None:
    assert judge("New York", answer) == Verdict(0.0, False, feedback)


def test_parameters_loosen_it() -> None:
    assert judge("New York", "new york", case=False).passed
    assert judge("New York", "New \n York", space=False).passed
    assert judge("NYC|New York", "New York", separator="|").passed
    assert not judge("NYC|New York", "NYC|New York", separator="|").passed
