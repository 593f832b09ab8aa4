"""A summary that a model writes of turns that leave the context: what to ask it, and what of its answer to believe.

Pure: this says what to ask; whoever has the model asks. A sentence stays only where its names and numbers, and most of
its other words, were said in the turns: what a model made up is not remembered as if it had happened.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nightschool.items import Prompt
from nightschool.remember.memory import Memory
from nightschool.remember.recall.cue import content_words
from nightschool.remember.topics import posed

LONGEST = 96
"""tokens of the answer"""
STOP = "\n"
_SAID = 0.6  # of a sentence's words have to have been said; the rest may be the model's own
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_NAMES = re.compile(r"\d[\d.,:]*\d|\d|(?<=[^.!?\s] )[A-Z]\w+")
_WORD = re.compile(r"\w+")
_EXAMPLES = """\
Conversation:
User: We finally booked the trip. Two weeks in Crete, from the 3rd of August.
I: That sounds wonderful. Who is coming along?
User: Mia and her brother Jonas. He is afraid of flying, so he takes the ferry.
I: A ferry is a nice way to arrive.
Summary: The user booked two weeks in Crete from the 3rd of August. Mia and her brother Jonas are coming. Jonas is \
afraid of flying and takes the ferry.

Conversation:
User: Can you help me with the bike? The chain falls off all the time.
I: Check whether the derailleur is bent.
User: It was bent. I fixed it and now it works. It cost 40 euros at Palmer's.
I: Glad to hear that.
Summary: The chain of the user's bike kept falling off because the derailleur was bent. It was fixed for 40 euros at \
Palmer's.

Conversation:
"""


def asked(turns: Sequence[Memory], *, chat: bool) -> Prompt:
    """Return what a model is asked, to summarise `turns`. chat: it takes messages, not plain text."""
    lines = [f"{turn.who or 'User'}: {' '.join(turn.content.split())}" for turn in turns]
    return posed(_EXAMPLES + "\n".join(lines) + "\nSummary:", chat=chat)


def believed(answer: str, turns: Sequence[Memory]) -> list[str]:
    """Return the sentences of `answer` that the turns bear out, each once.

    >>> turn = Memory("I moved to Bergen last spring because of the sheep farm.", 0.0)
    >>> believed("The user moved to Bergen for a sheep farm. He has 3 dogs. It was a bad day.", [turn])
    ['The user moved to Bergen for a sheep farm.']
    """
    said = {word for turn in turns for word in _stems(turn.text)}
    sentences = dict.fromkeys(each.strip() for each in _SENTENCE.split(answer.strip()) if each.strip())
    return [sentence for sentence in sentences if _is_borne_out(sentence, said)]


def _is_borne_out(sentence: str, said: set[str]) -> bool:
    if sentence[-1] not in ".!?":  # it was cut off
        return False
    names = {stem for name in _NAMES.findall(sentence) for stem in _stems(name)}
    words = [_stem(word) for word in content_words(sentence) if word != "user"]
    own = [word for word in words if word not in said]
    return bool(words) and names <= said and len(own) <= (1 - _SAID) * len(words)


def _stems(text: str) -> list[str]:
    return [_stem(word) for word in _WORD.findall(text.lower())]


def _stem(word: str) -> str:
    """Return `word` without an ending of inflection: roughly, and for comparing alone."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word.removesuffix(ending)
    return word
