"""What a cue asks for: its words, the kind of answer, and the time it speaks of."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nightschool.remember.recall.when import Span, time_of

_COMMON = frozenset(
    """
    a about after all also am an and any are as at be because been before being but by can could did do does doing done
    during for from had has have having he her hers him his how i if in into is it its just me more most my no nor not
    of on only onto or our out over own s same she should since so some such t than that the their them then there these
    they this those to too under until us very was we were what when where which while who whom whose why will with
    without would you your
    """.split()  # noqa: SIM905
)
_WORD = re.compile(r"\w+", re.UNICODE)
_KINDS = {
    "when": re.compile(r"\b(when|how long|(what|which) (year|month|date|day|time))\b", re.I),
    "count": re.compile(r"\b(how (many|much|often)|(what|which) number)\b", re.I),
}
_FORMERLY = re.compile(r"\b(used to|before|previous(ly)?|former(ly)?|earlier|old|once|originally|first)\b", re.I)


@dataclass(frozen=True, slots=True)
class Cue:
    """A cue as recall reads it. words: lower case, each once, without the most common ones; span: the time meant.

    when, count: whether it asks for a time or a number; formerly: whether it asks for how things were.
    """

    text: str
    words: tuple[str, ...]
    when: bool
    count: bool
    formerly: bool
    span: Span | None


def read_cue(text: str, now: float) -> Cue:
    """Return what `text` asks for. now: Unix seconds, from which `last week` is counted."""
    when, count = (bool(kind.search(text)) for kind in _KINDS.values())
    return Cue(text, content_words(text), when, count, bool(_FORMERLY.search(text)), time_of(text, now))


def content_words(text: str) -> tuple[str, ...]:
    """Return the words of `text` that say what it is about, each once; all of them where none does.

    >>> content_words("When did Ann go to the lake?")
    ('ann', 'go', 'lake')
    """
    words = list(dict.fromkeys(_WORD.findall(text.lower())))
    return tuple([word for word in words if not is_common(word)] or words)


def is_common(word: str) -> bool:
    """Return whether `word`, in lower case, says nothing about what a text is about."""
    return word in _COMMON
