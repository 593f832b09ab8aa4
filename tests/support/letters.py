"""Worlds whose answer is one of two letters: told by the question, or not at all."""

from __future__ import annotations

import hashlib

from nightschool.items import Item, Split
from support.tiny_worlds import Doubling


class Letters(Doubling):
    """Which of two letters is in the question? The states of the scripted model tell at once."""

    spec = "letters"

    def items(self, split: Split, limit: int | None = None, seed: int = 0) -> list[Item]:  # type: ignore[override]
        found = []
        for number in range(1500):
            letter = "xq"[number * 7919 % 13 % 2]
            item = Item(f"i{number}", {"number": f"{number} {letter * 6}"}, letter, f"letters {number}", ("x", "q"))
            if item.split is split:
                found.append(item)
        return found[:limit]


class Coins(Letters):
    """The answer is not in the question at all."""

    spec = "coins"

    def items(self, split: Split, limit: int | None = None, seed: int = 0) -> list[Item]:  # type: ignore[override]
        return [
            Item(item.id, {"number": item.id}, "xq"[hash_of(item.id) % 2], item.key, item.choices)
            for item in super().items(split, limit, seed)
        ]


def hash_of(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0]
