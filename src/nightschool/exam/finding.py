"""What an analysis found, as plain data: a sentence, a table, drawings, and the numbers by name.

A finding says nothing about how it is shown; the report draws `Drawing`s of a few kinds and lays out any table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Cell = str | float | int | None
Kind = Literal["strong", "muted", "trained", "dashed"]


@dataclass(frozen=True, slots=True)
class Series:
    """One curve. points: (x, y); band: (x, low, high) where it has an interval; kind: how it is drawn."""

    name: str
    points: tuple[tuple[float, float], ...]
    band: tuple[tuple[float, float, float], ...] = ()
    kind: Kind = "strong"


@dataclass(frozen=True, slots=True)
class Drawing:
    """What to draw.

    kind: `lines` (curves, with axes named x and y), `dots` (points alone), `shares` (parts of a whole), `strip` (rates
    on one axis). rate: y runs from 0 to 100%; log_y: y is logarithmic. parts: name -> (value, low, high) for shares,
    name -> (rate, rate, rate) for a strip.
    """

    kind: Literal["lines", "dots", "shares", "strip"]
    title: str
    x: str = ""
    y: str = ""
    rate: bool = False
    log_y: bool = False
    series: tuple[Series, ...] = ()
    parts: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one analysis found. unavailable: why there is nothing; facts: numbers by name, as JSON can hold them."""

    name: str
    title: str
    sentence: str = ""
    notes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    table: tuple[tuple[Cell, ...], ...] = ()
    drawings: tuple[Drawing, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    unavailable: str | None = None
