"""Memories as they are shown: in a table, best first with why, and as --json has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nightschool.surface.memories.store import now
from nightschool.surface.terminal.table import table

if TYPE_CHECKING:
    from nightschool.remember.memory import Memory
    from nightschool.remember.recall.recall import Recollection

_SHOWN = 90  # characters of a memory in a table


def date(seconds: float) -> str:
    """Return a moment as it is shown, in UTC.

    >>> date(0.0)
    '1970-01-01 00:00'
    """
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):  # before the year 1 or after 9999
        return f"{seconds:g} s"


def described(memory: Memory) -> dict[str, Any]:
    """Return a memory as --json shows it."""
    from dataclasses import asdict

    return {"id": memory.id, **asdict(memory)}


def explained(found: Sequence[Recollection], *, every_score: bool) -> str:
    """Return what was recalled, best first; every_score: with all that each was found by and scored for."""
    lines = []
    for rank, each in enumerate(found, 1):
        memory = each.memory
        outdated = "  (superseded)" if memory.superseded_by else ""
        lines.append(f"{rank:>2}. {memory.text}{outdated}")
        if every_score:
            parts = ", ".join(f"{name} {value:+.2f}" for name, value in _largest(each.parts) if abs(value) >= 0.005)
            lines.append(f"    {memory.id}  {date(memory.time)}  score {each.score:.2f} = {parts}")
            lines.append(f"    found by {', '.join(each.ways)}; {each.retrievability:.0%} remembered")
    return "\n".join(lines)


def _largest(parts: Any) -> list[tuple[str, float]]:
    return sorted(parts.items(), key=lambda pair: -abs(pair[1]))


def listed(memories: Sequence[Memory]) -> str:
    """Return memories as a table, newest first."""
    from nightschool.remember.strength import retrievability

    moment = now()
    rows = [
        [
            memory.id,
            date(memory.time),
            f"{retrievability(memory.strength, moment):.0%}",
            "superseded" if memory.superseded_by else "marked" if memory.salience.marked else "",
            ", ".join(memory.tags[:3]),
            _cut(memory.text),
        ]
        for memory in memories
    ]
    return table(["memory", "stored", "left", "", "tags", "text"], rows, numbers=[2])


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 3] + "..."
