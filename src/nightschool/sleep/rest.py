"""What a night does that needs no weights: old conversations are summed up, memories tagged, what matters held longer.

It is all that a mind behind an endpoint can do at night, and every other one does it first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nightschool.remember.compact import compacted
from nightschool.remember.forget import SUMMARY
from nightschool.remember.memory import Memory, Salience
from nightschool.remember.store.port import Entry, Store
from nightschool.remember.strength import born
from nightschool.remember.tags import tags_of

_LONG = 12  # turns: shorter conversations are remembered as they are
_EXPECTED = 0.5  # probability of a reward from which on a memory fades more slowly


@dataclass(frozen=True, slots=True)
class Rested:
    """tagged: memories that had no tags; summed: conversations that got a summary; foretold: memories of which the
    hippocampus told whether reward follows; held: of those, the ones that fade more slowly from now on.
    """

    tagged: int = 0
    summed: int = 0
    foretold: int = 0
    held: int = 0

    def __str__(self) -> str:
        told = f"; rewards foretold of {self.foretold} memories, {self.held} held longer" if self.foretold else ""
        return f"{self.tagged} memories tagged, {self.summed} conversations summed up{told}"


def rest(store: Store, now: float, foreseen: Mapping[str, float] | None = None) -> Rested:
    """Return what was done with the memories of `store`. now: Unix seconds; foreseen: by id, as `Sleeper.foresee`."""
    memories = list(store.each())
    tagged = 0
    for memory in memories:
        if not memory.tags and (tags := tags_of(memory.content)):
            store.set_tags(memory.id, tags)
            tagged += 1
    return Rested(tagged, _sum_up(store, memories, now), len(foreseen or {}), _hold(store, memories, foreseen or {}))


def _sum_up(store: Store, memories: Sequence[Memory], now: float) -> int:
    sessions: dict[str, list[Memory]] = {}
    for memory in memories:
        if memory.session:
            sessions.setdefault(memory.session, []).append(memory)
    made = 0
    for turns in sessions.values():
        said = sorted((each for each in turns if each.source != SUMMARY), key=lambda each: each.turn or 0)
        if len(said) < _LONG or len(said) < len(turns):  # one with a summary has been seen to
            continue
        if found := compacted(said, now):
            store.write([Entry(found[0], {}, found[1])])
            made += 1
    return made


def _hold(store: Store, memories: Sequence[Memory], foreseen: Mapping[str, float]) -> int:
    stronger = {}
    for memory in memories:
        expected = foreseen.get(memory.id, 0.0)
        if expected < _EXPECTED or memory.strength is None:
            continue
        wanted = born(Salience(reward=expected), memory.strength.reviewed)
        if wanted.stability > memory.strength.stability:
            stronger[memory.id] = wanted
    if stronger:
        store.set_strengths(stronger)
    return len(stronger)
