"""The page on Python: its examples are true, and every public name is in one of them."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import nightschool

PAGE = Path(__file__).parent.parent / "docs" / "python.md"


def test_the_examples_are_true() -> None:
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.attempted > 20
    assert found.failed == 0


def test_every_public_name_has_an_example() -> None:
    code = "\n".join(re.findall(r"^(?:>>>|\.\.\.) (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bns\.(\w+)", code)) == set(nightschool.__all__)


def test_the_errors_are_the_builtins_that_the_page_says() -> None:
    from nightschool.errors import BadBudget, UnknownName

    assert issubclass(UnknownName, LookupError)
    assert issubclass(BadBudget, ValueError)
