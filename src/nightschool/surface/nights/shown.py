"""Nights as they are listed, and what a night over memories would learn or brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nightschool.surface.nights.in_force import ledger
from nightschool.surface.terminal.table import table

if TYPE_CHECKING:
    from nightschool.sleep.consolidate import MemoryNight
    from nightschool.sleep.evening.evening import Evening

_SHOWN = 20  # memories in a table


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


def planned(evening: Evening) -> str:
    """Return what a night would learn, as a person reads it on a terminal."""
    chosen = evening.selection.chosen
    rows = [
        ["?" if each.nats is None else f"{each.nats:.2f}", f"{len(each.lessons)}", _cut(each.memory.text)]
        for each in chosen[:_SHOWN]
    ]
    lines = [table(["nats", "lessons", "memory, most urgent first"], rows, numbers=[0, 1])] if rows else []
    if len(chosen) > _SHOWN:
        lines.append(f"... and {len(chosen) - _SHOWN} more; --json has them all")
    steps = "" if evening.steps is None else f", at most {evening.steps} steps"
    lines.append(f"{len(chosen)} memories make {len(evening.selection.lessons)} lessons{steps}")
    lines += [f"left alone: {count} {why}" for why, count in sorted(evening.selection.counts().items())]
    for new, old in evening.contradictions:
        lines.append(f"contradicting: {_cut(new.text)!r} is learned, and not the older {_cut(old.text)!r}")
    if evening.split:
        lines.append(f"split: {evening.split} lessons too long for the model's context are learned in parts")
    if evening.unfit:
        lines.append(f"left out: {evening.unfit} lessons whose question alone fills the model's context")
    if evening.dropped:
        lines.append(f"left out: {evening.dropped} lessons that an exam asks")
    return "\n".join(lines)


def told(found: MemoryNight) -> tuple[str, dict[str, Any]]:
    """Return what a night brought, in words and as --json shows it."""
    lines = [planned(found.evening)]
    if found.rested is not None:
        lines.append(f"put in order: {found.rested}")
    if found.unlearned is not None:
        nights = ", ".join(found.unlearned.purged)
        lines.append(f"unlearned: {len(found.unlearned.memories)} forgotten memories, with nights {nights}")
    data: dict[str, Any] = {"evening": found.evening.as_dict(), "accepted": found.accepted, "reason": found.reason}
    if found.rested is not None:
        data["rested"] = asdict(found.rested)
    if found.unlearned is not None:
        data["unlearned"] = {"memories": sorted(found.unlearned.memories), "purged": list(found.unlearned.purged)}
    if found.night is None:
        lines.append(found.reason)
        return "\n".join(lines), data
    assert found.taught is not None
    assert found.decision is not None
    lines.append(
        f"sleep: {len(found.taught.losses)} steps, loss {found.taught.losses[0]:.2f} to {found.taught.losses[-1]:.2f}"
    )
    if found.taught.stopped == "seconds":
        lines.append("the lessons ended early, because the night did")
    lines.append(f"gate: {'accepted' if found.accepted else 'rolled back'}: {found.reason}")
    for each in found.decision.watched:
        unit = " nats per token" if each.kind == "text" else ""
        why = "" if each.counts else f" ({each.why_not})"
        lines.append(f"watched: {each.name} {each.before:.3f} to {each.after:.3f}{unit}{why}")
    lines += [_since_first(each) for each in found.since_first]
    lines.append(f"night {found.night.name}: {', '.join(f'{k} {v:.0f} s' for k, v in found.seconds.items())}")
    data |= {
        "night": found.night.as_dict(),
        "shares": list(found.tried.shares) if found.tried else [],
        "losses": list(found.taught.losses),
        "stopped": found.taught.stopped,
        "seconds": found.seconds,
        "since_first": found.since_first,
        "watched": [
            {"name": each.name, "before": each.before, "after": each.after, "low": each.low, "counts": each.counts}
            for each in found.decision.watched
        ],
    }
    return "\n".join(lines), data


def _since_first(told: Mapping[str, Any]) -> str:
    unit = " nats per token" if told["kind"] == "text" else ""
    change = f"{told['before']:.3f} to {told['after']:.3f}{unit}"
    return f"since before the first of {told['nights']} nights: {told['name']} {change}"


def _cut(text: str, most: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 3] + "..."
