"""Columns: n values side by side, one for each run. A tensor of n rows, or a tuple of n things that are no numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from nightschool.errors import UsageError

Column = Any  # torch.Tensor [n, ...] or tuple of n values


def take(column: Column, rows: torch.Tensor) -> Column:
    """Return these rows of `column`."""
    if isinstance(column, torch.Tensor):
        return column[rows]
    return tuple(column[i] for i in rows.tolist())


def take_shared(value: Any, rows: torch.Tensor, n: int) -> Any:
    """Return these rows of an argument of n runs; what is shared by all of them stays as it is."""
    if isinstance(value, torch.Tensor):
        return value if value.ndim == 0 or len(value) != n or n == 1 else value[rows]
    return tuple(value[i] for i in rows.tolist()) if isinstance(value, tuple) and len(value) == n else value


def spread(value: Any, n: int) -> Column:
    """Return `value` as a column of n rows: a number, text or single row is repeated. Raises UsageError for k rows."""
    if isinstance(value, tuple):
        if len(value) != n:
            raise UsageError(f"{len(value)} values were given for {n} runs; give one for each, or one for all")
        return value
    if isinstance(value, (bool, int, float)):
        value = torch.tensor(value, dtype=torch.float64 if isinstance(value, float) else None)
    if not isinstance(value, torch.Tensor):
        return (value,) * n
    if value.ndim == 0:
        return value.expand(n)
    if len(value) not in (1, n):
        raise UsageError(f"a tensor of {len(value)} rows was given for {n} runs; rows come first: one for each, or one")
    return value if len(value) == n else value.expand(n, *value.shape[1:])


def same(a: Any, b: Any) -> bool:
    """Return whether two columns hold the same values, and gradients need not flow through one of them."""
    if a is b:
        return True
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        if a.requires_grad or b.requires_grad:
            return False
        return a.shape == b.shape and a.dtype == b.dtype and bool(torch.equal(a, b))
    if isinstance(a, torch.Tensor) or isinstance(b, torch.Tensor):
        return False
    return type(a) is type(b) and bool(a == b)


def join(columns: Sequence[Column], order: torch.Tensor) -> Column:
    """Return the rows of all `columns`, one after the other, in this `order`."""
    if all(isinstance(column, torch.Tensor) for column in columns):
        return torch.cat(list(columns))[order]
    rows = [row for column in columns for row in rows_of(column)]
    return tuple(rows[i] for i in order.tolist())


def rows_of(column: Column) -> list[Any]:
    """Return the rows as plain values where they are single numbers, else as they are."""
    if isinstance(column, torch.Tensor):
        return column.tolist() if column.ndim == 1 else list(column.unbind(0))
    return list(column)


def stacked(rows: Sequence[Any]) -> Column:
    """Return a column of these rows: a tensor where they are numbers or tensors, else a tuple."""
    if all(isinstance(row, torch.Tensor) for row in rows):
        return torch.stack(list(rows))
    if all(isinstance(row, bool) for row in rows):
        return torch.tensor(rows)
    if all(isinstance(row, (int, float)) for row in rows):
        return torch.tensor(rows, dtype=torch.float64 if any(isinstance(row, float) for row in rows) else None)
    return tuple(rows)
