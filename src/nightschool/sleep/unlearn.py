"""Unlearning: what was forgotten on purpose leaves the weights too, exactly, by going back to before it was learned.

The mind wakes from the last night that never saw a forgotten memory; every night after it is purged, with its weights
and its lessons, and so is an interrupted one that was to learn it. What those nights taught besides is in the store
still, is unknown to the older weights, and is therefore what the next night selects. No weights that saw a forgotten
memory remain, so there is nothing to probe.
Ref: bourtoule2021 (retrain from the last checkpoint that has not seen it).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nightschool.sleep.evening.unfinished import names_any
from nightschool.sleep.nights.ledger import Ledger
from nightschool.sleep.nights.night import Night


@dataclass(frozen=True, slots=True)
class Unlearned:
    """night: the one in force now, None for the bare model; purged: names of the nights that are gone; memories: ids of
    forgotten memories that they had learned.
    """

    night: Night | None
    purged: tuple[str, ...]
    memories: frozenset[str]


def unlearn(ledger: Ledger, base: str, forgotten: Iterable[str], wakes: Night | None) -> Unlearned:
    """Return what is in force once no night of the model `base` is left that learned, or grew from, a forgotten memory.

    forgotten: ids; wakes: the night in force. Every step can be killed: what is left to do is done the next time, so
    that a night whose purge was begun (`Ledger.is_gutted`) goes too, and what grew from it.
    Raises NightError.
    """
    ids = frozenset(forgotten)
    learned: set[str] = set()
    doomed: dict[str, Night] = {}
    for night in ledger.nights(base) if ids else ():  # in order: a parent comes before what grew from it
        found = ids & {id for lesson in ledger.lessons(night) for id in lesson.memories}
        if found or night.parent in doomed or ledger.is_gutted(night):
            doomed[night.name] = night
            learned |= found
    lineage = ledger.lineage(wakes)
    clean = [night for night in lineage if night.name not in doomed]
    for folder in (ledger.folder / "unfinished").glob("*"):
        if names_any(folder, ids):
            ledger.finish(folder.name)
    ledger.purge(list(doomed.values()))
    return Unlearned(clean[-1] if clean else None, tuple(doomed), frozenset(learned))
