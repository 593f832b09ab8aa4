"""Reading numbers as people write them, exactly (as fractions) and in time linear in the text."""

from __future__ import annotations

import re
from fractions import Fraction

_PLAIN = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+"
NUMBER = re.compile(rf"(?<![\w.])[+\-−]?(?:{_PLAIN})(?:[eE][+-]?\d{{1,3}}(?!\d))?(?:\s?/\s?\d+(?![\d.]))?", re.ASCII)
"""A number inside text: sign, thousands separators, decimals, an exponent of up to three digits, or a fraction."""

_MOST_CHARS = 400  # int() of much longer text is slow or refused; nobody writes such a number as an answer


def read_number(text: str) -> Fraction | None:
    """Return the number that `text` is, and None when it is anything else (or longer than 400 characters).

    >>> read_number(" 1,250.50 "), read_number("3/4"), read_number("about 3")
    (Fraction(2501, 2), Fraction(3, 4), None)
    """
    text = text.strip()
    if not text or len(text) > _MOST_CHARS or not NUMBER.fullmatch(text):
        return None
    top, _, bottom = text.replace(",", "").replace("−", "-").partition("/")
    try:
        return Fraction(top.strip()) / (Fraction(bottom.strip()) if bottom else 1)
    except ZeroDivisionError:
        return None


def numbers_in(text: str) -> list[str]:
    """Return the numbers in `text`, as they are written."""
    return [match.group() for match in NUMBER.finditer(text)]
