"""A critic from text, compositions included.

    exact
    numeric:tolerance=0.01
    all(regex:pattern=[a-z ]+; contains:text=please)
    any(exact; numeric)      not(contains:text=sorry)
    weighted(0.7 numeric; 0.3 regex:pattern=[0-9]+; pass_at=0.7)

Parts are separated by `;`. A part that needs a `;` or a parenthesis without its partner is written in Python instead,
where `&`, `|` and `~` combine critics (see `compose`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from nightschool.critics.compose import All, Any, Each, Not, Weighted
from nightschool.errors import BadSpec
from nightschool.ports import Critic
from nightschool.registry import make

_COMPOSED = re.compile(r"\s*(all|any|not|weighted)\s*\((.*)\)\s*", re.DOTALL)
_WEIGHT = re.compile(r"\s*([0-9.]+(?:e-?[0-9]+)?)\s+(.+)", re.DOTALL)


def critic(text: str = "", each: Mapping[str, Critic] | None = None) -> Critic:
    """Return the critic that `text` describes, or one that judges with `each` by the item's id.

    Raises UnknownName, BadSpec, MissingDependency.

    >>> critic("all(exact; not(numeric))").name
    'all(exact; not(numeric))'
    """
    if isinstance(each, Mapping):
        return Each(each)
    if each is not None:
        raise BadSpec("each is a mapping from items to critics, which text cannot say; write all(exact; numeric)")
    match = _COMPOSED.fullmatch(text)
    if match is None:
        made: Critic = make("critics", text.strip())
        return made
    kind, parts = match.group(1), _parts(match.group(2), text)
    if kind == "weighted":
        return _weighted(parts, text)
    critics = [critic(part) for part in parts]
    if kind == "not":
        if len(critics) != 1:
            raise BadSpec(f"not(...) takes one critic, not {len(critics)}, in {text!r}")
        return Not(critics[0])
    return All(critics) if kind == "all" else Any(critics)


def _weighted(parts: list[str], text: str) -> Weighted:
    pass_at = 1.0
    weighed: list[tuple[float, Critic]] = []
    for part in parts:
        name, equals, value = part.partition("=")
        if equals and name.strip() == "pass_at":
            pass_at = _number(value, text)
        elif match := _WEIGHT.fullmatch(part):
            weighed.append((_number(match.group(1), text), critic(match.group(2))))
        else:
            raise BadSpec(f"{part.strip()!r} has no weight, in {text!r}; write weighted(0.7 exact; 0.3 numeric)")
    return Weighted(weighed, pass_at)


def _number(written: str, text: str) -> float:
    try:
        return float(written)
    except ValueError as error:
        raise BadSpec(f"{written.strip()!r} is not a number, in {text!r}") from error


def _parts(inside: str, text: str) -> list[str]:
    parts, depth = [""], 0
    for char in inside:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            break
        if char == ";" and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    if depth != 0:
        raise BadSpec(f"the parentheses do not match in {text!r}")
    if not all(part.strip() for part in parts):
        raise BadSpec(f"a part is empty in {text!r}; write all(exact; numeric)")
    return parts
