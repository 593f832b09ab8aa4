"""What memories are in tables: the same columns and the same complaints, whichever the database is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from nightschool.errors import StoreError, UnknownName
from nightschool.remember.memory import Memory, Salience, Strength
from nightschool.remember.store.port import Feedback

COLUMNS = (
    "id, content, time, source, who, session, turn, reward, surprise, marked, stability, difficulty, reviewed, "
    "reviews, claim, superseded_by"
)
"""those of a memory, tags excepted, in the order of `row_of`"""
MANY = 500
"""rows that are asked for at once"""


def row_of(memory: Memory) -> tuple[Any, ...]:
    """Return the values of COLUMNS."""
    m = memory
    place = (m.id, m.content, m.time, m.source, m.who, m.session, m.turn)
    return (*place, *salience_of(m.salience), *strength_of(m.strength), m.claim, m.superseded_by)


def salience_of(salience: Salience) -> tuple[Any, ...]:
    """Return the values of `reward, surprise, marked`."""
    return salience.reward, salience.surprise, salience.marked


def strength_of(strength: Strength | None) -> tuple[Any, ...]:
    """Return the values of `stability, difficulty, reviewed, reviews`."""
    s = strength
    return (s.stability, s.difficulty, s.reviewed, s.reviews) if s else (None,) * 4


def memory_of(row: Sequence[Any], tags: Iterable[str]) -> Memory:
    """Return the memory of a row that begins with COLUMNS."""
    content, time, source, who, session, turn, reward, surprise, marked = row[1:10]
    strength = None if row[10] is None else Strength(*row[10:14])
    salience = Salience(reward, surprise, bool(marked))
    memory = Memory(content, time, source, who, session, turn, tuple(tags), salience, strength, row[14], row[15])
    return memory.called(row[0])


def feedback_of(cue: str, time: float, rows: Sequence[tuple[str, str, Any]]) -> Feedback:
    """Return the feedback whose shown memories are `rows`: id, features as JSON, whether it was of use."""
    shown = {id: json.loads(features) for id, features, _ in rows}
    return Feedback(cue, time, shown, tuple(id for id, _, useful in rows if useful))


def the_one(name: str, found: Sequence[Memory]) -> Memory:
    """Return the one memory that was found by the beginning of its id. Raises UnknownName for none or several."""
    if len(found) != 1:
        hint = "it begins several ids; write more of it" if found else "nightschool ls memories"
        raise UnknownName("memory", name, [m.id for m in found], hint=hint)
    return found[0]


def refuse_length(embedder: str, known: int, dims: int) -> None:
    """Raise StoreError for a vector of `dims` dimensions where those of its embedder have `known`."""
    if dims != known:
        raise StoreError(
            f"vectors of {embedder} have {known} dimensions in this store, not {dims}; "
            "it is another model by the same name: give it another name"
        )
