"""Rooms that can be called: `ns.think(...)` and `ns.exam(...)`, while `nightschool.think.vote` stays what it is."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class Called(ModuleType):
    """A package that can be called: what it does then is the function of its name in `surface.python`."""

    @property
    def __wrapped__(self) -> Any:
        """Return that function; `inspect` looks here for the signature that a notebook shows."""
        return getattr(import_module("nightschool.surface.python"), self.__name__.rpartition(".")[2])

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Return what that function returns."""
        return self.__wrapped__(*args, **options)


def let_be_called(room: str) -> None:
    """Let the imported package `room` be called; to whoever imports from it nothing changes."""
    sys.modules[room].__class__ = Called
