"""Tests of a function, one a line, as people write them: `add(1, 2) == 3`."""

from __future__ import annotations

import ast
import cmath
import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    """One test. call: source that is evaluated in the sandbox; expected: never enters it; approximate: up to 1e-6."""

    call: str
    expected: Any
    approximate: bool = False

    def met_by(self, value: Any) -> bool:
        """Return whether `value` is what was expected, as `==` of Python has it."""
        try:
            return _near(value, self.expected) if self.approximate else bool(value == self.expected)
        except RecursionError:
            return False


def read_cases(text: str) -> list[Case]:
    """Return the tests in `text`. Raises ValueError that names the line which is none.

    A test is `CALL == LITERAL` or `CALL == approx(LITERAL)`, with `assert` before it or not. The right side is
    compared outside of the sandbox, so it can only be a literal; the left side is any expression.

    >>> read_cases("assert add(1, 2) == 3\\nroot(2) == approx(1.41421356)")[1].approximate
    True
    """
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ValueError(f"the tests cannot be read as Python: {error}") from error
    if not statements:
        raise ValueError("there is no test; write one a line, such as: add(1, 2) == 3")
    return [_case(statement) for statement in statements]


def _case(statement: ast.stmt) -> Case:
    match statement:
        case ast.Expr(value=compared) | ast.Assert(test=compared):
            pass
        case _:
            raise _bad(statement)
    match compared:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            pass
        case _:
            raise _bad(statement)
    approximate = False
    match right:
        case ast.Call(func=ast.Name(id="approx"), args=[inner], keywords=[]):
            right, approximate = inner, True
    try:
        return Case(ast.unparse(left), ast.literal_eval(right), approximate)
    except (ValueError, TypeError) as error:
        raise _bad(statement) from error


def _bad(statement: ast.stmt) -> ValueError:
    return ValueError(
        f"line {statement.lineno} of the tests is {ast.unparse(statement)[:100]!r}; "
        "write a call and a literal, such as: add(1, 2) == 3"
    )


def _near(value: Any, expected: Any) -> bool:
    if isinstance(expected, (list, tuple)):
        return isinstance(value, type(expected)) and len(value) == len(expected) and all(map(_near, value, expected))
    if isinstance(expected, complex) and isinstance(value, (int, float, complex)):
        return cmath.isclose(value, expected, rel_tol=1e-6, abs_tol=1e-9)
    if isinstance(expected, (int, float)) and isinstance(value, (int, float)):
        try:
            return math.isclose(value, expected, rel_tol=1e-6, abs_tol=1e-9)
        except OverflowError:  # an int that no float can hold
            return False
    return bool(value == expected)
