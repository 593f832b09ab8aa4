from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.critics.texts.numerals import numbers_in, read_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", 42), ("-7", -7), ("−7", -7), ("+7", 7), ("1,250", 1250), ("1,234,567.5", Fraction("1234567.5")),
        (".5", Fraction(1, 2)), ("3/4", Fraction(3, 4)), ("-3 / 4", Fraction(-3, 4)), ("1e3", 1000),
        ("2.5E-1", Fraction(1, 4)), ("007", 7),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, value: Fraction) -> None:
    assert read_number(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "1,25",
        "1,2345",
        "12,345,6",
        "1/0",
        "nan",
        "inf",
        "1e9999",
        "--1",
        "1 2",
        "0x10",
        "1_000",
        "٣",
        "50%",
        "$5",
    ],
)
def test_anything_else_is_not_a_number(text: str) -> None:
    assert read_number(text) is None


def test_very_long_digits_are_refused_quickly() -> None:
    assert read_number("9" * 1_000_000) is None
    assert read_number("1," * 500_000) is None


@given(st.integers(), st.booleans())
def test_every_integer_is_read_back(value: int, grouped: bool) -> None:
    assert read_number(f"{value:,}" if grouped else str(value)) == value


@given(st.fractions())
def test_every_fraction_is_read_back(value: Fraction) -> None:
    assert read_number(str(value)) == value


def test_numbers_in_text() -> None:
    assert numbers_in("Step 2: 1,250 plus 3.5, so 1/2 of x9.") == ["2", "1,250", "3.5", "1/2"]
