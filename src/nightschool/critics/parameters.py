"""Reading the parameters that critics share, with errors that say what to type."""

from __future__ import annotations

import math

from nightschool.errors import BadSpec
from nightschool.ports import Sight


def sight_of(value: Sight | str, critic: str) -> Sight:
    """Return what the critic sees. Raises BadSpec."""
    return Sight(one_of(str(value), [str(s) for s in Sight], "sight", critic))


def one_of(value: str, known: list[str], name: str, critic: str) -> str:
    """Return `value` if it is among `known`. Raises BadSpec."""
    if value not in known:
        raise BadSpec(f"{name} of the critic {critic} is one of {', '.join(known)}, not {value!r}")
    return value


def at_least_zero(value: float | str, name: str, critic: str) -> float:
    """Return `value` if it is a finite number and not negative. Raises BadSpec."""
    if isinstance(value, str) or not math.isfinite(value) or value < 0:
        raise BadSpec(f"{name} of the critic {critic} is a number of 0 or more, not {value!r}")
    return value


def above_zero(value: float | str, name: str, critic: str) -> float:
    """Return `value` if it is a finite number above zero. Raises BadSpec."""
    number = at_least_zero(value, name, critic)
    if number == 0:
        raise BadSpec(f"{name} of the critic {critic} is a number above 0, not {value!r}")
    return number


def share(value: float | str, name: str, critic: str) -> float:
    """Return `value` if it is a number from 0 to 1. Raises BadSpec."""
    number = at_least_zero(value, name, critic)
    if number > 1:
        raise BadSpec(f"{name} of the critic {critic} is a number from 0 to 1, not {value!r}")
    return number


def input_text(inputs: dict[str, str], name: str | None, usual: str, critic: str) -> str:
    """Return the input called `name`; without a name, the one called `usual` or else the only one.

    Raises LookupError, naming the inputs that the item has.
    """
    if name is None:
        name = usual if usual in inputs or len(inputs) != 1 else next(iter(inputs))
    if name not in inputs:
        have = ", ".join(inputs) or "none"
        raise LookupError(f"the item has no input {name!r} (it has: {have}); type {critic}:source=NAME")
    return inputs[name]
