"""`nightschool day`: exam, practise, sleep, gate, exam, recommend; one page at the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import click

from nightschool.errors import StopRequested
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer, plain, remark
from nightschool.surface.terminal.specs import specs

if TYPE_CHECKING:
    from nightschool.day.result import DayReport
    from nightschool.exam.report import PageData


@click.command("day", short_help="Exam, practise, sleep, exam again.")
@click.argument("task", metavar="TASK")
@click.option("--target", type=float, metavar="P", help="End with the cheapest way that reaches this accuracy (0.9).")
@click.option("--teacher", type=click.Choice(["self", "expert", "guided", "taught"]), default="self", show_default=True,
              help="Learn from what the verifier passed, from demonstrations, from an expert who goes on from what it "
              "begins, or in short stretches from where it goes wrong.")  # fmt: skip
@click.option("--wording", metavar="NAME", help="How the task is posed.  [default: its first wording]")
@click.option(
    "--rungs", metavar="A,B", help="Ways that the morning's exam tries beside the plain question; '' for none."
)
@click.option("--exam-items", type=click.IntRange(min=2), default=200, show_default=True, metavar="N",
              help="Held-out items, before and after.")  # fmt: skip
@click.option("--rounds", type=click.IntRange(min=1), default=4, show_default=True, metavar="N",
              help="Rounds of practice and lessons at most.")  # fmt: skip
@click.option("--items", type=click.IntRange(min=1), default=80, show_default=True, metavar="N",
              help="Practice items in a round.")  # fmt: skip
@click.option("--draws", type=click.IntRange(min=1), default=6, show_default=True, metavar="N",
              help="Draws of each practice item.")  # fmt: skip
@click.option("--steps", type=click.IntRange(min=1), default=12, show_default=True, metavar="N",
              help="Gradient steps in a round.")  # fmt: skip
@click.option("--watch", "watched", multiple=True, metavar="TASK[@WORDING]",
              help="A task that must not get worse (repeatable).  [default: arithmetic, or sorting]")  # fmt: skip
@click.option("--text-tokens", type=click.IntRange(min=0), default=10_000, show_default=True, metavar="N",
              help="Plain text whose likelihood is watched; it counts from 50,000 on.")  # fmt: skip
@click.option("--night", default="none", show_default=True, metavar="NIGHT",
              help="The night that the model wakes from; none, the bare model, lets a day be repeated.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on with the interrupted night of this very day.")
@shared(model=True, report=True)
def command(
    task: str,
    target: float | None,
    teacher: Any,
    wording: str | None,
    rungs: str | None,
    exam_items: int,
    rounds: int,
    items: int,
    draws: int,
    steps: int,
    watched: tuple[str, ...],
    text_tokens: int,
    night: str,
    resume: bool,
    settings: Settings,
) -> int:
    """Exam the model on held-out items of TASK, let it practise with the verifier, sleep on what it verified, and exam
    it again; keep the night only if nothing watched was lost.
    """
    from nightschool.day.practise import Practice
    from nightschool.day.settings import DaySettings, watched_beside
    from nightschool.day.term import TermPlan

    default = DaySettings()
    plan = DaySettings(
        seed=settings.seed,
        exam_items=exam_items,
        rungs=default.rungs if rungs is None else specs(rungs),
        wording=wording,
        practice=Practice(items=items, draws=draws),
        term=TermPlan(rounds=rounds, steps=steps),
        teacher=teacher,
        watched=watched or watched_beside(task),
        text_tokens=text_tokens,
        target=target,
    )
    from nightschool.day.run import run_day
    from nightschool.surface.nights.day import day_of

    with day_of(task, plan, settings, night=night, resume=resume) as day:
        report = run_day(day)
    if day.mind is not None:
        from nightschool.mind import write_mind

        assert settings.report is not None  # `shared(report=True)` makes one
        report.mind_file = str(settings.report / "mind.toml")
        write_mind(day.mind, settings.report / "mind.toml")
    return finish(report, settings)


def finish(report: DayReport, settings: Settings) -> int:
    """Write the report's files, print what the day brought, and return the exit code. Raises StopRequested."""
    from nightschool.exam.report import write
    from nightschool.paths import write_durably

    assert settings.report is not None  # `shared(report=True)` makes one
    report.report = str(settings.report / "index.html")
    data = json.dumps(report.to_json(), ensure_ascii=False, indent=1, default=plain)
    write_durably(settings.report / "day.json", data.encode("utf-8", "backslashreplace"))
    page = write(settings.report, cast("PageData", report.to_page()))
    report.report = str(page)
    answer(settings, table(report), report.to_json())
    remark(settings, f"report: {page}")
    if report.partial:
        raise StopRequested("stopped; the report holds what was done so far")
    return 0


def table(report: DayReport) -> str:
    """Return what the day brought, as a person reads it on a terminal."""
    from nightschool.surface.terminal.table import table as drawn

    data = report.to_json()
    rows = [[name, _rate(data[name]), _counts(data[name])] for name in ("before", "after") if data[name]]
    lines = [drawn(["", f"{report.task}, {report.model}", "95% interval"], rows)] if rows else []
    if report.change is not None and report.change.p_value is not None:
        p = report.change.p_value
        lines.append(
            f"change {100 * report.change.difference:+.0f} points, {'p < 0.001' if p < 0.001 else f'p = {p:.3f}'}"
        )
    practice, sleep, gate = data["practice"], data["sleep"], data["gate"]
    if practice["rounds"]:
        lines.append(
            f"practice: {practice['solved']} of {practice['items']} items solved in {len(practice['rounds'])} rounds, "
            f"{practice['tokens']:,} tokens, {practice['seconds']:.0f} s"
        )
        lines.append(f"sleep: {sleep['lessons']} lessons, {sleep['steps']} steps, {sleep['seconds']:.0f} s")
    lines.append(f"gate: {'accepted' if gate['accepted'] else 'no new night'}: {gate['reason']}")
    lines += [
        f"watched: {found['name']} {_watched(found)}{'' if found['counts'] else ' (' + found['why_not'] + ')'}"
        for found in data["watched"]
    ]
    lines += [
        f"{found.title.lower()}: {found.sentence[:1].lower()}{found.sentence[1:].removesuffix('.')}"
        for found in report.understood
    ]
    if report.advice is not None:
        lines.append(report.advice.sentence)
    lines += [f"note: {note}" for note in report.notes]
    if report.term is not None and report.term.stopped == "nothing solved":
        lines += [f"  asked {asked!r}, it said {said!r}: {why}" for asked, said, why in report.term.failures[:5]]
    lines.append(
        f"time: {sum(report.seconds.values()):.0f} s: " + ", ".join(f"{k} {v:.0f}" for k, v in report.seconds.items())
    )
    return "\n".join(lines)


def _rate(score: dict[str, Any]) -> str:
    return f"{score['accuracy']:.1%} of {score['n']} items"


def _counts(score: dict[str, Any]) -> str:
    return f"{score['low']:.1%} to {score['high']:.1%}"


def _watched(found: dict[str, Any]) -> str:
    if found["kind"] == "text":
        return f"{found['before']:.3f} to {found['after']:.3f} nats per token"
    return f"{found['before']:.1%} to {found['after']:.1%}"
