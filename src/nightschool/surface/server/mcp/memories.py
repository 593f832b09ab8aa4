"""Memories as tools reach them: kept at once, recalled by what they say, one space."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nightschool.surface.memories.shown import described
from nightschool.surface.memories.store import now, opened

if TYPE_CHECKING:
    from nightschool.remember.embed.port import Embedder

_AT_ONCE = 64


class Memories:
    """The memories of one space. embedder: makes what recalls by meaning, when first needed; None: by words alone.

    Calls may come from any thread; they are done one after the other.
    """

    def __init__(self, space: str, where: str | None, embedder: Callable[[], Embedder | None]) -> None:
        self._space, self._where, self._make = space, where, embedder
        self._lock = threading.Lock()
        self._made = False
        self._embedder: Embedder | None = None

    def remember(self, text: str, tags: Sequence[str], mark: bool) -> dict[str, Any]:
        """Return the memory that was kept, for good, and which older ones it supersedes. Raises BadMemory."""
        from nightschool.remember.keep import keep
        from nightschool.remember.memory import Memory, Salience

        with self._lock, opened(self._space, self._where) as store:
            memory = keep(store, Memory(text.strip(), now(), tags=tuple(tags), salience=Salience(marked=mark)))
            older = [link.target for link in store.links([memory.id]) if link.kind == "contradicts"]
        return {"id": memory.id, "tags": list(memory.tags), "supersedes": older}

    def recall(self, cue: str, limit: int) -> list[dict[str, Any]]:
        """Return the memories that `cue` calls up, best first."""
        from nightschool.remember.keep import embed_missing
        from nightschool.remember.recall.learn import ranker_of
        from nightschool.remember.recall.recall import recall

        with self._lock, opened(self._space, self._where) as store:
            if not self._made:
                self._embedder, self._made = self._make(), True
            while self._embedder is not None and embed_missing(store, self._embedder, _AT_ONCE):
                pass
            found = recall(store, cue, self._embedder, now(), limit, ranker=ranker_of(store))
        told = []
        for each in found:
            memory = described(each.memory)
            kept = {name: memory[name] for name in ("id", "content", "time", "who", "tags", "superseded_by")}
            told.append({**kept, "score": each.score, "found_by": list(each.ways)})
        return told
