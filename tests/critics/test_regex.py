from __future__ import annotations

import time

import pytest

from nightschool.critics.judging import judge
from nightschool.critics.regex import Regex
from nightschool.errors import BadSpec
from nightschool.items import Item, Verdict
from nightschool.ports import Sight
from nightschool.registry import make

ITEM = Item("i", {}, r"\d+", "k")


def test_the_whole_answer_or_a_part_of_it() -> None:
    assert judge(Regex(r"\d+ cats"), ITEM, " 12 cats\n") == Verdict(1.0, True)
    assert judge(Regex(r"\d+"), ITEM, "12 cats") == Verdict(0.0, False, r"The whole answer must match \d+.")
    assert judge(Regex(r"\d+", whole=False), ITEM, "12 cats").passed
    assert judge(Regex("yes", case=False), ITEM, "YES").passed
    assert not judge(Regex("a.b"), ITEM, "a\nb").passed
    assert judge(Regex("a.b", dotall=True), ITEM, "a\nb").passed


def test_without_a_pattern_the_target_is_one() -> None:
    assert Regex("x").sight is Sight.VERIFIER
    assert Regex().sight is Sight.REFERENCE
    assert judge(Regex(), ITEM, "12").passed
    assert judge(Regex(), ITEM, "x").feedback == "The whole answer must have the form that is wanted."


def test_a_pattern_from_a_specification() -> None:
    assert make("critics", r"regex:pattern=\d+\x2c \d+").judge(ITEM, "1, 2").passed
    assert make("critics", "regex:pattern=42").judge(ITEM, "42").passed


def test_a_pattern_that_cannot_be_read() -> None:
    with pytest.raises(BadSpec, match=r"'\(' cannot be read"):
        Regex("(")
    error = judge(Regex(), Item("i", {}, "(", "k"), "x").error
    assert error is not None
    assert "cannot be read" in error


def test_a_catastrophic_pattern_is_stopped_and_is_an_error() -> None:
    start = time.monotonic()
    verdict = judge(Regex(r"(a|aa)+$", limit_s=0.2), ITEM, "a" * 100_000 + "!")
    assert time.monotonic() - start < 5
    assert not verdict.passed
    assert verdict.error is not None
    assert "TimeoutError" in verdict.error
