"""The language of texts: what cuts, joins and turns short texts, as one does in the columns of a table."""

from __future__ import annotations

import operator
from collections.abc import Callable

import torch

from nightschool.society.expressions.language import Language, Primitive
from nightschool.society.expressions.lists import LISTS, append, constant, reverse
from nightschool.society.expressions.space import BAD, Space, looked_up, parted

SEPARATORS = " ,.-_/:@;()'"


def _found(block: torch.Tensor, letter: torch.Tensor, last: bool = False) -> torch.Tensor:
    """Return where the letter comes first, or last, -1 where it does not."""
    items, size = parted(block)
    place = torch.arange(items.shape[-1])
    there = (items == letter[..., None]) & (place < size[..., None])
    at = torch.where(there, place, -1).amax(-1) if last else torch.where(there, place, items.shape[-1]).amin(-1)
    return torch.where(there.any(-1), at, -1)


def _cut(space: Space, block: torch.Tensor, start: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
    """Return `size` letters from `start` on."""
    items = block[..., :-1]
    return space.listed(looked_up(items, (start[..., None] + torch.arange(space.longest)).clamp_max(space.longest - 1)),
                        torch.where(block[..., -1] >= 0, size, -1))  # fmt: skip


def _before(space: Space, letter: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    at = _found(block, letter)
    return _cut(space, block, torch.zeros_like(at), at)


def _after(last: bool) -> Callable[..., torch.Tensor]:
    def rows(space: Space, letter: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
        at = _found(block, letter, last)
        return _cut(space, block, at + 1, torch.where(at >= 0, block[..., -1] - at - 1, -1))

    return rows


def _take(space: Space, number: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    many = torch.minimum(number, block[..., -1])
    return _cut(space, block, torch.zeros_like(many), torch.where(number == BAD, -1, many))


def _drop(space: Space, number: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    many = torch.minimum(number.clamp_min(0), block[..., -1].clamp_min(0))
    return _cut(space, block, many, torch.where(number < 0, -1, block[..., -1] - many))


def _turned(first: int, last: int, by: int) -> Callable[..., torch.Tensor]:
    """Return what moves the letters between `first` and `last`."""

    def rows(space: Space, block: torch.Tensor) -> torch.Tensor:
        items, size = parted(block)
        return space.listed(torch.where((items >= first) & (items <= last), items + by, items), size)

    return rows


def _without(space: Space, letter: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    items, size = parted(block)
    kept = (items != letter[..., None]) & (torch.arange(space.longest) < size[..., None])
    items = items.expand(*kept.shape).gather(-1, (~kept).byte().argsort(stable=True, dim=-1))
    return space.listed(items, torch.where(size >= 0, kept.sum(-1), -1))


def _length(space: Space, block: torch.Tensor) -> torch.Tensor:
    return torch.where(block[..., -1] >= 0, block[..., -1], BAD)


def _letters(text: str, first: str, last: str, by: int) -> str:
    return "".join(chr(ord(one) + by) if first <= one <= last else one for one in text)


def _cut_before(letter: int, text: str) -> str:
    return text[: text.index(chr(letter))]


def _counted(number: int) -> int:
    if number < 0:
        raise ValueError(number)
    return number


_AT = ("char", "text")
_SOME = ("int", "text")

TEXTS = Language.of(
    "texts",
    [
        *(constant(str(n), "int", n) for n in range(5)),
        *(constant(f"'{letter}'" if letter != " " else "space", "char", ord(letter)) for letter in SEPARATORS
          if letter not in "()"),
        LISTS["+"], LISTS["-"],
        Primitive("length", ("text",), "int", len, _length),
        Primitive("join", ("text", "text"), "text", operator.add, append),
        Primitive("only", ("char",), "text", chr,
                  lambda space, letter: space.listed(torch.nn.functional.pad(letter[..., None], (0, space.longest - 1)),
                                                     torch.ones_like(letter))),
        Primitive("before", _AT, "text", _cut_before, _before),
        Primitive("after", _AT, "text", lambda c, a: a[a.index(chr(c)) + 1 :], _after(False)),
        Primitive("after-last", _AT, "text", lambda c, a: a[a.rindex(chr(c)) + 1 :], _after(True)),
        Primitive("without", _AT, "text", lambda c, a: a.replace(chr(c), ""), _without),
        Primitive("take", _SOME, "text", lambda n, a: a[: _counted(n)], _take),
        Primitive("drop", _SOME, "text", lambda n, a: a[_counted(n) :], _drop),
        Primitive("upper", ("text",), "text", lambda a: _letters(a, "a", "z", -32), _turned(97, 122, -32)),
        Primitive("lower", ("text",), "text", lambda a: _letters(a, "A", "Z", 32), _turned(65, 90, 32)),
        Primitive("reverse", ("text",), "text", lambda a: a[::-1], reverse),
    ],
)  # fmt: skip
