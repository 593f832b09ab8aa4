"""A listener for when nobody else listens: lines to standard error, no bars."""

from __future__ import annotations

import sys
from typing import Any


class Told:
    """Writes what is said to standard error, as it may be licence terms, and keeps quiet about progress."""

    def stage(self, name: str, total: float | None = None, unit: str = "") -> None:
        """Write the name of the stage."""
        print(name, file=sys.stderr)

    def advance(self, amount: float = 1.0, **facts: Any) -> None:
        """Say nothing."""

    def say(self, text: str) -> None:
        """Write the line."""
        print(text, file=sys.stderr)
