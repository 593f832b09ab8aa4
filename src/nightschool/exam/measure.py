"""From graded answers to rows: accuracies with intervals, costs, and what each row may be used for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nightschool.drive import Price
from nightschool.exam.result import Record, Row
from nightschool.exam.rung import Absent, Line, Rung
from nightschool.items import Score, Usage
from nightschool.stats import clustered_rate, wilson


def measure(records: Sequence[Record]) -> Score | None:
    """Return the mean outcome with its 95% interval, or None where no item has one.

    Where every outcome is all or nothing the interval is Wilson's; else it is at the effective number of items.
    Ref: wilson1927; korn1998.
    """
    outcomes = [each.outcome for each in records if each.outcome is not None]
    if not outcomes:
        return None
    if all(outcome in (0.0, 1.0) for outcome in outcomes):
        return wilson(sum(outcomes), len(outcomes))
    return clustered_rate([[outcome] for outcome in outcomes])


def row_of(rung: Rung, line: Line, records: tuple[Record, ...], price: Price | None, rows: Mapping[str, Row]) -> Row:
    """Return the row of a graded line. rows: those before it, for what it sums up."""
    score = measure(records)
    usage = sum((said.usage for said in line.said), Usage())
    total = sum(each.outcome or 0.0 for each in records)
    missing = sum(each.outcome is None for each in records)
    count = len(records)
    return Row(
        name=line.name,
        rung=rung.name,
        accuracy=score.value if score else None,
        low=score.low if score else None,
        high=score.high if score else None,
        n=count - missing,
        missing=missing,
        worst=total / count if count else None,
        best=(total + missing) / count if count else None,
        tokens=usage.tokens,
        prompt_tokens=usage.prompt_tokens,
        judgements=usage.judgements,
        seconds=usage.seconds,
        usd=price.of(usage) if price else None,
        cut=sum(each.cut for each in records),
        recommendable=line.never is None and score is not None,
        never=line.never,
        trained=rung.trained,
        way=line.way,
        spread={name: rows[name].accuracy for name in line.parts if name in rows},
        records=records,
    )


def absent_row(rung: Rung, absent: Absent) -> Row:
    """Return the row of what cannot be had."""
    return Row(absent.name, rung.name, unavailable=absent.reason, trained=rung.trained)
