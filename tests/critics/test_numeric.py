from __future__ import annotations

import pytest

from nightschool.critics.numeric import Numeric
from nightschool.errors import BadSpec
from nightschool.items import Item, Verdict


def judge(target: str, answer: str, **how: object) -> Verdict:
    return Numeric(**how).judge(Item("i", {}, target, "k"), answer)  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", ["1250", "1,250", " 1250.0\n", "1250.", "2500/2", "1.25e3", "+1250"])
def test_the_same_number_passes_however_written(answer: str) -> None:
    assert judge("1250", answer) == Verdict(1.0, True)


def test_strict_and_lenient() -> None:
    assert judge("42", "The answer is 42.") == Verdict(0.0, False, "Answer with one number and nothing else.")
    assert judge("42", "6 times 7 is 42.", find="last").passed
    assert not judge("42", "42, because 6 times 7", find="last").passed
    assert judge("42", "no idea", find="last").feedback == "There is no number in it."


def test_tolerance_is_absolute_or_relative() -> None:
    assert not judge("3.14159", "3.14").passed
    assert judge("3.14159", "3.14", tolerance=0.01).passed
    assert judge("1000", "1009", relative=0.01).passed
    assert not judge("1000", "1011", relative=0.01).passed
    assert not judge("0", "0.001", relative=0.5).passed


def test_feedback_never_gives_the_number_away() -> None:
    assert judge("42", "41").feedback == "This is not the right number."


def test_a_target_that_is_no_number_is_the_critics_failure() -> None:
    with pytest.raises(ValueError, match="the target 'many' is not a number"):
        judge("many", "42")


@pytest.mark.parametrize("how", [{"tolerance": -1}, {"relative": float("nan")}, {"tolerance": "x"}, {"find": "first"}])
def test_parameters_that_make_no_sense(how: dict[str, object]) -> None:
    with pytest.raises(BadSpec, match="numeric"):
        judge("1", "1", **how)
