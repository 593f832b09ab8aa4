"""Nights as they are listed."""

from __future__ import annotations

from typing import Any

from nightschool.surface.awake import ledger
from nightschool.surface.terminal.table import table


def listed(space: str = "default") -> list[dict[str, Any]]:
    """Return every night of `space`, oldest first, as --json shows it; `in_force` marks the one that is awake."""
    kept = ledger(space)
    if kept is None:
        return []
    found = []
    for night in kept.nights():
        current = kept.current(night.base)
        found.append({**night.as_dict(), "in_force": current is not None and current.name == night.name})
    return found


def drawn(nights: list[dict[str, Any]]) -> str:
    """Return the nights as a table; `*` marks those in force."""
    if not nights:
        return "no night was held yet; type: nightschool day sorting"
    rows = [
        [
            "*" if night["in_force"] else " ",
            night["name"],
            night["created"][:16].replace("T", " "),
            night["model"],
            night["task"],
            "accepted" if night["accepted"] else "refused",
            f"{night['lessons']:,}",
            f"{night['steps']:,}",
        ]
        for night in nights
    ]
    return table(["", "night", "held", "model", "task", "gate", "lessons", "steps"], rows, numbers=[6, 7])
