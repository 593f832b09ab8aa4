"""`nightschool view`: one report in short, or any number of them against each other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nightschool.errors import BadFile, UsageError
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer, remark
from nightschool.surface.terminal.specs import specs

if TYPE_CHECKING:
    from nightschool.exam import ExamReport
    from nightschool.exam.across import Pair


@click.command("view", short_help="Show reports, and compare them.")
@click.argument("reports", metavar="REPORT...", nargs=-1, required=True)
@click.option("--rungs", metavar="A,B", help="Ways to compare.  [default: all that two reports share]")
@click.option(
    "--difference",
    type=click.FloatRange(0.005, 0.5),
    default=0.10,
    show_default=True,
    metavar="D",
    help="The true difference whose power is told.",
)
@click.option("--inspect", metavar="FOLDER", help="Write the report's logs there, for inspect view.")
@click.option("--table", metavar="FILE", help="Write every answer to FILE.csv or FILE.jsonl, for a data frame.")
@shared()
def command(
    reports: Sequence[str],
    rungs: str | None,
    difference: float,
    inspect: str | None,
    table: str | None,
    settings: Settings,
) -> None:
    """Show what a report found, or compare any number of reports on the same task, item by item.

    REPORT is the folder that an exam or a day wrote, or its report.json. Every pair is compared in each way that both
    sat: a paired test over the items they share, adjusted for the number of tests by Holm, with the power to see a
    true difference.

    --inspect and --table write one report for other tools: logs of Inspect, one for each way, and a flat table.
    """
    from nightschool.exam.across import across
    from nightschool.surface.exams.report_files import write_inspect, write_table
    from nightschool.surface.exams.shown import rows_of

    if (inspect or table) and len(set(reports)) > 1:
        raise UsageError("--inspect and --table write one report; name one")
    found = {name: _read(name) for name in dict.fromkeys(reports)}
    if len(found) < len(reports):
        raise UsageError("a report was named twice; a report compared with itself shows nothing")
    if len(found) == 1:
        (report,) = found.values()
        answer(settings, rows_of(report), report.to_json())
        for warning in report.warnings:
            remark(settings, f"note: {warning}")
        if inspect:
            remark(settings, write_inspect(report, Path(reports[0]), Path(inspect)))
        if table:
            remark(settings, write_table(report, Path(table)))
        return
    pairs = across(found, specs(rungs) if rungs else None, difference_to_see=difference)
    shown = {"reports": {name: _summary(report) for name, report in found.items()}, "pairs": [_plain(p) for p in pairs]}
    answer(settings, _text(found, pairs), shown)
    for note in _notes(found, pairs):
        remark(settings, f"note: {note}")


def _read(name: str) -> ExamReport:
    """Return the exam in a report's folder or file. Raises BadFile."""
    from nightschool.exam import ExamReport

    path = Path(name)
    path = path / "report.json" if path.is_dir() else path
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadFile(
            f"cannot read the report {name}: {error.strerror or error}; name a folder from --report"
        ) from error
    except ValueError as error:
        raise BadFile(f"{path} is no report: it is not JSON ({error})") from error
    exam = data.get("exam", data) if isinstance(data, Mapping) else data
    if not exam:
        raise BadFile(f"the report {name} has no exam")
    return ExamReport.from_json(exam)


def _summary(report: ExamReport) -> dict[str, Any]:
    return {
        "model": report.model,
        "adapter": report.adapter,
        "task": report.task,
        "items": len(report.items),
        "rungs": {row.name: [row.accuracy, row.low, row.high] for row in report.rungs if row.accuracy is not None},
    }


def _plain(pair: Pair) -> dict[str, Any]:
    return {**asdict(pair), "comparison": asdict(pair.comparison)}


def _text(reports: Mapping[str, ExamReport], pairs: Sequence[Pair]) -> str:
    from nightschool.surface.terminal.table import table

    ways = list(dict.fromkeys(pair.row for pair in pairs))
    first = [
        [name, report.model + (f" + {report.adapter[:10]}" if report.adapter else ""), str(len(report.items)),
         *(_rate(report, way) for way in ways)]
        for name, report in reports.items()
    ]  # fmt: skip
    second = [
        [
            pair.row,
            f"{pair.comparison.second} against {pair.comparison.first}",
            f"{100 * pair.comparison.difference:+.1f}",
            f"{100 * pair.comparison.low:+.1f} to {100 * pair.comparison.high:+.1f}",
            "" if pair.comparison.adjusted is None else f"{pair.comparison.adjusted:.3g}",
            str(pair.comparison.n),
            f"{pair.power:.0%}",
            str(pair.needed),
        ]
        for pair in pairs
    ]
    least = f"power for {100 * pairs[0].difference_to_see:.0f}"
    head = ["rung", "pair", "points", "95% interval", "p (Holm)", "n", least, "n for 80%"]
    return (
        table(["report", "model", "items", *ways], first, numbers=[2])
        + "\n\n"
        + table(head, second, numbers=[2, 4, 5, 6, 7])
    )


def _rate(report: ExamReport, way: str) -> str:
    found = next((row for row in report.rungs if row.name == way and row.accuracy is not None), None)
    return "" if found is None else f"{found.accuracy:.1%} ({found.low:.1%} to {found.high:.1%})"


def _notes(reports: Mapping[str, ExamReport], pairs: Sequence[Pair]) -> list[str]:
    notes = []
    seeds = {report.seed for report in reports.values()}
    if len(seeds) > 1:
        notes.append("the reports have other seeds: they share what items they share, and their draws differ")
    weak = [pair for pair in pairs if pair.power < 0.8 and (pair.comparison.adjusted or 1) > 0.05]
    if weak:
        notes.append(
            f"{len(weak)} of {len(pairs)} comparisons could hardly have shown a difference of "
            f"{100 * weak[0].difference_to_see:.0f} points: that none was shown says little"
        )
    if any(report.partial for report in reports.values()):
        notes.append("a report is partial: its exam was interrupted")
    return notes
