"""Putting values into a text: `{name}` and nothing cleverer.

`str.format` would let a template reach into objects (`{input.__class__}`) and would choke on the braces of JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from nightschool.errors import UnknownName

_FIELD = re.compile(r"\{\{([A-Za-z_]\w*)\}\}|\{([A-Za-z_]\w*)\}")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return `template` with each `{name}` replaced by `values[name]`; `{{name}}` becomes a literal `{name}`.

    Values are put in as they are: braces in them mean nothing. All other braces stay, so JSON needs no escaping.
    Raises UnknownName, with near misses, for a name that is not in `values`.

    >>> fill('Sort {numbers} as {"sorted": []}', {"numbers": "3, 1"})
    'Sort 3, 1 as {"sorted": []}'
    """

    def value(match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal is not None:
            return f"{{{literal}}}"
        if name not in values:
            raise UnknownName("field", name, values, hint=f"in the template {template!r}")
        return values[name]

    return _FIELD.sub(value, template)


def names_in(template: str) -> tuple[str, ...]:
    """Return the names that `template` asks for, in order, each once."""
    return tuple(dict.fromkeys(name for _, name in _FIELD.findall(template) if name))
