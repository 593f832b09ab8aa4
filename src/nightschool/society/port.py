"""Ports: what a model predicts, with a type, so that models that speak of the same thing can be held together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from nightschool.errors import UsageError

Type = Literal["truth", "level", "number", "text"]


@dataclass(frozen=True, slots=True)
class Port:
    """A typed place that predictions are about.

    type: `truth` (yes or no), `level` (one of `levels`), `number` (a tensor of `shape`) or `text`.
    """

    name: str
    type: Type = "number"
    levels: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if (self.type == "level") != bool(self.levels):
            raise UsageError(f"the port {self.name!r} is of type {self.type}; only a level names its levels")

    @property
    def size(self) -> int:
        """Return how many values it can take. Raises UsageError for numbers and texts, which have no end of them."""
        if self.type == "truth":
            return 2
        if self.type == "level":
            return len(self.levels)
        raise UsageError(f"the port {self.name!r} is of type {self.type} and has no list of values")


def together(ports: Iterable[Port]) -> Mapping[str, Port]:
    """Return the ports by name. Raises UsageError for a name that comes with two types."""
    known: dict[str, Port] = {}
    for port in ports:
        other = known.setdefault(port.name, port)
        if other != port:
            raise UsageError(
                f"the port {port.name!r} has two types: {_said(other)} and {_said(port)}; rename one of them"
            )
    return known


def _said(port: Port) -> str:
    detail = f" {list(port.levels)}" if port.levels else f" {list(port.shape)}" if port.shape else ""
    return port.type + detail
