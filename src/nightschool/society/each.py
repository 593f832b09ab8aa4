"""Programs whose runs go different ways: the body is executed once for each run, and calls that agree are made once.

All runs go forward together. At each step the calls that wait are grouped by address and model, and each group is
one call of many rows: a hundred runs that ask one language model at one address are one batch. Run i's choices depend
on its own lane, so grouping never changes a draw.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import torch

from nightschool.errors import UsageError
from nightschool.society import columns
from nightschool.society.generative import Call, Trace
from nightschool.society.program import Answer, Body, Program, _request
from nightschool.society.traces import join


class Each(Program):
    """A program whose body sees the values of one run: numbers, truths and texts rather than columns."""

    def execute(self, args: tuple[Any, ...], n: int, answer: Answer) -> tuple[Any, dict[str, Trace]]:
        """Return the values of n executions and the traces of their calls, made together where they agree."""
        runs = [self.body(*own) for own in _rows(args, n)]
        done: dict[str, list[Trace]] = {}
        values: list[Any] = [None] * n
        seen: list[dict[str, Trace]] = [{} for _ in range(n)]
        waiting = {i: step for i in range(n) if (step := self._step(runs[i], None, seen[i], values, i))}
        while waiting:
            first = waiting[min(waiting)]  # the address that the earliest run waits at: an order that never varies
            group = [i for i in sorted(waiting) if waiting[i][0] == first[0] and waiting[i][1].model is first[1].model]
            rows = torch.tensor(group)
            part = replace(answer(first[0], _stacked([waiting[i][1] for i in group]), rows), rows=rows)
            if any(other.model is not part.model for other in done.setdefault(first[0], [])):
                raise UsageError(f"{self.name} calls two models at {first[0]!r}; give each an address of its own")
            done[first[0]].append(part)
            for i, value in zip(group, columns.rows_of(part.value), strict=True):
                seen[i][first[0]] = part
                step = self._step(runs[i], value, seen[i], values, i)
                if step:
                    waiting[i] = step
                else:
                    del waiting[i]
        return columns.stacked(values) if n else (), {address: _whole(parts, n) for address, parts in done.items()}

    def _step(
        self, run: Generator[tuple[str, Call], Any, Any], value: Any, seen: dict[str, Trace], values: list[Any], i: int
    ) -> tuple[str, Call] | None:
        try:
            return _request(self.name, run.send(value), seen)
        except StopIteration as stop:
            values[i] = stop.value
            return None


def each(body: Body) -> Each:
    """Return the generative model whose runs are executions of `body`, each going its own way."""
    return Each(body)


def _rows(args: tuple[Any, ...], n: int) -> list[tuple[Any, ...]]:
    """Return the arguments of each run: tensors and tuples of n rows are columns, all else is shared."""
    split = [columns.rows_of(arg) if _is_column(arg, n) else [arg] * n for arg in args]
    return [tuple(column[i] for column in split) for i in range(n)]


def _stacked(calls: list[Call]) -> Call:
    return Call(
        calls[0].model, tuple(columns.stacked(list(args)) for args in zip(*(c.args for c in calls), strict=True))
    )


def _whole(parts: list[Trace], n: int) -> Trace:
    rows = torch.cat([part.rows for part in parts if part.rows is not None])
    ordered, order = rows.sort()
    whole = join(parts, order)
    return replace(whole, rows=None if len(ordered) == n else ordered)


def _is_column(arg: Any, n: int) -> bool:
    if isinstance(arg, torch.Tensor):
        return arg.ndim > 0 and len(arg) == n
    return isinstance(arg, tuple) and len(arg) == n
