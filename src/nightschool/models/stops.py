"""Where stop strings end a text, and how much of a growing text may already be shown."""

from __future__ import annotations

from collections.abc import Sequence


def cut(text: str, stops: Sequence[str]) -> int | None:
    """Return where the first stop string in `text` begins, or None; an empty stop string never matches.

    >>> cut("4, 5\\n\\nNext", ["\\n\\n", "Next"])
    4
    """
    found = [at for at in (text.find(stop) for stop in stops if stop) if at >= 0]
    return min(found, default=None)


def shown(text: str, stops: Sequence[str]) -> int:
    """Return how many characters of `text` can no longer become part of a stop string.

    >>> shown("4, 5\\n", ["\\n\\n"])
    4
    """
    end = len(text)
    for stop in stops:
        for length in range(min(len(stop) - 1, len(text)), 0, -1):
            if text.endswith(stop[:length]):
                end = min(end, len(text) - length)
                break
    return end
