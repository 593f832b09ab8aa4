"""Turns made shorter: what a model wrote of them, where there is one, and their most telling sentences, word for word.

Ref: luhn1958.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from nightschool.remember.forget import SUMMARY
from nightschool.remember.memory import Link, LinkKind, Memory
from nightschool.remember.recall.cue import content_words

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_TELLING = re.compile(r"\d|\b(?<!^)[A-Z]\w+")


def compacted(
    memories: Sequence[Memory], now: float, share: float = 0.3, written: Sequence[str] = ()
) -> tuple[Memory, tuple[Link, ...]] | None:
    """Return a summary of `memories` and its links to each that it was made of; None where there is nothing.

    The sentences whose words recur among `memories`, and those with names and numbers, are kept, in their order and
    word for word, up to `share` of all words and at least one. written: what a model wrote of them, which comes first
    and takes its part of the room; what it says already is not said again. now: Unix seconds.
    """
    sentences = [
        (memory, sentence.strip())
        for memory in memories
        for sentence in _SENTENCE.split(memory.content)
        if sentence.strip()
    ]
    if not sentences:
        return None
    spread = Counter(word for _, sentence in sentences for word in set(content_words(sentence)))
    ranked = sorted(range(len(sentences)), key=lambda i: (-_weight(sentences[i][1], spread), i))
    room = share * sum(len(sentence.split()) for _, sentence in sentences)
    room -= sum(len(sentence.split()) for sentence in written)
    told = {word for sentence in written for word in content_words(sentence)}
    chosen: list[int] = []
    for i in ranked:
        if set(content_words(sentences[i][1])) <= told:
            continue
        room -= len(sentences[i][1].split())
        if room < 0 and chosen:
            break
        chosen.append(i)
    lines = [*written, *(_line(*sentences[i]) for i in sorted(chosen))]
    summary = Memory("\n".join(lines), now, SUMMARY, session=memories[0].session, turn=-1 - memories[0].turn)
    # a model read all of them; which of them a sentence of its own is made of, nobody can tell
    members = dict.fromkeys(m.id for m in memories) if written else dict.fromkeys(sentences[i][0].id for i in chosen)
    return summary, tuple(Link(summary.id, member, LinkKind.DERIVED) for member in members)


def _weight(sentence: str, spread: Counter[str]) -> float:
    words = content_words(sentence)
    shared = sum(math.log1p(spread[word]) for word in words) / math.sqrt(len(words) + 1)
    return shared + 0.5 * min(3, len(_TELLING.findall(sentence)))


def _line(memory: Memory, sentence: str) -> str:
    return f"{memory.who}: {sentence}" if memory.who else sentence
