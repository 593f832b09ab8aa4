"""The language of lists of numbers: arithmetic, truth, and what makes, takes apart and folds lists."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Sequence

import torch

from nightschool.society.expressions.language import Language, Primitive
from nightschool.society.expressions.space import BAD, LIMIT, Space, counted, looked_up, parted

LONGEST = 1000  # longer ranges have no value
_OPS: tuple[Callable[[int, int], int], ...] = (operator.add, operator.mul, operator.sub)
_PRIME = torch.tensor([int(n > 1 and all(n % d for d in range(2, math.isqrt(n) + 1))) for n in range(2000)])


def _remainder(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.where(b == 0, BAD, torch.remainder(a, torch.where(b == 0, 1, b)))


def _is_prime(n: int) -> bool:
    if n >= 2000:
        raise ValueError("larger numbers are not looked up")
    return n > 1 and all(n % d for d in range(2, math.isqrt(n) + 1))


def _index(space: Space, number: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    items, size = parted(block)
    at = number if number.ndim == 3 else number[..., None]
    found = looked_up(items, torch.where((at >= 0) & (at < size[..., None]), at, -1))
    return found if number.ndim == 3 else found[..., 0]


def _head(space: Space, block: torch.Tensor) -> torch.Tensor:
    return torch.where(block[..., -1] > 0, block[..., 0], BAD)


def _length(space: Space, block: torch.Tensor) -> torch.Tensor:
    return torch.where(block[..., -1] >= 0, block[..., -1], BAD)


def _cons(space: Space, number: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    items, size = parted(block)
    shape = torch.broadcast_shapes(number.shape, size.shape)
    whole = torch.cat([number[..., None].expand(*shape, 1), items[..., :-1].expand(*shape, -1)], -1)
    return space.listed(whole, torch.where((size >= 0) & (number != BAD), size + 1, -1))


def _tail(space: Space, block: torch.Tensor) -> torch.Tensor:
    items, size = parted(block)
    return space.listed(torch.nn.functional.pad(items[..., 1:], (0, 1)), size - (size >= 0).long())


def append(space: Space, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return blocks of lists or texts, one behind the other."""
    (ones, many), (others, more) = parted(first), parted(second)
    place = torch.arange(space.longest)
    behind = looked_up(others, (place - many[..., None]).clamp(-1, space.longest - 1))
    return space.listed(torch.where(place < many[..., None], ones, behind),
                        torch.where((many >= 0) & (more >= 0), many + more, -1))  # fmt: skip


def _range(space: Space, number: torch.Tensor) -> torch.Tensor:
    return space.listed(torch.arange(space.longest).expand(*number.shape, -1), number)


def reverse(space: Space, block: torch.Tensor) -> torch.Tensor:
    """Return blocks of lists or texts, back to front."""
    items, size = parted(block)
    return space.listed(looked_up(items, size[..., None] - 1 - torch.arange(space.longest)), size)


def _sort(space: Space, block: torch.Tensor) -> torch.Tensor:
    items, size = parted(block)
    inside = torch.arange(space.longest) < size[..., None]
    return space.listed(torch.where(inside, items, 2 * LIMIT).sort(-1).values, size)


def _mapped(space: Space, table: torch.Tensor, block: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what the functions make of each item, and the sizes, -1 where one of them has no value."""
    items, size = parted(block)
    inside = torch.arange(space.longest) < size[..., None]
    found = looked_up(_tabled(space, table), space.place(items))
    return found, torch.where(((found != BAD) | ~inside).all(-1), size, -1)


def _map(space: Space, table: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    return space.listed(*_mapped(space, table, block))


def _filter(space: Space, table: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    found, size = _mapped(space, table, block)
    inside = torch.arange(space.longest) < size[..., None]
    kept = inside & (found == 1)
    order = (~kept).byte().argsort(stable=True, dim=-1)
    items = block[..., :-1].expand(*kept.shape).gather(-1, order)
    return space.listed(items, torch.where(size >= 0, kept.sum(-1), -1))


def _tabled(space: Space, table: torch.Tensor) -> torch.Tensor:
    """Return the table of a function; one that does not depend on its variable is the same everywhere."""
    return table if table.ndim == 3 else table[..., None].expand(*table.shape, len(space.domain))


def _fold(space: Space, op: torch.Tensor, start: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    items, size = parted(block)
    total, op, size = torch.broadcast_tensors(start, op, size)
    for at in range(int(size.max().clamp_min(0))):
        item = items[..., at]
        step = torch.where(op == 0, total + item, torch.where(op == 1, total * item, total - item))
        step = torch.where((step.abs() > LIMIT) | (total == BAD), BAD, step)
        total = torch.where(at < size, step, total)
    return torch.where(size >= 0, total, BAD)


def _folded(op: int, start: int, numbers: Sequence[int]) -> int:
    return functools.reduce(_OPS[op], numbers, start)


def _taken(number: int, numbers: Sequence[int]) -> int:
    if number < 0:
        raise IndexError(number)
    return numbers[number]


def constant(name: str, gives: str, value: int) -> Primitive:
    """Return the primitive that is always `value`."""
    return Primitive(name, (), gives, lambda: value, lambda space: torch.tensor([[value]]))


def _ranged(number: int) -> list[int]:
    if not 0 <= number <= LONGEST:
        raise ValueError(number)
    return list(range(number))


def _rest(numbers: list[int]) -> list[int]:
    return list(itertools.islice(numbers, 1, None)) if numbers else _nothing()


def _nothing() -> list[int]:
    raise IndexError("an empty list has no tail")


_INTS = ("int", "int")

LISTS = Language.of(
    "lists",
    [
        *(constant(str(n), "int", n) for n in range(6)),
        *(constant(sign, "op", which) for which, sign in enumerate(("add", "mul", "sub"))),
        Primitive("+", _INTS, "int", operator.add, counted(operator.add), commutes=True),
        Primitive("-", _INTS, "int", operator.sub, counted(operator.sub)),
        Primitive("*", _INTS, "int", operator.mul, counted(operator.mul), commutes=True),
        Primitive("mod", _INTS, "int", operator.mod, counted(_remainder)),
        Primitive("if", ("bool", *_INTS), "int", lambda yes, one, other: one if yes else other,
                  counted(lambda yes, one, other: torch.where(yes == 1, one, other))),
        Primitive("eq", _INTS, "bool", operator.eq, counted(operator.eq), commutes=True),
        Primitive("gt", _INTS, "bool", operator.gt, counted(operator.gt)),
        Primitive("not", ("bool",), "bool", operator.not_, counted(lambda a: 1 - a)),
        Primitive("and", ("bool", "bool"), "bool", lambda a, b: a and b, counted(torch.minimum), commutes=True),
        Primitive("prime", ("int",), "bool", _is_prime,
                  counted(lambda a: torch.where(a >= 2000, BAD, _PRIME[a.clamp(0, 1999)]))),
        Primitive("square", ("int",), "bool", lambda a: a >= 0 and math.isqrt(a) ** 2 == a,
                  counted(lambda a: (a >= 0) & (a.clamp_min(0).double().sqrt().round().long() ** 2 == a))),
        Primitive("head", ("list",), "int", lambda a: _taken(0, a), _head),
        Primitive("length", ("list",), "int", len, _length),
        Primitive("index", ("int", "list"), "int", _taken, _index),
        Primitive("fold", ("op", "int", "list"), "int", _folded, _fold, closed=True),
        Primitive("empty", (), "list", list, lambda space: torch.zeros(1, 1, space.longest + 1, dtype=torch.int64)),
        Primitive("cons", ("int", "list"), "list", lambda a, b: [a, *b], _cons),
        Primitive("tail", ("list",), "list", _rest, _tail),
        Primitive("append", ("list", "list"), "list", operator.add, append),
        Primitive("range", ("int",), "list", _ranged, _range),
        Primitive("reverse", ("list",), "list", lambda a: a[::-1], reverse),
        Primitive("sort", ("list",), "list", sorted, _sort),
        Primitive("map", ("int'", "list"), "list", lambda f, a: [f(n) for n in a], _map),
        Primitive("filter", ("bool'", "list"), "list", lambda f, a: [n for n in a if f(n)], _filter),
        Primitive("tell", ("bool'", "list"), "flags", lambda f, a: [bool(f(n)) for n in a], _map),
    ],
)  # fmt: skip
