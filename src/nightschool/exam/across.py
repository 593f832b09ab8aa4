"""Reports against each other: the same way over the same items, by other models, nights or prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from nightschool.errors import UsageError
from nightschool.exam.compare import adjusted, compare
from nightschool.exam.result import Comparison, ExamReport
from nightschool.stats import items_to_see, power_to_see

LEAST_CHANGED = 0.05
"""The share of changed items that power assumes at least: two reports that agree everywhere are no proof of power."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One way in two reports. power: the chance that this many items show a true difference of `difference_to_see`;
    needed: items that would show it four times of five.
    """

    row: str
    comparison: Comparison
    difference_to_see: float
    power: float
    needed: int


def across(
    reports: Mapping[str, ExamReport],
    rows: Sequence[str] | None = None,
    *,
    difference_to_see: float = 0.10,
    seed: int = 0,
) -> tuple[Pair, ...]:
    """Return every pair of reports in each way that both sat, paired by item, adjusted together by Holm.

    rows: the ways to compare; None: all that any two reports share. The items of a pair are those that both have an
    outcome for.

    Raises UsageError for reports on other tasks, for a way that no two of them share, and where they share no item.
    Ref: holm1979; connor1987.
    """
    tasks = {report.task for report in reports.values()}
    if len(tasks) > 1:
        raise UsageError(f"these reports are about other tasks ({', '.join(sorted(tasks))}) and cannot be compared")
    found: list[tuple[str, Comparison]] = []
    for (first, a), (second, b) in combinations(reports.items(), 2):
        for name in _shared(a, b) if rows is None else rows:
            if name in _shared(a, b) and (one := compare(a.row(name), b.row(name), seed)) is not None:
                found.append((name, replace(one, first=first, second=second)))
    if len(reports) > 1 and not found:
        known = sorted({row.name for report in reports.values() for row in report.rungs})
        raise UsageError(
            f"no two of these reports share items in {', '.join(rows) if rows else 'any way'}; they hold "
            f"{', '.join(known) or 'nothing'}; sit them with the same --seed and --items"
        )
    family = adjusted([one for _, one in found])
    return tuple(_pair(name, one, difference_to_see) for (name, _), one in zip(found, family, strict=True))


def _shared(a: ExamReport, b: ExamReport) -> list[str]:
    there = {row.name for row in b.rungs if row.accuracy is not None}
    return [row.name for row in a.rungs if row.accuracy is not None and row.name in there and not row.spread]


def _pair(name: str, one: Comparison, difference: float) -> Pair:
    changed = max(((one.gained or 0) + (one.lost or 0)) / one.n, LEAST_CHANGED, difference)
    return Pair(name, one, difference, power_to_see(one.n, difference, changed), items_to_see(difference, changed))
