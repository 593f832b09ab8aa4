"""A strategy's parameters as its specification, and the checks that they all share."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from nightschool.errors import BadSpec
from nightschool.registry import Spec


def spec_of(name: str, strategy: Any) -> str:
    """Return `strategy` as a user would write it: its first parameter, and the others where they are not the default.

    >>> from nightschool.think.vote import Vote
    >>> Vote(n=5).spec
    'vote:n=5'
    """
    params = {}
    for place, field in enumerate(field for field in fields(strategy) if field.init):
        value = getattr(strategy, field.name)
        if place == 0 or value != field.default:
            params[field.name] = value
    return str(Spec(name, params))


def whole(strategy: str, least: int = 1, **values: Any) -> None:
    """Raise BadSpec unless each of `values` is a whole number of at least `least`."""
    for name, value in values.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise BadSpec(f"{strategy}: {name} is a whole number of at least {least}, not {value!r}; type {name}=8")


def one_of(strategy: str, allowed: tuple[Any, ...], **values: Any) -> None:
    """Raise BadSpec unless each of `values` is one of `allowed`."""
    for name, value in values.items():
        if value not in allowed:
            raise BadSpec(f"{strategy}: {name} is one of {', '.join(map(str, allowed))}, not {value!r}")


def between(strategy: str, low: float, high: float, **values: Any) -> None:
    """Raise BadSpec unless each of `values` is a number in [low, high]."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise BadSpec(f"{strategy}: {name} is a number from {low:g} to {high:g}, not {value!r}")
