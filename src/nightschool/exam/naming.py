"""Names of rows: what two rungs would call the same is told apart by the parameters in which they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

from nightschool.exam.result import Row
from nightschool.exam.rung import Rung


def told_apart(fresh: Sequence[Row], rung: Rung, rows: Mapping[str, Row], made_by: Mapping[str, Rung]) -> list[Row]:
    """Return the rows of `rung` under names that none of `rows` has, which other rungs made.

    `monologue:tokens=16,monologue:tokens=96` gives `monologue` and `monologue,tokens=96`. What is the same way with the
    same answers is the same row, and is left out (`vote:n=4,vote:n=16` both look at four draws).
    """
    names: dict[str, str] = {}
    kept = []
    for row in fresh:
        if row.name in rows and _same(row, rows[row.name]):
            continue
        if row.name in rows:
            names[row.name] = _free(f"{row.name}{_difference(rung, made_by[row.name])}", {*rows, *names.values()})
        kept.append(row)
    return [
        replace(row, name=names.get(row.name, row.name), spread={names.get(k, k): v for k, v in row.spread.items()})
        for row in kept
    ]


def _same(one: Row, other: Row) -> bool:
    return (one.rung, one.way, one.unavailable, _said(one)) == (other.rung, other.way, other.unavailable, _said(other))


def _said(row: Row) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(record.item, record.prompt, record.answers) for record in row.records]


def _difference(rung: Rung, other: Rung) -> str:
    """Return the parameters of `rung` that are others in `other`, as they stand in a specification."""
    mine, theirs = (getattr(each, "__dict__", {}) for each in (rung, other))
    plain = {name: value for name, value in mine.items() if isinstance(value, (bool, int, float, str))}
    return "".join(f",{name}={value}" for name, value in plain.items() if theirs.get(name) != value)


def _free(name: str, taken: set[str]) -> str:
    return name if name not in taken else next(f"{name} ({n})" for n in count(2) if f"{name} ({n})" not in taken)
