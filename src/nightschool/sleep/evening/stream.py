"""Experiences as a stream of words and reward tokens, told in hindsight: what a hippocampus learns to foretell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nightschool.remember.memory import Memory

GOOD, BAD, PLAIN = "<good>", "<bad>", "<plain>"
SOON, LATER = "<soon>", "<later>"
TOKENS = (GOOD, BAD, PLAIN, SOON, LATER)
_FELT = 0.5  # of a reward's size: less is no event


@dataclass(frozen=True, slots=True)
class Event:
    """One experience. words: what it was about; reward: what it brought, in [-1, 1]."""

    words: tuple[str, ...]
    reward: float = 0.0

    @property
    def token(self) -> str:
        """Return the token of what it brought."""
        return GOOD if self.reward >= _FELT else BAD if self.reward <= -_FELT else PLAIN


@dataclass(frozen=True, slots=True)
class Told:
    """One event with what came before it. text: words apart by blanks; soon: a reward, good or bad, came after it."""

    text: str
    soon: bool

    @property
    def answer(self) -> str:
        """Return the token that hindsight puts behind it."""
        return SOON if self.soon else LATER


def events(memories: Iterable[Memory]) -> list[Event]:
    """Return what was experienced, oldest first, each by its tags."""
    ordered = sorted(memories, key=lambda memory: memory.time)
    return [
        Event(tuple(word for tag in memory.tags for word in tag.split()), memory.salience.reward or 0.0)
        for memory in ordered
    ]


def tell(stream: Sequence[Event], *, span: int = 8, horizon: int = 6) -> list[Told]:
    """Return every event after the `span - 1` before it, and whether a reward followed within `horizon` events.

    What the event itself brought is not told, nor anything after it: that is what is to be foretold.

    >>> stream = [Event(("seed",)), Event(("rain",)), Event(("fruit",), 1.0)]
    >>> [(told.text, told.soon) for told in tell(stream, span=2, horizon=1)]
    [('seed', False), ('seed <plain> rain', True), ('rain <plain> fruit', False)]
    """
    felt = [event.token != PLAIN for event in stream]
    found = []
    for at, event in enumerate(stream):
        before = stream[max(0, at - span + 1) : at]
        words = [word for each in before for word in (*each.words, each.token)]
        found.append(Told(" ".join([*words, *event.words]), any(felt[at + 1 : at + 1 + horizon])))
    return found


def vocabulary(stream: Iterable[Event], most: int = 2000) -> tuple[str, ...]:
    """Return the tokens, and the words that came up twice or more, the most frequent ones first."""
    counts = Counter(word for event in stream for word in event.words)
    frequent = [word for word, count in counts.most_common(most) if count > 1]
    return (*TOKENS, *frequent)
