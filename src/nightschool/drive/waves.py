"""Searches that learn from each other: questions run in waves, and each wave knows what the ones before it showed.

Waves grow (4, 4, 8, 16, ...) and are settled by the order of the jobs alone, so what a search knows does not depend
on what ran beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from nightschool.drive.drive import Drive
from nightschool.drive.job import Job
from nightschool.items import Trace
from nightschool.ports import Search

FIRST = 4
"""Jobs in the first wave."""


@runtime_checkable
class Learns(Protocol):
    """A search that can be told what its own kind did on other questions."""

    def having_seen(self, traces: Sequence[Trace]) -> Search[Any]:
        """Return the search with what `traces` have shown."""


def run_in_waves(drive: Drive, jobs: Sequence[Job], first: int = FIRST) -> list[Trace]:
    """Return a trace for each of `jobs`, in their order; `drive` keeps the budget, if any.

    A job whose search does not learn is run as it is; where none does, all run at once. After an interruption the rest
    is refused.
    """
    if not any(isinstance(job.search, Learns) for job in jobs):
        return drive.run(jobs)
    traces: list[Trace] = []
    size = first
    while len(traces) < len(jobs):
        wave = [_told(job, traces) for job in jobs[len(traces) : len(traces) + size]]
        traces += drive.run(wave)
        size = max(first, len(traces))
        if drive.interrupted:
            rest = [replace(t, stopped="cancelled") for t in drive.refuse(jobs[len(traces) :])]
            drive.interrupted = True  # `refuse` runs nothing, and so forgets it
            traces += rest
    return traces


def _told(job: Job, traces: Sequence[Trace]) -> Job:
    return replace(job, search=job.search.having_seen(traces)) if isinstance(job.search, Learns) else job
