"""What an answer looks like, as named numbers: its n-grams, its length, and what it shares with the question."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from nightschool.items import Item

Floats = npt.NDArray[np.float64]
_WORD = re.compile(r"\w+|[^\w\s]")
_MOST = 3000
_LONGEST = 4000
"""Characters of an answer that are looked at: the beginning and the end, half each."""


def traits(item: Item, answer: str) -> dict[str, float]:
    """Return the traits of `answer` to `item` by name.

    `c ...` one to three characters, `w ...` one or two words (all of them together of length 1), and near [0, 1]:
    `letters` and `words` (logarithms of how many), `from the question` and `of the question` (shares of words).
    """
    text = answer if len(answer) <= _LONGEST else answer[: _LONGEST // 2] + answer[-_LONGEST // 2 :]
    words = [word.lower() for word in _WORD.findall(text)]
    grams: Counter[str] = Counter()
    for size in (1, 2, 3):
        grams.update(f"c {text[i : i + size]}" for i in range(len(text) - size + 1))
    for size in (1, 2):
        grams.update("w " + " ".join(words[i : i + size]) for i in range(len(words) - size + 1))
    found = {name: float(np.log1p(count)) for name, count in grams.items()}
    length = float(np.sqrt(sum(value * value for value in found.values()))) or 1.0
    found = {name: value / length for name, value in found.items()}
    asked = {word.lower() for value in item.inputs.values() for word in _WORD.findall(value)}
    said = set(words)
    found["letters"] = float(np.log1p(len(answer))) / 5
    found["words"] = float(np.log1p(len(words))) / 5
    found["from the question"] = len(said & asked) / max(len(said), 1)
    found["of the question"] = len(said & asked) / max(len(asked), 1)
    return found


def vocabulary(seen: Sequence[Mapping[str, float]], most: int = _MOST) -> tuple[str, ...]:
    """Return the names of traits that at least two answers have, the most frequent ones, in a fixed order."""
    counts = Counter(name for one in seen for name in one)
    often = sorted((name for name, count in counts.items() if count > 1), key=lambda name: (-counts[name], name))
    return tuple(sorted(often[:most]))


def matrix(seen: Sequence[Mapping[str, float]], names: Sequence[str]) -> Floats:
    """Return [answers, names]; a trait that an answer has not is 0."""
    place = {name: i for i, name in enumerate(names)}
    rows = np.zeros((len(seen), len(names)))
    for row, one in zip(rows, seen, strict=True):
        for name, value in one.items():
            if name in place:
                row[place[name]] = value
    return rows
