"""From an experience to what is written for it: tags, strength, links, vectors, and what it supersedes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nightschool.remember.claims import claim_of
from nightschool.remember.embed.port import Embedder
from nightschool.remember.memory import Link, LinkKind, Memory
from nightschool.remember.store.port import Entry, Store
from nightschool.remember.strength import born
from nightschool.remember.tags import tags_of

_KIN = 3  # memories of the same rare thing that a new one is linked to
_BATCH = 64


def keep(store: Store, memory: Memory, embedder: Embedder | None = None) -> Memory:
    """Return `memory` with its tags, strength and claim, once it is durably in `store`, with links and vectors.

    Tags and a claim that it has already stay. A memory that is there already is not changed. Raises StoreError.
    """
    entry = entry_of(store, memory, embedder)
    store.write([entry])
    return store.get([entry.memory.id])[entry.memory.id]


def entry_of(store: Store, memory: Memory, embedder: Embedder | None = None) -> Entry:
    """Return all that is to be written for `memory`; nothing is written."""
    memory = replace(
        memory,
        tags=memory.tags or tags_of(memory.content),
        claim=memory.claim or claim_of(memory.content, memory.who),
        strength=memory.strength or born(memory.salience, memory.time),
    )
    older = [old.id for old in store.claimed(memory.claim) if old.id != memory.id] if memory.claim else []
    vectors = {embedder.name: embedder.memories([memory.text])[0]} if embedder else {}
    links = (
        *_next(store, memory),
        *_kin(store, memory),
        *(Link(memory.id, old, LinkKind.CONTRADICTS) for old in older),
    )
    return Entry(memory, vectors, links, older)


def noted(store: Store, id: str, *, tags: Sequence[str] = (), surprise: float | None = None) -> Memory | None:
    """Return the memory of this id with what a model noted of it, once that is kept; None where it is gone by now.

    Its own tags lead to kin as those that it had do. What was striking starts stronger, unless it was recalled since.
    """
    memory = store.get([id]).get(id)
    if memory is None:
        return None
    if tags:
        store.set_tags(id, tags)
        memory = replace(memory, tags=tuple(tags))
        store.write([Entry(memory, links=_kin(store, memory))])
    if surprise is not None:
        salience = replace(memory.salience, surprise=surprise)
        store.set_salience(id, salience)
        if memory.strength is None or not memory.strength.reviews:
            store.set_strengths({id: born(salience, memory.time)})
    return store.get([id]).get(id)


def embed_missing(store: Store, embedder: Embedder, most: int | None = None) -> int:
    """Return how many memories got the vectors that they lacked: those stored in haste, or under another embedder."""
    done = 0
    while most is None or done < most:
        some = store.without_vectors(embedder.name, _BATCH if most is None else min(_BATCH, most - done))
        if not some:
            break
        rows = embedder.memories([memory.text for memory in some])
        store.write(Entry(memory, {embedder.name: vectors}) for memory, vectors in zip(some, rows, strict=True))
        done += len(some)
    return done


def _next(store: Store, memory: Memory) -> Sequence[Link]:
    if not memory.session:
        return ()
    before = store.beside([(memory.session, memory.turn - 1)])
    return [Link(other.id, memory.id, LinkKind.NEXT) for other in before.values()]


def _kin(store: Store, memory: Memory) -> Sequence[Link]:
    # a tag that few share says more: `tagged` gives each its part of 1
    hits = store.tagged(memory.tags, _KIN + 1)
    return [
        Link(memory.id, hit.id, LinkKind.ENTITY, round(min(1.0, hit.score), 4)) for hit in hits if hit.id != memory.id
    ][:_KIN]
