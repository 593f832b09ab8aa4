"""Is the answer the right one of the item's choices?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nightschool.critics.compose import Combines
from nightschool.critics.contains import stands_in
from nightschool.critics.parameters import one_of
from nightschool.critics.texts.legible import listed, quote
from nightschool.items import Item, Verdict
from nightschool.ports import Sight

_LABELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LABELLED = re.compile(r"\(?([A-Za-z])(?:[).:]\s*(.*)|\s*)", re.DOTALL)


class Choice(Combines):
    """Passed when the answer names the choice that is the target. Capitals and white space never count.

    A choice is named by its text, or by its letter (`B`, `(B)`, `B.`, `B) its text`), the first choice being A; texts
    go before letters. The target is written in the same ways.
    find: `only` (strict, the default) wants the choice and nothing else; `any` takes text in which the texts of
    exactly one choice stand as whole words ("It must be blue.").
    """

    name = "choice"
    sight = Sight.REFERENCE

    def __init__(self, find: str = "only") -> None:
        self.find = one_of(find, ["only", "any"], "find", self.name)

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return all or nothing. Raises ValueError where the item has no choices, or a target that is none of them."""
        if not item.choices:
            raise ValueError("the item has no choices")
        right = chosen(item.choices, item.target or "")
        if right is None:
            raise ValueError(f"the target {item.target!r} is none of the choices")
        given = chosen(item.choices, answer, anywhere=self.find == "any")
        if given is None:
            return Verdict.of(False, f"Answer with one of: {listed([quote(c) for c in item.choices], 10)}.")
        return Verdict.of(given == right, "" if given == right else "This is not the right choice.")


def chosen(choices: Sequence[str], answer: str, anywhere: bool = False) -> int | None:
    """Return which of `choices` an answer names, as `Choice` reads it; None where it names none, or several.

    anywhere: whether it may stand in other text, as with `find=any`.
    """
    plain = [_plain(choice) for choice in choices]
    given = _only(plain, answer)
    return _any(plain, answer) if given is None and anywhere else given


def _only(choices: list[str], answer: str) -> int | None:
    plain = _plain(answer)
    if plain in choices:
        return choices.index(plain)
    if plain.removesuffix(".") in choices:
        return choices.index(plain.removesuffix("."))
    if match := _LABELLED.fullmatch(answer.strip()):
        place = _LABELS.index(match.group(1).upper())
        rest = _plain(match.group(2) or "")
        if place < len(choices) and rest in ("", choices[place]):
            return place
    return None


def _any(choices: list[str], answer: str) -> int | None:
    plain = _plain(answer)
    standing = [place for place, choice in enumerate(choices) if choice and stands_in(choice, plain)]
    longest = [  # `blue` stands in `dark blue`, and is not meant by it
        place
        for place in standing
        if not any(other != place and stands_in(choices[place], choices[other]) for other in standing)
    ]
    return longest[0] if len(longest) == 1 else None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
