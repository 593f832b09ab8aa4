"""A drive that spends one budget over everything that it runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from nightschool.drive import Budget, Drive, Job
from nightschool.items import Trace, Usage
from nightschool.ports import Model
from nightschool.search.budget import Left


class Purse(Drive):
    """Runs searches as a drive does, until `total` is spent: what comes later is refused, and says so in its trace.

    spent: by all runs so far, in seconds of the clock from the first run on; kept: what runs may not touch now, because
    something later needs it.
    """

    def __init__(self, model: Model, total: Budget | None = None, **options: Any) -> None:
        super().__init__(model, **options)
        self.total, self.spent, self.kept = total, Usage(), Usage()
        self._began: float | None = None

    def run(self, jobs: Sequence[Job], budget: Budget | None = None) -> list[Trace]:
        """Return a trace for each job; `budget` limits this run beside what is left of the total."""
        if self._began is None:
            self._began = self.clock()
        left = self._left(budget)
        if left is not None and left.nothing:
            return self.refuse(jobs)
        traces = super().run(jobs, left.as_budget() if left is not None else None)
        self.spent += sum((trace.usage for trace in traces), Usage())
        return traces

    @property
    def spent_all(self) -> bool:
        """Return whether nothing is left of the total."""
        left = self._left(None)
        return left is not None and left.nothing

    @contextmanager
    def keeping(self, kept: Usage) -> Iterator[None]:
        """Keep `kept` back from the runs inside."""
        self.kept += kept
        try:
            yield
        finally:
            self.kept = Usage()

    def _left(self, budget: Budget | None) -> Left | None:
        if self.total is None:
            return None if budget is None else budget.left(Usage())
        gone = self.spent + self.kept
        gone = replace(gone, seconds=self.clock() - (self._began or 0.0) + self.kept.seconds)
        left = self.total.left(gone, self.price.of(gone) if self.price else 0.0)
        return left.least(budget.left(Usage())) if budget else left
