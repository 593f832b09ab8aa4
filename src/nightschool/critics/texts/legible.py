"""Text from anywhere, made fit for a message: one line, printable, and openly shortened."""

from __future__ import annotations


def legible(text: str, limit: int = 2000) -> str:
    """Return `text` without control characters and lone surrogates (they are written as escapes).

    limit: characters kept; what is left out is counted in the result, never dropped in silence.
    """
    kept = text if len(text) <= limit else text[:limit]
    kept = "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in kept)
    return kept if len(text) <= limit else f"{kept} ... ({len(text) - limit:,} more characters)"


def quote(text: str, limit: int = 60) -> str:
    """Return `text` in double quotes on one line, shortened to about `limit` characters.

    >>> quote("two\\nlines")
    '"two\\\\nlines"'
    """
    return '"' + legible(text, limit).replace("\n", "\\n") + '"'


def listed(words: list[str], limit: int = 5) -> str:
    """Return `words` with commas, at most `limit` of them; the rest are counted."""
    shown = ", ".join(words[:limit])
    return shown if len(words) <= limit else f"{shown} and {len(words) - limit:,} more"


def _escape(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
