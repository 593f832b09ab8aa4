"""What a night does for the concepts that were drawn: a recogniser dreams of them, so that search starts closer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nightschool.errors import MissingDependency
from nightschool.surface.concepts.library import library

if TYPE_CHECKING:
    from nightschool.ports import Watcher
    from nightschool.society.library import Library
    from nightschool.society.strokes.dreams import Shortlist

MANY = 24
"""drawn concepts: fewer are all fitted anyway"""
FITTED = 12
"""concepts that are fitted to a drawing where a recogniser has dreamt"""


def dream_of_concepts(seed: int, watch: Watcher) -> dict[str, Any] | None:
    """Return what was dreamt of the user's drawn concepts: how many, and losses; None where there is nothing to do.

    Nothing is done for fewer than `MANY` drawings, nor where the last dreams were of these very ones.
    """
    try:
        shelf = library()
    except MissingDependency:
        return None
    known = shelf.drawings()
    if len(known) < MANY or (shortlist_of(shelf) is not None):
        return None
    from nightschool.items import Noise
    from nightschool.society.strokes.dreams import learn_shortlist

    watch.stage(f"dreaming of {len(known)} drawings")
    shortlist, losses = learn_shortlist(known, shelf.drawn, Noise(("dreams", seed)))
    shelf.keep_dreams(shortlist.pack())
    return {"drawings": len(known), "first_nats": losses[0], "last_nats": sum(losses[-20:]) / len(losses[-20:])}


def shortlist_of(shelf: Library) -> Shortlist | None:
    """Return the recogniser that dreamt of just the drawings of `shelf`, None where there is none or others came."""
    data = shelf.dreams()
    if data is None:
        return None
    from nightschool.society.strokes.dreams import Shortlist

    found = Shortlist.unpack(data)
    return found if found.digest == shelf.drawn else None
