"""Keeping an answer: what of it is new, what it was made of, and which of the recalled memories were of use for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from nightschool.remember.embed.port import Embedder
from nightschool.remember.keep import entry_of
from nightschool.remember.memory import Link, LinkKind, Memory
from nightschool.remember.recall.cue import content_words
from nightschool.remember.recall.learn import praise
from nightschool.remember.recall.recall import Recollection
from nightschool.remember.store.port import Store

_USED = 0.5  # of a memory's own words in the answer: then it was of use
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


def keep_answer(
    store: Store,
    answer: Memory,
    cue: str,
    recalled: Sequence[Recollection],
    *,
    kept: Sequence[Memory] = (),
    embedder: Embedder | None = None,
) -> Memory | None:
    """Return what was kept of `answer`, durably; None where all of it repeats what was recalled or said before.

    Recalled text is no new experience: sentences that repeat it are left out. What is kept is linked to what it was
    made of, so that it goes when that is forgotten; and what was of use grows stronger. kept: what the model was shown
    besides, such as what the user marked and the conversation.
    """
    shown = [*(each.memory for each in recalled), *kept]
    fresh = unrepeated(answer.content, shown)
    helped = used(shown, cue, answer.content)
    memory = None
    if fresh:
        entry = entry_of(store, replace(answer, content=fresh), embedder)
        made_of = [Link(entry.memory.id, id, LinkKind.DERIVED) for id in helped if id != entry.memory.id]
        store.write([replace(entry, links=(*entry.links, *made_of))])
        memory = store.get([entry.memory.id])[entry.memory.id]
    ids = {each.memory.id for each in recalled}
    if praised := [id for id in helped if id in ids]:
        praise(store, cue, recalled, praised, answer.time)
    return memory


def unrepeated(text: str, shown: Sequence[Memory]) -> str:
    """Return `text` without the sentences that say what a memory says, or all of it and a few words around it.

    >>> unrepeated("The key is under the pot. It rains.", [Memory("the key is under the pot", 0.0)])
    'It rains.'
    """
    known = [_plain(memory.content) for memory in shown]
    if any(_plain(text) in memory for memory in known):
        return ""
    sentences = [each for each in _SENTENCE.split(text) if each.strip()]
    new = [each for each in sentences if not any(_plain(each) in m or m in _plain(each) for m in known)]
    return text.strip() if len(new) == len(sentences) else " ".join(each.strip() for each in new)


def used(shown: Sequence[Memory], cue: str, answer: str) -> list[str]:
    """Return the ids of what was shown for `cue` and then said in `answer`."""
    return [memory.id for memory in shown if _share(memory.content, answer, cue) >= _USED]


def _share(memory: str, answer: str, cue: str) -> float:
    """Return how much of what a memory says, beyond the cue, the answer says too."""
    own = set(content_words(memory)) - set(content_words(cue))
    return len(own & set(content_words(answer))) / len(own) if own else 0.0


def _plain(text: str) -> str:
    """Return the words of `text` with a blank around each, so that one text is in another by whole words."""
    words = " ".join(re.findall(r"\w+", text.casefold()))
    return f" {words} "
