"""A report as a flat table, one line for each way and item: what a data frame reads (`pandas.read_csv`)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from nightschool.exam.result import ExamReport

COLUMNS = (
    "task", "model", "adapter", "seed", "rung", "row", "trained", "item", "target", "answer", "answers", "outcome",
    "missing", "feedback", "tokens", "cut", "prompt",
)  # fmt: skip


def lines(report: ExamReport) -> Iterator[dict[str, object]]:
    """Yield one line for each record, in the order of the report. answer: the first; answers: how many there were.

    outcome: in [0, 1], None where it is missing, and then `missing` says why.
    """
    targets = {item.id: item.target for item in report.items}
    for row in report.rungs:
        for each in row.records:
            yield dict(zip(COLUMNS, (
                report.task, report.model, report.adapter, report.seed, row.rung, row.name, row.trained, each.item,
                targets.get(each.item), each.answers[0] if each.answers else None, len(each.answers), each.outcome,
                each.missing, each.feedback, each.tokens, each.cut, each.prompt,
            ), strict=True))  # fmt: skip


def as_csv(report: ExamReport) -> str:
    """Return the table with a header line, apart by commas; what is missing is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines(report))
    return text.getvalue()


def as_jsonl(report: ExamReport) -> str:
    """Return the table as one JSON object a line."""
    return "".join(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n" for line in lines(report))
