"""What every memory store does. A store is opened on one space: no call can reach another's memories.

Whatever `write` has returned from is durable: it survives a kill and a power cut. Reads see all that was written
before, by whichever process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from nightschool.remember.memory import Link, Memory, Salience, Strength

Vectors: TypeAlias = NDArray[np.float32]
"""[passages, dims], rows of length 1: a long memory is embedded in several passages"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One memory to be written, with its vectors by embedder, its links, and the ids of what it supersedes."""

    memory: Memory
    vectors: Mapping[str, Vectors] = field(default_factory=dict)
    links: Sequence[Link] = ()
    supersedes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What one transaction did. known: memories that were there already; vectors, links: gone with what was deleted."""

    added: int = 0
    known: int = 0
    deleted: int = 0
    vectors: int = 0
    links: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """A memory found in one way. score: higher is better, comparable within one list only."""

    id: str
    score: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Who stands at a place of a conversation. asks: whether there is a question mark in it."""

    id: str
    asks: bool


@dataclass(frozen=True, slots=True)
class Feedback:
    """What came of one recall. shown: ids in the order shown, with each one's features; useful: the ids that helped."""

    cue: str
    time: float
    shown: Mapping[str, Mapping[str, float]]
    useful: Sequence[str]


@runtime_checkable
class Store(Protocol):
    """The memories of one space. Used from one thread; any number of processes may have the same store open.

    Every call raises StoreError where the store cannot be read or written; the message says what to do.
    """

    space: str

    def write(self, add: Iterable[Entry] = (), delete: Sequence[str] = (), now: float = 0.0) -> Written:
        """Do all of it in one transaction, durable on return, or none of it.

        A memory of a known id is left as it is, but gains vectors and links. Deleting takes vectors, links and tags
        along, leaves nothing of the content on the disk, and keeps the id and the time `now` for whoever made
        something out of the memory.
        """

    def get(self, ids: Sequence[str]) -> dict[str, Memory]:
        """Return the memories of these ids; those that there are not are left out."""

    def find(self, name: str) -> Memory:
        """Return the memory whose id begins so. Raises UnknownName where there is none, or more than one."""

    def set_strengths(self, strengths: Mapping[str, Strength]) -> None:
        """Put these on the memories named; durable on return."""

    def set_salience(self, id: str, salience: Salience) -> None:
        """Put this on one memory; durable on return."""

    def set_tags(self, id: str, tags: Sequence[str]) -> None:
        """Give one memory these tags in place of its own; durable on return."""

    def lexical(self, words: Sequence[str], limit: int) -> list[Hit]:
        """Return the memories that speak of any of `words`, by BM25 over speaker and content. Ref: robertson2009."""

    def dense(self, embedder: str, query: NDArray[np.float32], limit: int) -> list[Hit]:
        """Return the memories whose nearest passage has the largest cosine with `query`."""

    def similarities(self, embedder: str, query: NDArray[np.float32], ids: Sequence[str]) -> dict[str, float]:
        """Return the exact cosine of each of these memories, where it has a vector."""

    def tagged(self, tags: Sequence[str], limit: int) -> list[Hit]:
        """Return the memories with any of `tags`; a tag counts the more, the rarer it is."""

    def during(self, start: float, end: float, limit: int) -> list[Hit]:
        """Return the memories of that time, newest first, all with score 1."""

    def beside(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Neighbour]:
        """Return who stands at these (session, turn)s."""

    def links(self, ids: Sequence[str]) -> list[Link]:
        """Return all links from or to these memories."""

    def claimed(self, claim: str) -> list[Memory]:
        """Return the memories that state `claim` and were not superseded, oldest first."""

    def marked(self) -> list[Memory]:
        """Return what the user marked and did not supersede, oldest first."""

    def without_vectors(self, embedder: str, limit: int) -> list[Memory]:
        """Return memories that this embedder has not embedded yet, oldest first."""

    def each(self) -> Iterator[Memory]:
        """Give all memories in the order in which they were stored."""

    def recent(self, limit: int) -> list[Memory]:
        """Return the memories stored last, newest first."""

    def all_vectors(self, id: str) -> dict[str, Vectors]:
        """Return a memory's vectors by embedder."""

    def deleted(self) -> dict[str, float]:
        """Return the ids of what was deleted, with the time: whoever made something of them has to undo it."""

    def add_feedback(self, feedback: Feedback) -> None:
        """Keep what came of a recall; durable on return."""

    def feedback(self) -> Iterator[Feedback]:
        """Give all that came of recalls, oldest first, without what was deleted since."""

    def count(self) -> int:
        """Return how many memories there are."""

    def close(self) -> None:
        """Give files and connections back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
