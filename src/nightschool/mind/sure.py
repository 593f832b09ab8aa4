"""What a mind may be sure of in what it just said: each sentence asked back in many contexts, and held together.

A sentence that the mind itself would not affirm, asked in other words and next to the others, is one that it should not
have said so plainly. Questions are no claims, and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import TYPE_CHECKING

from nightschool.asks import ModelAsk, ModelReply
from nightschool.errors import Unsupported, UsageError
from nightschool.ports import Ability, Model

if TYPE_CHECKING:
    from nightschool.society.beliefs import Link, Reading

MOST = 4  # sentences that are looked at: every pair of them is asked about
_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that was said. chance: that it is true, all things considered; standing: `sure` where it may be
    claimed, `unsure`, or `denied` where its contrary may be."""

    text: str
    chance: float
    standing: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The sentences, the links that count between them, and how many sentences were not looked at."""

    sentences: tuple[Sentence, ...]
    links: tuple[Link, ...]
    left: int


def standing(model: Model, said: str, about: str = "", at: float = 0.9, reading: Reading | None = None,
             adapter: str | None = None) -> Standing:  # fmt: skip
    """Return what the model may be sure of in `said`, where it claims things from probability `at` on.

    about: what was known when it was said; reading: how to take its word, None for as it is said. Raises Unsupported
    for a model that cannot weigh, UsageError for an `at` outside [0.5, 1).
    """
    if Ability.WEIGH not in model.abilities:
        raise Unsupported(f"{model.name} cannot weigh answers, which asking back takes; models on the local engine can")
    if not 0.5 <= at < 1:
        raise UsageError(f"one is sure from a probability of 0.5 to 1 on, not {at}")
    texts = claims(said)
    if not texts:
        return Standing((), (), 0)
    from nightschool.society.beliefs import PLAIN, Proposition, heard, hold, inferred  # torch: only where it is asked

    reading = PLAIN if reading is None else reading
    known = [Proposition(f"sentence {i}", text, about) for i, text in enumerate(texts[:MOST], 1)]

    def asking(asks: Sequence[ModelAsk]) -> list[ModelReply]:
        model.submit([replace(ask, adapter=adapter) for ask in asks])
        replies: list[ModelReply] = []
        while len(replies) < len(asks):
            replies += model.step().replies
        return replies

    links = inferred(asking, list(permutations(known, 2)), reading)
    held = hold(known, reading.odds(heard(asking, known)), links)
    claimed = held.claims(at)
    words = {True: "sure", False: "denied", None: "unsure"}
    sentences = [Sentence(one.claim, held.after[one.name], words[claimed.get(one.name)]) for one in known]
    return Standing(tuple(sentences), held.links, len(texts) - len(known))


def claims(said: str) -> list[str]:
    """Return the sentences of a text that say something is so, in order, each once."""
    parts = (part.strip() for part in _END.split(said))
    return list(dict.fromkeys(part for part in parts if not part.endswith("?") and len(part.split()) > 1))
