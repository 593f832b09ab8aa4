"""An exam as it is shown: a table for the terminal, and the data of its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nightschool.surface.terminal.table import table

if TYPE_CHECKING:
    from nightschool.exam import ExamReport, Row


def rows_of(report: ExamReport) -> str:
    """Return one line for each row of the exam, those that could not be had at the end with the reason."""
    shown = [row for row in report.rungs if row.unavailable is None]
    lines = [table(["rung", "right", "95% interval", "n", "tokens", "seconds", ""], [_cells(row) for row in shown],
                   numbers=[1, 3, 4, 5])]  # fmt: skip
    never = dict.fromkeys(row.never for row in shown if row.never)  # once each: many rows share a reason
    lines += [f"not for use ({_names([r.name for r in shown if r.never == why])}): {why}" for why in never]
    lines += [f"{row.name}: not to be had: {row.unavailable}" for row in report.rungs if row.unavailable is not None]
    lines += ["", *(f"{found.title}: {found.sentence}" for found in report.findings if found.sentence)]
    return "\n".join(lines).rstrip()


def page_of(report: ExamReport) -> Any:
    """Return the data of the report's page (`exam.report.PageData`)."""
    return {
        "title": f"Exam: {report.task}",
        "model": report.model,
        "task": report.task,
        "exam": report.to_json(),
        "warnings": list(report.warnings),
        "disclosure": {
            "seed": report.seed,
            "model identity": report.identity,
            "adapter": report.adapter or "none",
            "items": f"{len(report.items)} of split {report.split}",
        },
        "partial": report.partial,
    }


def _cells(row: Row) -> list[str]:
    right = "" if row.accuracy is None or row.remark else f"{row.accuracy:.1%}"
    interval = "" if row.low is None or row.high is None or row.remark else f"{row.low:.1%} to {row.high:.1%}"
    marks = [f"{row.remark}, {row.accuracy:.1%} right"] if row.remark and row.accuracy is not None else []
    if row.missing:
        marks.append(f"{row.missing} missing")
    if row.cut:
        marks.append(f"{row.cut} cut off")
    if row.never:
        marks.append("not for use")
    return [row.name, right, interval, str(row.n), f"{row.tokens:,}", f"{row.seconds:.1f}", ", ".join(marks)]


def _names(rows: list[str]) -> str:
    """Return the names of ways, those of many rows once: `head/n=16, head/n=64` are `head`."""
    return ", ".join(dict.fromkeys(row.partition("/")[0] if len(rows) > 2 else row for row in rows))
