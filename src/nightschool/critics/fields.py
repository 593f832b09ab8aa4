"""Are the named fields of a short message all there, and right?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from nightschool.critics.compose import Combines
from nightschool.critics.parameters import input_text, one_of, sight_of
from nightschool.critics.texts.legible import listed, quote
from nightschool.critics.texts.values import KINDS, is_a, occurs, same
from nightschool.errors import BadSpec
from nightschool.items import Item, Verdict
from nightschool.ports import Sight

_NAME = re.compile(r"[\w][\w .-]{0,39}")
_FENCE = re.compile(r"```[a-z]*\s*\n(.*)\n\s*```", re.DOTALL)
_ABSENT = frozenset({"", "-", "none", "n/a", "null"})
_MOST_LINES = 200
_FORM = "Write one line for each field, as `field: value`, and nothing else."


class Fields(Combines):
    """Passed when every field is right, and no other field or text is there. score: the share of fields right.

    expect: the fields and their kinds (text, date, amount, number, email), as a mapping or as one text,
    `name due=date total=amount`; a kind that ends in `?` marks a field that may be absent (`note=text?`).
    sight: `reference` (the default) compares with the target, which is written like an answer, value by value of its
    kind; `verifier` needs `expect` and asks that each field is there, is of its kind, and occurs in the message.
    source: the input that is the message (by default `message`, or the only one there is).
    An answer is lines `field: value` or a JSON object, fenced or not; `-`, none and null mean absent.
    """

    name = "fields"

    def __init__(
        self,
        expect: str | Mapping[str, str] = "",
        sight: Sight | str = Sight.REFERENCE,
        source: str | None = None,
    ) -> None:
        self.sight, self.source = sight_of(sight, self.name), source
        self.kinds, self.optional = _expected(expect)
        if self.sight is Sight.VERIFIER and not self.kinds:
            raise BadSpec('the critic fields, as a verifier, must know the fields: type expect="name due=date"')

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict; feedback says field by field what is wrong."""
        given, problems = read_fields(answer)
        if self.sight is Sight.VERIFIER:
            message = input_text(dict(item.inputs), self.source, "message", self.name)
            wrong = {name: why for name in self.kinds if (why := self._implausible(name, given.get(name), message))}
            wanted = set(self.kinds)
        else:
            target, broken = read_fields(item.target or "")
            if broken or not target:
                raise ValueError(f"the target is not fields: {quote(item.target or '')}")
            wrong = {name: why for name in target if (why := self._different(name, given.get(name), target[name]))}
            wanted = set(target)
        extra = [name for name in given if name not in wanted]
        if extra:
            problems.append(f"Not asked for: {listed(extra)}.")
        right = len(wanted) - len(wrong)
        counted = len(wanted) + len(extra) + (len(problems) > bool(extra))
        return Verdict(right / counted, not wrong and not problems, " ".join([*wrong.values(), *problems]))

    def _implausible(self, name: str, value: str | None, message: str) -> str:
        if value is None:
            return "" if name in self.optional else f"Missing: {name}."
        kind = self.kinds[name]
        if not is_a(kind, value):
            return f"{name}: {quote(value)} is not {'an' if kind[0] in 'ae' else 'a'} {kind}."
        return "" if occurs(kind, value, message) else f"{name}: {quote(value)} does not occur in the message."

    def _different(self, name: str, value: str | None, target: str | None) -> str:
        if value is None or target is None:
            return "" if value is target else f"Missing: {name}." if value is None else f"Wrong: {name}."
        return "" if same(self.kinds.get(name, "text"), value, target) else f"Wrong: {name}."


def read_fields(answer: str) -> tuple[dict[str, str | None], list[str]]:
    """Return the fields of an answer by name, and what is wrong with its form.

    Names are in lower case with `_` for spaces; a field that is said to be absent is None.
    """
    text = answer.strip()
    if match := _FENCE.fullmatch(text):
        text = match.group(1).strip()
    pairs, problems = _from_json(text) if text.startswith("{") else _from_lines(text)
    fields: dict[str, str | None] = {}
    for name, value in pairs:
        key = _key(name)
        if key in fields:
            problems.append(f"Twice: {key}.")
        fields[key] = None if value is None or value.strip().lower() in _ABSENT else value.strip()
    return fields, problems


def _from_lines(text: str) -> tuple[list[tuple[str, str | None]], list[str]]:
    pairs: list[tuple[str, str | None]] = []
    problems: list[str] = []
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or len(lines) > _MOST_LINES:
        return [], [_FORM]
    for line in lines:
        name, colon, value = line.strip().lstrip("-*").partition(":")
        if colon and _NAME.fullmatch(name.strip()):
            pairs.append((name, value))
        elif not problems:
            problems.append(_FORM)
    return pairs, problems


def _from_json(text: str) -> tuple[list[tuple[str, str | None]], list[str]]:
    try:  # numbers stay as they are written
        pairs = json.loads(text, object_pairs_hook=list, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return [], ["The JSON object cannot be read."]
    kept: list[tuple[str, str | None]] = []
    problems: list[str] = []
    for name, value in pairs[:_MOST_LINES]:
        if isinstance(value, bool):
            value = str(value).lower()
        if value is None or isinstance(value, str):
            kept.append((name, value))
        else:
            problems.append(f"{quote(name)} must be a text, a number or null.")
    return kept, problems if len(pairs) <= _MOST_LINES else [_FORM]


def _expected(expect: str | Mapping[str, str]) -> tuple[dict[str, str], frozenset[str]]:
    if isinstance(expect, str):
        words = [word.partition("=") for word in expect.split()]
        expect = {name: kind or "text" for name, _, kind in words}
    optional = frozenset(_key(name) for name, kind in expect.items() if kind.endswith("?"))
    kinds = {
        _key(name): one_of(kind.removesuffix("?") or "text", list(KINDS), f"the kind of {name!r}", Fields.name)
        for name, kind in expect.items()
    }
    return kinds, optional


def _key(name: str) -> str:
    return "_".join(name.lower().replace("_", " ").replace("-", " ").split())
