"""Forgetting on purpose: a memory goes, and with it every mention of it in what was made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nightschool.remember.memory import Link, LinkKind, Memory
from nightschool.remember.store.port import Entry, Store

SUMMARY = "summary"
"""the source of a memory that was made of others, one line for each piece that it took"""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went. summaries: those that lost lines; gone: those of which nothing was left; ids: all that is no more."""

    memory: Memory
    vectors: int
    links: int
    summaries: int
    gone: int
    ids: tuple[str, ...]


def forget(store: Store, id: str, now: float) -> Forgotten:
    """Return what went with the memory of this id, once nothing of it is on the disk any more.

    A summary loses the lines that the memory contains; one in which no line can be told apart (a model wrote it in its
    own words) goes as a whole: it can be made again of what is left. All of it is one transaction.

    Raises UnknownName, StoreError.
    """
    memory = store.find(id)
    made = [link.source for link in store.links([memory.id]) if _is_made_of(link, memory.id)]
    doomed, renewed = [memory.id], []
    for summary in store.get(made).values():
        doomed.append(summary.id)
        lines = [line for line in summary.content.splitlines() if line.strip()]
        left = [line for line in lines if not _mentions(line, memory)]
        if left and len(left) < len(lines):
            shorter = replace(summary, content="\n".join(left), strength=summary.strength)
            renewed.append(Entry(shorter, {}, _moved(store.links([summary.id]), summary.id, shorter.id, doomed)))
    written = store.write(renewed, doomed, now)
    gone = len(doomed) - 1 - len(renewed)
    return Forgotten(memory, written.vectors, written.links, len(renewed), gone, tuple(doomed))


def _is_made_of(link: Link, id: str) -> bool:
    return link.kind is LinkKind.DERIVED and link.target == id


def _mentions(line: str, memory: Memory) -> bool:
    said = line.partition(": ")[2] if memory.who and line.startswith(f"{memory.who}: ") else line
    return said.strip() in memory.content or memory.content in line


def _moved(links: Sequence[Link], old: str, new: str, without: Sequence[str]) -> list[Link]:
    return [
        replace(link, source=new)
        for link in links
        if link.source == old and link.target not in without and link.kind is LinkKind.DERIVED
    ]
