"""Lists of specifications, as they are typed after `--rungs`."""

from __future__ import annotations

import re

# a comma goes on with the parameters of the same specification when `key=` follows it
_BETWEEN = re.compile(r",(?!\s*\w+=)")


def specs(text: str) -> tuple[str, ...]:
    """Return the specifications in `text`, which commas separate, as they do the parameters of each.

    >>> specs("control,search:n=8,k=3,vote")
    ('control', 'search:n=8,k=3', 'vote')
    """
    return tuple(part.strip() for part in _BETWEEN.split(text) if part.strip())
