"""Values of many expressions side by side, on the inputs of a task.

A block is a tensor [n, examples, ...] of n expressions: numbers and truths [n, e], those that depend on the variable of
an inner function [n, e, d] over a finite domain, lists and texts [n, e, longest + 1], padded with zeros, their size
last. What has no value is BAD, and a list without value has size -1. n is 1 for what is the same in all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

BAD = -(2**62)
LIMIT = 2**31  # larger numbers count as no value, so that no product overflows

Example = tuple[Any, Any]
"""An input and its output: a number, a truth, a text, or a list of numbers or truths."""


class Space:
    """The examples of a task, and the finite domain over which inner functions are kept as tables.

    domain[d]: every number that occurs in an input, and the whole numbers up to the longest list.
    """

    def __init__(self, examples: Sequence[Example], longest: int | None = None) -> None:
        self.examples = tuple(examples)
        values = [value for pair in self.examples for value in pair]
        lengths = [len(value) for value in values if isinstance(value, (list, str))]
        self.longest = longest or min(max([6, *lengths]) + 2, 64)
        seen = {number for given, _ in self.examples for number in numbers_in(given)}
        self.domain = torch.tensor(sorted(seen | set(range(min(self.longest, 16) + 1))))
        self.low = int(self.domain[0])
        span = int(self.domain[-1]) - self.low + 1
        self.wide = span <= 100_000
        self.places = torch.full((span if self.wide else 1,), -1)
        if self.wide:
            self.places[self.domain - self.low] = torch.arange(len(self.domain))

    def __len__(self) -> int:
        return len(self.examples)

    def block(self, values: Sequence[Any]) -> torch.Tensor:
        """Return the block [1, e, ...] of one value for each example. A list that is too long has no value."""
        if isinstance(values[0], (list, str)):
            return torch.tensor([[self._row(value) for value in values]])
        return torch.tensor([[int(value) if abs(value) <= LIMIT else BAD for value in values]])

    def _row(self, value: list[int] | str) -> list[int]:
        numbers = [ord(letter) for letter in value] if isinstance(value, str) else [int(number) for number in value]
        if len(numbers) > self.longest:
            return [0] * self.longest + [-1]
        return numbers + [0] * (self.longest - len(numbers)) + [len(numbers)]

    def value(self, row: torch.Tensor, kind: str) -> Any:
        """Return the value of `kind` that a row [...] of a block holds for one example."""
        if kind in ("int", "bool"):
            return bool(row) if kind == "bool" else int(row)
        *items, size = row.tolist()
        if kind == "text":
            return "".join(map(chr, items[:size]))
        return [bool(item) for item in items[:size]] if kind == "flags" else items[:size]

    def place(self, items: torch.Tensor) -> torch.Tensor:
        """Return where in the domain each number is, -1 for those outside."""
        if not self.wide:
            at = torch.searchsorted(self.domain, items).clamp_max(len(self.domain) - 1)
            return torch.where(self.domain[at] == items, at, -1)
        offset = items - self.low
        inside = (offset >= 0) & (offset < len(self.places))
        return torch.where(inside, self.places[offset.clamp(0, len(self.places) - 1)], -1)

    def listed(self, items: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
        """Return lists with the first `size` of these items; no value where the size is negative or too large."""
        size = torch.where((size >= 0) & (size <= self.longest), size, -1)
        size = size.expand(torch.broadcast_shapes(size.shape, items.shape[:-1]))
        kept = torch.arange(self.longest) < size[..., None]
        return torch.cat([torch.where(kept, items, 0), size[..., None]], -1)


def numbers_in(value: Any) -> list[int]:
    """Return the numbers that a value of any kind holds."""
    if isinstance(value, str):
        return []
    return [int(number) for number in value] if isinstance(value, list) else [int(value)]


def level(*blocks: torch.Tensor) -> list[torch.Tensor]:
    """Return numbers with the same number of dimensions: what does not depend on an inner variable is repeated."""
    most = max(block.ndim for block in blocks)
    return [block if block.ndim == most else block[..., None] for block in blocks]


def counted(combine: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """Return `combine` on numbers, BAD where an argument is or the result is too large."""

    def rows(space: Space, *blocks: torch.Tensor) -> torch.Tensor:
        blocks = tuple(level(*blocks))
        result = combine(*blocks).long()
        bad = (result > LIMIT) | (result < -LIMIT)
        for block in blocks:
            bad = bad | (block == BAD)
        return torch.where(bad, BAD, result)

    return rows


def parted(block: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return items and sizes of lists."""
    return block[..., :-1], block[..., -1]


def looked_up(table: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """Return [n, e, l] what the tables [n, e, d] hold at these places, BAD where the place is negative."""
    shape = torch.broadcast_shapes(table.shape[:-1], at.shape[:-1])
    found = table.expand(*shape, table.shape[-1]).gather(-1, at.expand(*shape, at.shape[-1]).clamp_min(0))
    return torch.where(at >= 0, found, BAD)
