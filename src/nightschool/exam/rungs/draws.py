"""Many draws of one prompt, at several widths: the first draws of the same run, so that widths are compared fairly."""

from __future__ import annotations

from typing import Any

from nightschool.errors import BadSpec
from nightschool.exam.rung import Absent, Part, Room
from nightschool.exam.rungs.asking import part
from nightschool.ports import Search
from nightschool.think.best_of_n import BestOfN


def widths(n: int) -> tuple[int, ...]:
    """Return 1, 4, 16, ... up to n, and n itself.

    >>> widths(16), widths(10), widths(1)
    ((1, 4, 16), (1, 4, 10), (1,))
    """
    found = []
    width = 1
    while width < n:
        found.append(width)
        width *= 4
    return (*found, n)


def check(name: str, n: int, k: int, temperature: float) -> None:
    """Raise BadSpec for numbers that make no sense."""
    if n < 1 or k < 0 or not temperature > 0:
        raise BadSpec(
            f"{name}: n is at least 1, k at least 0 and temperature above 0 (equal draws cannot be searched), "
            f"not n={n}, k={k}, temperature={temperature}; type {name}:n=16"
        )


def drawing(room: Room, name: str, n: int, k: int, temperature: float) -> Part | Absent:
    """Return n draws for each item, judged as they come: by the verifier, or by the reference where there is none.

    Whoever asks for the same n, k and temperature gets the same draws, so that vote and search share them.
    """
    search: Search[Any] = BestOfN(n, critic="verifier" if room.world.verifier is not None else "reference")
    return part(room, name, room.wording, search=search, k=k, temperature=temperature)
