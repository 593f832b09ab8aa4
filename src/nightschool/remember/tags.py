"""Keyphrases without a model: runs of telling words, the longer and the more name-like the better.

Ref: rose2010 (RAKE).
"""

from __future__ import annotations

import re

from nightschool.remember.recall.cue import is_common

_BREAK = re.compile(r"[^\w\s'-]+|\n+")
_WORD = re.compile(r"[\w'-]+")
_LONGEST = 3  # words
_WEAK = frozenset(
    """
    come day get getting go going good got great hey hi keep know last let like look lot made make much nice now oh ok
    okay one really said say see something sure take thank thanks thing things think time want wanted way well went wow
    yeah yes yet
    """.split()  # noqa: SIM905
)


def tags_of(text: str, most: int = 5) -> tuple[str, ...]:
    """Return at most `most` phrases of one to three words, in lower case, that say what `text` is about.

    >>> tags_of("I moved to New Zealand because of the sheep farm.")
    ('new zealand', 'sheep farm', 'moved')
    """
    scores: dict[str, float] = {}
    for part in _BREAK.split(text):
        run: list[str] = []
        for index, word in enumerate([*_WORD.findall(part), ""]):
            if word and _telling(word):
                run.append(word)
                continue
            if run:
                phrase = " ".join(run[:_LONGEST])
                # a capital inside a sentence is a name
                named = sum(each[:1].isupper() for each in run[:_LONGEST]) * (index > len(run))
                score = len(run[:_LONGEST]) + named + 0.1 * min(len(phrase), 20) / 20
                scores[phrase.lower()] = scores.get(phrase.lower(), 0.0) + score
            run = []
    ranked = sorted(scores.items(), key=lambda pair: -pair[1])  # stable: earlier phrases first
    return tuple(phrase for phrase, _ in ranked[:most])


def _telling(word: str) -> bool:
    low = word.lower()
    return len(low) > 2 and low not in _WEAK and not is_common(low) and not low.isdigit()
