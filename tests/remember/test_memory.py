from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.errors import BadMemory
from nightschool.remember.memory import LONGEST, Memory, Salience, decoded
from support.memories import told


@pytest.mark.parametrize(
    ("content", "problem"),
    [("", "empty"), (" \n\t", "empty"), ("a\0b", "zero byte at character 1"), ("a\ud800", "surrogate at character 1"),
     ("x" * (LONGEST + 1), "1,000,001 characters are too long")],
)  # fmt: skip
def test_what_cannot_be_remembered_is_refused(content: str, problem: str) -> None:
    with pytest.raises(BadMemory, match=problem):
        told(content)


def test_bytes_that_are_no_text_are_refused_by_place() -> None:
    assert decoded("naïve".encode()) == "naïve"
    with pytest.raises(BadMemory, match="byte 0xff at 2"):
        decoded(b"ab\xff")


def test_an_id_names_content_time_and_place() -> None:
    assert told("a", 1).id == told("a", 1, tags=("x",), salience=Salience(marked=True)).id
    assert len({told("a", 1).id, told("b", 1).id, told("a", 2).id, told("a", 1, who="Bo").id}) == 4


@pytest.mark.parametrize("time", [math.nan, math.inf])
def test_a_time_is_a_number(time: float) -> None:
    with pytest.raises(BadMemory):
        Memory("a", time)


@given(st.none() | st.floats(-1, 1), st.none() | st.floats(0, 100), st.booleans())
def test_salience_is_between_0_and_1_and_grows(reward: float | None, surprise: float | None, marked: bool) -> None:
    value = Salience(reward, surprise, marked).value
    assert 0.0 <= value <= 1.0
    assert value <= Salience(reward, (surprise or 0.0) + 1.0, marked).value
    assert value <= Salience(1.0, surprise, marked).value == 1.0


@pytest.mark.parametrize("wrong", [{"reward": 1.5}, {"reward": math.nan}, {"surprise": -1.0}, {"surprise": math.inf}])
def test_odd_salience_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadMemory):
        Salience(**wrong)
