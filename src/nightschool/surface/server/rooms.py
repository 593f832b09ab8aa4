"""The memories of those who have keys: one room for each space, opened for a moment and closed again.

All of it may take a while, and belongs into a thread of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nightschool.remember.answered import keep_answer
from nightschool.remember.embed.port import Embedder
from nightschool.remember.forget import Forgotten, forget
from nightschool.remember.keep import embed_missing, keep
from nightschool.remember.memory import LinkKind, Memory, Salience
from nightschool.remember.recall.learn import ranker_of
from nightschool.remember.recall.recall import Recollection, recall
from nightschool.remember.store.opened import open_store
from nightschool.remember.store.port import Store
from nightschool.remember.strength import retrievability

_AT_ONCE = 64  # memories embedded in one go, of those that were stored without
_DAY = 86_400.0
_AHEAD, _FEW, _POINTS = 30, 12, 40  # days of the forgetting curve that are drawn, by few points or by many


@dataclass(frozen=True, slots=True)
class Called:
    """What a message called up. cue: the message; found: best first."""

    cue: str
    found: tuple[Recollection, ...] = ()

    @property
    def memories(self) -> tuple[Memory, ...]:
        """Return the memories alone."""
        return tuple(each.memory for each in self.found)


class Rooms:
    """The memories of all spaces. Calls may come from any thread; no call reaches two spaces.

    where: a folder or `postgresql://...`, None for the user's data folder; embedder: makes what recalls by meaning when
    it is first needed, None for recalling by words alone; clock: Unix seconds.
    """

    def __init__(
        self,
        where: str | None = None,
        embedder: Callable[[], Embedder | None] = lambda: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._where, self._make, self._clock = where, embedder, clock
        self._lock = threading.Lock()  # of the embedder: it is made once and used by one at a time
        self._made = False
        self._embedder: Embedder | None = None

    def _open(self, space: str) -> Store:
        return open_store(space, self._where)

    # --- as a conversation uses them -----------------------------------------------------------------------------

    def heard(self, space: str, text: str, session: str, turn: int) -> Memory:
        """Return what the user said, once it is kept. Raises BadMemory, StoreError."""
        with self._open(space) as store:
            return keep(store, Memory(text, self._clock(), "user", "", session, turn))

    def call_up(self, space: str, cue: str, limit: int, session: str = "") -> Called:
        """Return what `cue` calls up, without what was said in this session: that is before everybody's eyes."""
        if not cue.strip():
            return Called(cue)
        with self._open(space) as store, self._lock:
            found = self._recalled(store, cue, limit * 2)
        fitting = tuple(each for each in found if each.fits and (not session or each.memory.session != session))
        return Called(cue, fitting[:limit])

    def said(self, space: str, called: Called, answer: str, session: str, turn: int) -> None:
        """Keep what is new in the answer, and strengthen what was recalled for it and then used."""
        if not answer.strip():
            return
        with self._open(space) as store:
            memory = Memory(answer.strip(), self._clock(), "assistant", "I", session, turn)
            keep_answer(store, memory, called.cue, called.found)

    # --- as they are looked at and looked after ------------------------------------------------------------------

    def page(self, space: str, offset: int, limit: int) -> dict[str, Any]:
        """Return how many there are, and some of them, newest first."""
        with self._open(space) as store:
            some = store.recent(offset + limit)[offset:]
            return {"count": store.count(), "memories": [self._told(memory) for memory in some]}

    def texts(self, space: str, ids: Sequence[str]) -> dict[str, str]:
        """Return by id what these memories say; one that is forgotten is not among them."""
        with self._open(space) as store:
            return {id: memory.content for id, memory in store.get(ids).items()}

    def search(self, space: str, cue: str, limit: int) -> dict[str, Any]:
        """Return what `cue` calls up, best first, with what each was found by and scored for."""
        with self._open(space) as store, self._lock:
            found = self._recalled(store, cue, limit)
        told = [
            {**self._told(each.memory), "score": each.score, "ways": list(each.ways), "parts": dict(each.parts)}
            for each in found
        ]
        return {"count": len(told), "memories": told}

    def one(self, space: str, id: str) -> dict[str, Any]:
        """Return a memory with its forgetting curve and its links. Raises UnknownName."""
        with self._open(space) as store:
            memory = store.find(id)
            links = [link for link in store.links([memory.id]) if link.kind is not LinkKind.NEXT]
            others = store.get([link.target if link.source == memory.id else link.source for link in links])
        told_links = [
            {
                "kind": link.kind.value, "from": link.source, "to": link.target, "weight": link.weight,
                "text": others[other].text if (other := _other(link.source, link.target, memory.id)) in others else "",
            }
            for link in links
        ]  # fmt: skip
        return {**self._told(memory), "curve": self._curve(memory, _POINTS), "links": told_links}

    def add(self, space: str, text: str, tags: Sequence[str], marked: bool) -> dict[str, Any]:
        """Return the memory that was kept because somebody said so. Raises BadMemory."""
        with self._open(space) as store:
            memory = Memory(text.strip(), self._clock(), tags=tuple(tags), salience=Salience(marked=marked))
            return self._told(keep(store, memory))

    def change(
        self, space: str, id: str, text: str | None, tags: Sequence[str] | None, marked: bool | None
    ) -> dict[str, Any]:
        """Return the memory as it is after the change; one with another text is another, and the old one is forgotten.

        Raises UnknownName, BadMemory.
        """
        with self._open(space) as store:
            memory = store.find(id)
            if tags is not None:
                store.set_tags(memory.id, tuple(tags))
            if marked is not None:
                store.set_salience(memory.id, replace(memory.salience, marked=marked))
            [memory] = store.get([memory.id]).values()
            if text is not None and text.strip() != memory.content:
                anew = replace(memory, content=text.strip(), claim=None, superseded_by=None)
                changed = keep(store, anew if tags is not None else replace(anew, tags=()))
                forget(store, memory.id, self._clock())
                memory = changed
            return self._told(memory)

    def drop(self, space: str, id: str) -> Forgotten:
        """Return what went with a memory that is to be forgotten. Raises UnknownName."""
        with self._open(space) as store:
            return forget(store, id, self._clock())

    def _recalled(self, store: Store, cue: str, limit: int) -> list[Recollection]:
        if not self._made:
            self._embedder, self._made = self._make(), True
        while self._embedder is not None and embed_missing(store, self._embedder, _AT_ONCE):
            pass
        return recall(store, cue, self._embedder, self._clock(), limit, ranker=ranker_of(store))

    def _told(self, memory: Memory) -> dict[str, Any]:
        strength = memory.strength
        return {
            "id": memory.id,
            "text": memory.content,
            "time": memory.time,
            "source": memory.source,
            "who": memory.who,
            "session": memory.session,
            "tags": list(memory.tags),
            "salience": memory.salience.value,
            "reward": memory.salience.reward,
            "surprise": memory.salience.surprise,
            "marked": memory.salience.marked,
            "left": retrievability(strength, self._clock()),
            "curve": self._curve(memory, _FEW),
            "stability_days": strength.stability if strength else None,
            "recalls": strength.reviews if strength else 0,
            "superseded_by": memory.superseded_by,
        }

    def _curve(self, memory: Memory, points: int) -> list[tuple[int, float]]:
        """Return (Unix seconds, what is left) from the last recall to some weeks ahead, close where it bends."""
        if memory.strength is None:
            return []
        start = memory.strength.reviewed
        span = max(self._clock(), start) + _AHEAD * _DAY - start
        moments = [start + span * (step / (points - 1)) ** 2 for step in range(points)]
        return [(round(moment), round(retrievability(memory.strength, moment), 4)) for moment in moments]


def _other(source: str, target: str, mine: str) -> str:
    return target if source == mine else source
