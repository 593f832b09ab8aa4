"""A drive that spends one budget over everything that it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nightschool.drive import Budget, Drive, Job
from nightschool.items import Trace, Usage
from nightschool.ports import Model


class Purse(Drive):
    """Runs searches as a drive does, until `total` is spent: what comes later is refused, and says so in its trace.

    spent: by all runs so far, in seconds of the clock from the first run on.
    """

    def __init__(self, model: Model, total: Budget | None = None, **options: Any) -> None:
        super().__init__(model, **options)
        self.total, self.spent = total, Usage()
        self._began: float | None = None

    def run(self, jobs: Sequence[Job], budget: Budget | None = None) -> list[Trace]:
        """Return a trace for each job; `budget` limits this run beside what is left of the total."""
        if self._began is None:
            self._began = self.clock()
        traces = super().run(jobs, self._left(budget))
        self.spent += sum((trace.usage for trace in traces), Usage())
        return traces

    def _left(self, budget: Budget | None) -> Budget | None:
        if self.total is None:
            return budget
        spent = replace(self.spent, seconds=self.clock() - (self._began or 0.0))
        left = self.total.left(spent, self.price.of(self.spent) if self.price else 0.0)
        least = left.least(budget.left(Usage())) if budget else left
        return Budget(
            tokens=_whole(least.tokens),
            calls=_whole(least.calls),
            seconds=None if least.seconds == float("inf") else max(least.seconds, 1e-6),
            usd=None if least.usd == float("inf") else max(least.usd, 1e-12),
        )


def _whole(amount: float) -> int | None:
    """Return the amount as a budget takes it: at the end the smallest there is, which refuses all but nothing."""
    return None if amount == float("inf") else max(int(amount), 1)
