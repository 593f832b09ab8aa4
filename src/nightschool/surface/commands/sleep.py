"""`nightschool sleep`: practise with the verifier and hold one night, without the exams of a whole day."""

from __future__ import annotations

from typing import Any

import click

from nightschool.errors import StopRequested
from nightschool.surface.options import Settings, shared
from nightschool.surface.say import answer


@click.command("sleep", short_help="Practise and hold one night.")
@click.argument("task", metavar="TASK")
@click.option("--teacher", type=click.Choice(["self", "expert"]), default="self", show_default=True,
              help="Learn from what the verifier passed, or from demonstrations.")  # fmt: skip
@click.option("--wording", metavar="NAME", help="How the task is posed.  [default: its first wording]")
@click.option("--rounds", type=click.IntRange(min=1), default=4, show_default=True, metavar="N",
              help="Rounds of practice and lessons at most.")  # fmt: skip
@click.option("--watch", "watched", multiple=True, metavar="TASK[@WORDING]",
              help="A task that must not get worse (repeatable).  [default: arithmetic, or sorting]")  # fmt: skip
@click.option("--text-tokens", type=click.IntRange(min=0), default=10_000, show_default=True, metavar="N",
              help="Plain text whose likelihood is watched.")  # fmt: skip
@click.option("--night", metavar="NIGHT", help="The night to build on, or none.  [default: the night in force]")
@click.option("--resume", is_flag=True, help="Go on with the interrupted night of this very task and settings.")
@shared(model=True)
def command(
    task: str,
    teacher: Any,
    wording: str | None,
    rounds: int,
    watched: tuple[str, ...],
    text_tokens: int,
    night: str | None,
    resume: bool,
    settings: Settings,
) -> int:
    """Let the model practise TASK with the verifier, learn what it passed, and keep the night if the gate passes it.

    The night is built on the one in force. A gate that refuses leaves the old mind as it was.
    """
    from nightschool.day.run import run_night
    from nightschool.day.settings import DaySettings, watched_beside
    from nightschool.day.term import TermPlan
    from nightschool.surface.commands.day import table
    from nightschool.surface.school import day_of

    plan = DaySettings(
        seed=settings.seed,
        rungs=(),
        wording=wording,
        term=TermPlan(rounds=rounds),
        teacher=teacher,
        watched=watched or watched_beside(task),
        text_tokens=text_tokens,
    )
    with day_of(task, plan, settings, night=night, resume=resume) as day:
        report = run_night(day)
    answer(settings, table(report), report.to_json())
    if report.partial:
        raise StopRequested("stopped; the old mind is as it was; --resume goes on with the night")
    return 0
