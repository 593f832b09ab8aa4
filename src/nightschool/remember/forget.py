"""Forgetting on purpose: a memory goes, and with it every mention of it in what was made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from nightschool.remember.memory import Link, LinkKind, Memory
from nightschool.remember.store.port import Entry, Store

SUMMARY = "summary"
"""the source of a memory that was made of others, one line for each piece that it took"""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went. summaries: those, and answers, that lost lines; gone: those of which nothing was left.

    ids: of all that is no more.
    """

    memory: Memory
    vectors: int
    links: int
    summaries: int
    gone: int
    ids: tuple[str, ...]


def forget(store: Store, id: str, now: float) -> Forgotten:
    """Return what went with the memory of this id, once nothing of it is on the disk any more.

    Of a summary, or an answer that was made of it, those lines stay that other memories contain word for word; what a
    model wrote in its own words goes, since nobody can tell what it was made of. All of it is one transaction.

    Raises UnknownName, StoreError.
    """
    memory = store.find(id)
    doomed, shorter = _reached(store, memory)
    gone = [each.id for each in doomed]
    renewed = []
    for old, left in shorter:
        new = replace(old, content="\n".join(left), strength=old.strength)
        renewed.append(Entry(new, {}, _moved(store.links([old.id]), old.id, new.id, gone)))
    ids = (*gone, *(old.id for old, _ in shorter))
    written = store.write(renewed, ids, now)
    return Forgotten(memory, written.vectors, written.links, len(renewed), len(gone) - 1, ids)


def _reached(store: Store, memory: Memory) -> tuple[list[Memory], list[tuple[Memory, list[str]]]]:
    """Return what goes as a whole, `memory` first, and what becomes shorter, with the lines that stay."""
    doomed = [memory]
    while True:
        ids = [each.id for each in doomed]
        links = store.links(ids)
        made = store.get([link.source for link in links if link.kind is LinkKind.DERIVED and link.target in ids])
        lines = {id: _left(store, one, doomed) for id, one in made.items() if id not in ids}
        nothing = [made[id] for id, left in lines.items() if not left]
        if not nothing:
            return doomed, [(made[id], left) for id, left in lines.items()]
        doomed += nothing  # and what was made of these in turn


def _left(store: Store, made: Memory, doomed: Sequence[Memory]) -> list[str]:
    """Return the lines that something says which stays, and nothing which goes."""
    of = [link.target for link in store.links([made.id]) if link.source == made.id and link.kind is LinkKind.DERIVED]
    others = store.get([id for id in of if all(id != each.id for each in doomed)]).values()
    lines = [line for line in made.content.splitlines() if line.strip()]
    return [line for line in lines if not _says(line, doomed) and _says(line, others)]


def _says(line: str, memories: Iterable[Memory]) -> bool:
    return any(_mentions(line, memory) for memory in memories)


def _mentions(line: str, memory: Memory) -> bool:
    """Return whether the memory says this line, or the line all of the memory."""
    said = line.partition(": ")[2] if memory.who and line.startswith(f"{memory.who}: ") else line
    return said.strip() in memory.content or memory.content in line


def _moved(links: Sequence[Link], old: str, new: str, without: Sequence[str]) -> list[Link]:
    return [
        replace(link, source=new)
        for link in links
        if link.source == old and link.target not in without and link.kind is LinkKind.DERIVED
    ]
