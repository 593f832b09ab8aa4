"""One experience kept, and what is known about it: frozen data, no I/O.

A memory is named by its content, time and place in its conversation: storing the same experience twice is storing it
once, so that a writer that was killed can simply try again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from nightschool.errors import BadMemory
from nightschool.items import digest

LONGEST = 1_000_000
"""characters; longer texts are for `remember` to be given in parts"""
_SURPRISE = 4.0  # nats per token that are about as striking as a reward of 0.63


class LinkKind(StrEnum):
    """How one memory leads to another."""

    NEXT = "next"
    """was said right after it"""
    ENTITY = "same entity"
    """speaks of the same rare thing"""
    CONTRADICTS = "contradicts"
    """says something newer about the same; the older stays, with its time"""
    DERIVED = "derived from"
    """was made of it: a summary, a conclusion"""


@dataclass(frozen=True, slots=True)
class Link:
    """From one memory to another, by id. weight: in (0, 1], how much of the activation passes."""

    source: str
    target: str
    kind: LinkKind
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Salience:
    """Why a memory matters. reward: in [-1, 1]; surprise: nats per token under the weights of the time.

    marked: by the user's own hand; None: not known, which is not the same as zero.
    """

    reward: float | None = None
    surprise: float | None = None
    marked: bool = False

    def __post_init__(self) -> None:
        if self.reward is not None and not -1.0 <= self.reward <= 1.0:
            raise BadMemory(f"a reward is in [-1, 1], not {self.reward}")
        if self.surprise is not None and not 0.0 <= self.surprise < math.inf:
            raise BadMemory(f"surprise is in nats per token, 0 or more, not {self.surprise}")

    @property
    def value(self) -> float:
        """Return all of it as one number in [0, 1]: praise and blame count alike, and a mark counts as all.

        >>> Salience(reward=-0.5).value
        0.5
        >>> Salience(marked=True).value
        1.0
        """
        if self.marked:
            return 1.0
        dull = 1.0 - abs(self.reward or 0.0)
        return 1.0 - dull * math.exp(-(self.surprise or 0.0) / _SURPRISE)


@dataclass(frozen=True, slots=True)
class Strength:
    """Where a memory is on its forgetting curve. stability: days until 90% is left; difficulty: in [1, 10].

    reviewed: when it was stored or last recalled, Unix seconds; reviews: how often it was recalled.
    """

    stability: float
    difficulty: float
    reviewed: float
    reviews: int = 0


class _Named:
    """Room for a name that was worked out once: no field, so that a changed copy gets a name of its own."""

    __slots__ = ("_id",)
    _id: str


@dataclass(frozen=True, slots=True)
class Memory(_Named):
    """One experience kept.

    time: of the experience, Unix seconds; source: `user`, `assistant`, `summary`, `file`, or any word; who: the
    speaker's name, where known; session, turn: its place in a conversation; claim: what it settles (`melanie live in`),
    where it states a fact that can change; superseded_by: id of the newer memory that settles the same.
    """

    content: str
    time: float
    source: str = "user"
    who: str = ""
    session: str = ""
    turn: int = 0
    tags: tuple[str, ...] = ()
    salience: Salience = field(default_factory=Salience)
    strength: Strength | None = None
    claim: str | None = None
    superseded_by: str | None = None

    def __post_init__(self) -> None:
        refuse_odd(self.content)
        if not math.isfinite(self.time):
            raise BadMemory(f"a memory's time is in seconds since 1970, not {self.time}")

    @property
    def id(self) -> str:
        """Return 16 hexadecimal digits that name this experience by its content, time and place."""
        try:
            return self._id
        except AttributeError:
            words = (self.content, self.time, self.source, self.who, self.session, self.turn)
            return self.called(digest(*words)[:16])._id

    def called(self, id: str) -> Self:
        """Return this memory itself, for which a store knows the id already."""
        object.__setattr__(self, "_id", id)
        return self

    @property
    def text(self) -> str:
        """Return the content with its speaker in front, as it is indexed and shown."""
        return f"{self.who}: {self.content}" if self.who else self.content


def refuse_odd(content: str) -> None:
    """Raise BadMemory for content that is empty, too long, or not text."""
    if not content.strip():
        raise BadMemory("there is nothing to remember: the text is empty")
    if len(content) > LONGEST:
        raise BadMemory(
            f"{len(content):,} characters are too long for one memory (at most {LONGEST:,}); remember it in parts"
        )
    if "\0" in content:
        raise BadMemory(f"this is binary data, not text: a zero byte at character {content.index(chr(0))}")
    try:
        content.encode()
    except UnicodeEncodeError as error:
        raise BadMemory(f"this is not valid Unicode: a lone surrogate at character {error.start}") from None


def decoded(raw: bytes) -> str:
    """Return `raw` as text. Raises BadMemory for what is not UTF-8, naming the byte."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise BadMemory(
            f"this is not UTF-8 text: byte {raw[error.start]:#04x} at {error.start}; convert it first (iconv -t utf-8)"
        ) from None
