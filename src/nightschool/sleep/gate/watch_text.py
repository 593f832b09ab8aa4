"""General text on which a night must not become worse: it ships with this package and with Python itself.

`prose` is twenty short passages written for this package. `python-docs` is the running text of Python's reference
(`pydoc_data.topics`, which every Python has): about 57,000 tokens, so that a loss on it counts without a download.
It is technical English, and which words it has depends on Python's version: before and after are read on one machine.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files

_FEWEST_WORDS, _LEAST_PROSE = 12, 0.86  # shorter or less wordy paragraphs are code, tables and headings
_GAP = "\n\n"


@cache
def prose() -> tuple[str, ...]:
    """Return the passages of the shipped prose."""
    text = files("nightschool.sleep").joinpath("data/prose.txt").read_text(encoding="utf-8")
    return tuple(text.strip().split(_GAP))


@cache
def python_docs() -> tuple[str, ...]:
    """Return the paragraphs of running text in Python's reference, in an order that a hash shuffles.

    Empty where this Python was installed without `pydoc_data`.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError:
        return ()
    found: set[str] = set()
    for text in topics.values():
        for piece in re.split(r"\n\s*\n", text):
            paragraph = " ".join(piece.split())
            wordy = sum(letter.isalpha() or letter in " ,.;" for letter in paragraph)
            if len(paragraph.split()) >= _FEWEST_WORDS and wordy >= _LEAST_PROSE * len(paragraph):
                found.add(paragraph)
    return tuple(sorted(found, key=lambda paragraph: hashlib.sha256(paragraph.encode()).digest()))


def chunks(
    paragraphs: Sequence[str], count_tokens: Callable[[str], int], tokens: int, chunk_tokens: int = 256
) -> list[str]:
    """Return pieces of at most `chunk_tokens`, of whole paragraphs where they fit, that hold `tokens` or a few more.

    More tokens begin with the pieces of fewer; all of the text where it holds fewer than `tokens`.
    """
    made: list[str] = []
    held: list[str] = []
    total = size = 0  # of a piece, its parts one by one: an upper bound
    for piece in (part for paragraph in paragraphs for part in _parts(paragraph, count_tokens, chunk_tokens - 2)):
        length = count_tokens(piece) + 2  # the gap between paragraphs
        if held and size + length > chunk_tokens:
            made.append(_GAP.join(held))
            total += count_tokens(made[-1])
            held, size = [], 0
            if total >= tokens:
                return made
        held.append(piece)
        size += length
    return [*made, _GAP.join(held)] if held else made


def _parts(text: str, count_tokens: Callable[[str], int], most: int) -> list[str]:
    """Return `text`, cut in halves between words until each is short enough; a word is never cut."""
    words = text.split(" ")
    if len(words) < 2 or count_tokens(text) <= most:
        return [text]
    half = len(words) // 2
    first, second = " ".join(words[:half]), " ".join(words[half:])
    return _parts(first, count_tokens, most) + _parts(second, count_tokens, most)
