"""What a search has found so far: for each kind, one expression for each meaning, in the order of their cost."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from typing import NamedTuple

import torch

from nightschool.society.expressions.language import Rule
from nightschool.society.expressions.terms import Term


class Made(NamedTuple):
    """Where rows came from: the rule, and for each of its arguments the rows in its bank, as many as were made."""

    rule: Rule
    args: tuple[torch.Tensor, ...]

    def take(self, rows: torch.Tensor) -> Made:
        """Return where these of the rows came from."""
        return Made(self.rule, tuple(arg[rows] for arg in self.args))


class Bank:
    """Expressions of one kind. Rows only ever come behind others; `until[c]` rows have a cost of at most c."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.values: torch.Tensor | None = None
        self.made: list[Made] = []
        self.starts: list[int] = []
        self.until: list[int] = [0]
        self._seen: set[int] = set()
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def rows(self, cost: int) -> range:
        """Return the rows of this cost."""
        return range(self.until[cost - 1], self.until[cost]) if 0 < cost < len(self.until) else range(0)

    def closed(self, cost: int) -> None:
        """Say that no more rows of this cost will come."""
        self.until += [self._rows] * (cost + 1 - len(self.until))

    def fresh(self, marks: torch.Tensor, room: int) -> list[int]:
        """Return which of these marks (one for each meaning) are new, at most `room` of them."""
        new: list[int] = []
        for row, mark in enumerate(marks.tolist()):
            if mark not in self._seen:
                if len(new) == room:
                    break
                self._seen.add(mark)
                new.append(row)
        return new

    def add(self, values: torch.Tensor, made: Made) -> None:
        """Put rows [n, e, ...] behind the others."""
        if self.values is None:
            self.values = torch.zeros(1024, *values.shape[1:], dtype=torch.int64)
        while self._rows + len(values) > len(self.values):
            self.values = torch.cat([self.values, torch.zeros_like(self.values)])
        self.values[self._rows : self._rows + len(values)] = values
        self.made.append(made)
        self.starts.append(self._rows)
        self._rows += len(values)

    def origin(self, row: int) -> tuple[Made, int]:
        """Return what was made together with this row, and its place among it."""
        part = bisect.bisect_right(self.starts, row) - 1
        return self.made[part], row - self.starts[part]


def rebuilt(banks: Mapping[str, Bank], made: Made, place: int) -> Term:
    """Return the term that was made so, at this place among those made together."""
    pairs = zip(made.rule.takes, made.args, strict=True)
    return Term(
        made.rule.primitive.name,
        tuple(rebuilt(banks, *banks[kind].origin(int(rows[place]))) for kind, rows in pairs),
    )
