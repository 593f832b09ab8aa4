from __future__ import annotations

import math

import pytest

from nightschool.critics.functions.cases import Case, read_cases


def test_tests_are_lines_as_people_write_them() -> None:
    text = """
add(1, 2) == 3
assert add(-1, 1) == 0, "with a message"
sorted(f([3, 1])) == [1, 3]   # a comment
g(x=1,
  y={2}) == {'a': (1, None), 'b': {2}}
root(2) == approx(1.41421356)
"""
    assert read_cases(text) == [
        Case("add(1, 2)", 3),
        Case("add(-1, 1)", 0),
        Case("sorted(f([3, 1]))", [1, 3]),
        Case("g(x=1, y={2})", {"a": (1, None), "b": {2}}),
        Case("root(2)", 1.41421356, approximate=True),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "there is no test"),
        ("add(1, 2) =", "cannot be read as Python"),
        ("a\0b", "cannot be read as Python"),
        ("add(1, 2)", "line 1 of the tests is 'add(1, 2)'"),
        ("f(1) == 1\nf(2) != 3", "line 2"),
        ("f(1) == g(1)", "line 1"),
        ("1 < f(1) == 2", "line 1"),
        ("import os", "line 1"),
        ("f(1) == approx(x)", "line 1"),
    ],
)
def test_what_is_no_test_is_named(text: str, why: str) -> None:
    with pytest.raises(ValueError, match="test") as raised:
        read_cases(text)
    assert why in str(raised.value)


@pytest.mark.parametrize(
    ("expected", "value", "met"),
    [
        (1.0, 1.0000001, True), (1.0, 1.001, False), ([1.0, (2.0,)], [1.0000001, (2,)], True), ([1.0], (1.0,), False),
        ([1.0], [1.0, 1.0], False), (1j, 1.0000001j, True), (1.0, "1.0", False), (1.0, 10**400, False),
        ("a", "a", True), (math.inf, math.inf, True), (1.0, math.nan, False),
    ],
)  # fmt: skip
def test_approximately(expected: object, value: object, met: bool) -> None:
    assert Case("f()", expected, approximate=True).met_by(value) is met


def test_exactly_is_as_python_has_it() -> None:
    assert Case("f()", 1).met_by(1.0)
    assert not Case("f()", [1]).met_by((1,))
    assert not Case("f()", "1").met_by(1)
