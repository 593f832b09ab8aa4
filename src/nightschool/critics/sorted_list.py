"""Is the answer the numbers of the input, in order?"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from itertools import pairwise

from nightschool.critics.compose import Combines
from nightschool.critics.parameters import input_text
from nightschool.critics.texts.legible import listed
from nightschool.items import Item, Verdict
from nightschool.ports import Sight

_DIGITS = r"[+\-−]?\d{1,40}(?:\.\d{1,40})?"
Number = int | Fraction
TOKEN = re.compile(_DIGITS, re.ASCII)
_IN_TEXT = re.compile(rf"(?<![\w.])(?:{_DIGITS})(?![\w])", re.ASCII)


class SortedList(Combines):
    """Passed when the answer is exactly the input's numbers in ascending order, written as a list and nothing else.

    source: the input that has the numbers (by default `numbers`, or the only one there is); descending: largest first.
    A list is `3, 5, 9`, `3; 5; 9`, `3 5 9` or one number on each line, bare or in [] or (). With other text around it
    the format is wrong: not passed, and half the score. No target is needed: sorting can be checked from the input.
    """

    name = "sorted-list"
    sight = Sight.VERIFIER

    def __init__(self, source: str | None = None, descending: bool = False) -> None:
        self.source, self.descending = source, descending

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict. score: half for the right numbers, half for the right places; 1 only when passed.

        feedback: what is missing, extra or out of place. Raises LookupError or ValueError for an input without numbers.
        """
        wanted = wanted_numbers(item, self.source, self.descending)
        given = read_list(answer)
        neat = given is not None
        numbers = given if given is not None else [number(t) for t in _IN_TEXT.findall(answer)]
        missing, extra = Counter(wanted) - Counter(numbers), Counter(numbers) - Counter(wanted)
        longer = max(len(wanted), len(numbers))
        shared = len(wanted) - missing.total()
        placed = sum(a == b for a, b in zip(wanted, numbers, strict=False))
        score = 0.5 * shared / longer + 0.5 * placed / longer
        if neat and numbers == wanted:
            return Verdict(1.0, True)
        said = [] if neat else ["Write the numbers alone, separated by commas."]
        if not numbers:
            return Verdict(0.0, False, "Write the numbers alone, separated by commas.")
        if missing:
            said.append(f"Missing: {_words(missing)}.")
        if extra:
            said.append(f"Extra: {_words(extra)}.")
        said += self._disorder(numbers)
        return Verdict(score if neat else 0.5 * score, False, " ".join(said))

    def _disorder(self, numbers: list[Number]) -> list[str]:
        for before, after in pairwise(numbers):
            if (before < after) if self.descending else (before > after):
                return [f"Out of place: {written(after)} comes after {written(before)}."]
        return []


def wanted_numbers(item: Item, source: str | None, descending: bool = False) -> list[Number]:
    """Return the numbers of the item's input in order. Raises LookupError, and ValueError where there are none."""
    text = input_text(dict(item.inputs), source, "numbers", SortedList.name)
    numbers = [number(token) for token in _IN_TEXT.findall(text)]
    if not numbers:
        raise ValueError(f"there is no number in the item's input {text!r}")
    return sorted(numbers, reverse=descending)


def read_list(answer: str) -> list[Number] | None:
    """Return the numbers of an answer that is a list and nothing else, and None for anything else."""
    body = answer.strip()
    if (body[:1], body[-1:]) in (("[", "]"), ("(", ")")):
        body = body[1:-1].strip()
    separator = "," if "," in body else ";" if ";" in body else None
    tokens = [token.strip() for token in body.split(separator)]
    if not all(TOKEN.fullmatch(token) for token in tokens):
        return None
    return [number(token) for token in tokens] or None


def number(token: str) -> Number:
    """Return the value of a token: 3, 3.0 and 03 are the same number."""
    token = token.replace("−", "-")
    return Fraction(token) if "." in token else int(token)


def written(value: Number) -> str:
    """Return the number as digits, decimals where it has some."""
    if value.denominator == 1:
        return str(value.numerator)
    places = 0
    while value.denominator != 1 and places < 40:
        value, places = value * 10, places + 1
    digits = str(abs(value.numerator)).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def _words(numbers: Counter[Number]) -> str:
    return listed([written(value) for value in sorted(numbers.elements())])
