"""Tags that a model writes: what to ask it, and what of its answer to take.

Pure: this says what to ask; whoever has the model asks. Examples carry the task, so that a small model can follow, and
so can one that only goes on with text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nightschool.items import Message, Prompt
from nightschool.remember.recall.cue import content_words
from nightschool.remember.tags import tags_of

LONGEST = 20
"""tokens of the answer"""
STOP = "\n"
_READ = 1000  # characters of a memory that the model is shown: what it is about is said early
_FEW = 3  # telling words: of less, a small model makes up what it is about
_MOST = 4  # of the model's; keyphrases stand behind them
_EXAMPLES = """\
Text: We are going camping in the Alps with the kids in July.
Topics: camping, alps, family, summer holiday
Text: The doctor told me to eat less salt because of my heart.
Topics: health, doctor, diet, heart
Text: Tom's new password is 9876 and he works at a bank.
Topics: tom, password, work, bank
"""
_PHRASE = re.compile(r"[^\W_][\w' -]{1,39}")


def worth_asking(text: str) -> bool:
    """Return whether `text` says enough for a model to say what it is about."""
    return len(content_words(text)) >= _FEW


def asked(text: str, *, chat: bool) -> Prompt:
    """Return what a model is asked, to name the topics of `text`. chat: it takes messages, not plain text."""
    shown = " ".join(text[:_READ].split())
    return posed(f"{_EXAMPLES}Text: {shown}\nTopics:", chat=chat)


def posed(document: str, *, chat: bool) -> Prompt:
    """Return `document`, which ends where the model goes on, as a prompt of messages or of plain text."""
    return Prompt((Message("user", document),)) if chat else Prompt(text=document)


def read(answer: str, text: str) -> tuple[str, ...]:
    """Return the tags in `answer`, each once and in lower case, and the keyphrases of `text` behind them.

    >>> read(" sheep, Farm, sheep, 7, ...", "I moved to New Zealand because of the sheep farm.")
    ('sheep', 'farm', 'new zealand', 'sheep farm', 'moved')
    """
    phrases = [" ".join(each.lower().split()) for each in answer.split("\n")[0].split(",")]
    own = [each for each in dict.fromkeys(phrases) if _PHRASE.fullmatch(each) and not each.isdigit()]
    return _joined(own[:_MOST], tags_of(text))


def _joined(first: Sequence[str], then: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*first, *then]))
