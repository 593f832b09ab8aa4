from __future__ import annotations

import pytest

from nightschool.critics.parameters import above_zero, at_least_zero, input_text, one_of, sight_of
from nightschool.errors import BadSpec
from nightschool.ports import Sight


def test_good_values_come_back() -> None:
    assert sight_of("verifier", "c") is sight_of(Sight.VERIFIER, "c") is Sight.VERIFIER
    assert one_of("a", ["a", "b"], "p", "c") == "a"
    assert at_least_zero(0, "p", "c") == 0
    assert above_zero(0.5, "p", "c") == 0.5


def test_bad_values_name_the_parameter_and_the_critic() -> None:
    for bad in (
        lambda: sight_of("both", "c"),
        lambda: one_of("x", ["a", "b"], "p", "c"),
        lambda: at_least_zero(-1, "p", "c"),
        lambda: at_least_zero("many", "p", "c"),
        lambda: above_zero(0, "p", "c"),
        lambda: above_zero(float("inf"), "p", "c"),
    ):
        with pytest.raises(BadSpec, match=r"(sight|p) of the critic c "):
            bad()


def test_the_input_by_name_by_custom_or_because_it_is_the_only_one() -> None:
    assert input_text({"a": "1", "numbers": "2"}, None, "numbers", "c") == "2"
    assert input_text({"a": "1", "numbers": "2"}, "a", "numbers", "c") == "1"
    assert input_text({"a": "1"}, None, "numbers", "c") == "1"
    for inputs in ({}, {"a": "1", "b": "2"}):
        with pytest.raises(LookupError, match="no input 'numbers'"):
            input_text(inputs, None, "numbers", "c")
