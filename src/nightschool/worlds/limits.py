"""The checks of a world's parameters that several worlds share."""

from __future__ import annotations

from typing import Any

from nightschool.errors import BadSpec


def whole(world: str, **limits: tuple[Any, int, int]) -> None:
    """Raise BadSpec unless each value is a whole number from its least to its most.

    >>> whole("copying", n=(5, 3, 20))
    >>> whole("copying", n=(5, 3, 20), fillers=(0, 1, 200))
    Traceback (most recent call last):
    nightschool.errors.BadSpec: copying: fillers is a whole number from 1 to 200, not 0
    """
    for name, (value, least, most) in limits.items():
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise BadSpec(f"{world}: {name} is a whole number from {least} to {most}, not {value!r}")


def flag(world: str, **values: Any) -> None:
    """Raise BadSpec unless each of `values` is true or false."""
    for name, value in values.items():
        if not isinstance(value, bool):
            raise BadSpec(f"{world}: {name} is true or false, not {value!r}")
