"""`nightschool sleep`: hold one night, over the memories or over what practice of a task verified."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nightschool.errors import StopRequested, UsageError
from nightschool.surface.memories.store import store_options
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer

if TYPE_CHECKING:
    from nightschool.search.budget import Budget


@click.command("sleep", short_help="Hold one night over memories, or a task.")
@click.argument("task", metavar="[TASK]", required=False)
@click.option("--dry-run", is_flag=True, help="Show what would be learned of the memories; change nothing.")
@click.option("--until", metavar="HH:MM", help="Be done by that time of day.")
@click.option("--steps", type=click.IntRange(min=1), metavar="N", help="Gradient steps at most, over memories.")
@click.option("--teacher", type=click.Choice(["self", "expert", "guided", "taught"]), default="self", show_default=True,
              help="Learn TASK from what the verifier passed, from demonstrations, from an expert who goes on from "
              "what it begins, or in short stretches from where it goes wrong.")  # fmt: skip
@click.option("--wording", metavar="NAME", help="How TASK is posed.  [default: its first wording]")
@click.option("--rounds", type=click.IntRange(min=1), default=4, show_default=True, metavar="N",
              help="Rounds of practice and lessons at most.")  # fmt: skip
@click.option("--watch", "watched", multiple=True, metavar="TASK[@WORDING]",
              help="A task that must not get worse (repeatable).  [default: arithmetic, or sorting]")  # fmt: skip
@click.option("--text-tokens", type=click.IntRange(min=0), default=10_000, show_default=True, metavar="N",
              help="Plain text whose likelihood is watched.")  # fmt: skip
@click.option("--study", type=click.Choice(["templates", "model", "both"]), default="templates", show_default=True,
              help="Who writes the questions to oneself; templates help where the model is too weak.")  # fmt: skip
@click.option("--teach", metavar="FILE", help="After a night over TASK, learn a value head for later searches.")
@click.option(
    "--step", type=click.Choice(["line", "sentence", "comma", "semicolon"]), help="With --teach: what ends a step."
)
@click.option("--night", metavar="NIGHT", help="The night to build on, or none.  [default: the night in force]")
@click.option("--resume", is_flag=True, help="Go on with the interrupted night of this very TASK and settings.")
@store_options
@shared(model=True)
def command(
    task: str | None,
    dry_run: bool,
    until: str | None,
    steps: int | None,
    teacher: Any,
    wording: str | None,
    rounds: int,
    watched: tuple[str, ...],
    text_tokens: int,
    study: Any,
    teach: str | None,
    step: Any,
    night: str | None,
    resume: bool,
    space: str,
    where: str | None,
    settings: Settings,
) -> int:
    """Learn what was remembered, and keep the night if the gate passes it.

    Without TASK: what the memories state, is not known yet and matters most. With TASK: the model practises it with the
    verifier and learns what passed. The night is built on the one in force. A gate that refuses leaves the old mind as
    it was. An interrupted night over memories goes on where it was when it is held again.
    """
    if until is not None:
        settings = replace(settings, budget=_until(until, settings))
    if task is None:
        given = {
            "--teacher": teacher != "self", "--wording": wording is not None, "--resume": resume,
            "--teach": teach is not None, "--step": step is not None,
        }  # fmt: skip
        if odd := [name for name, wrong in given.items() if wrong]:
            raise UsageError(f"{', '.join(odd)} needs a TASK; without one, the night is over the memories")
        return _over_memories(dry_run, steps, watched, text_tokens, study, night, space, where, settings)
    if dry_run or steps is not None or study != "templates":
        raise UsageError("--dry-run, --steps and --study are for a night over the memories; leave TASK out")
    if (teach is None) != (step is None):
        raise UsageError("a value head judges beginnings: --teach FILE and --step (what ends a step) go together")
    return _over_practice(task, teacher, wording, rounds, watched, text_tokens, teach, step, night, resume, settings)


def _until(until: str, settings: Settings) -> Budget:
    from datetime import datetime

    from nightschool.search.budget import Budget
    from nightschool.surface.nights.over_memories import seconds_until

    seconds = seconds_until(until, datetime.now())
    budget = settings.budget or Budget()
    return replace(budget, seconds=min(seconds, budget.seconds or seconds))


def _over_memories(
    dry_run: bool,
    steps: int | None,
    watched: tuple[str, ...],
    text_tokens: int,
    study: Any,
    night: str | None,
    space: str,
    where: str | None,
    settings: Settings,
) -> int:
    from nightschool.day.settings import WATCHED
    from nightschool.sleep.consolidate import sleep_over
    from nightschool.sleep.evening.prepare import prepare
    from nightschool.sleep.plan import NightPlan
    from nightschool.surface.concepts.dreams import dream_of_concepts
    from nightschool.surface.nights.over_memories import sleeper_of
    from nightschool.surface.nights.shown import planned, told

    plan = NightPlan(seed=settings.seed, steps=steps, text_tokens=text_tokens, writer=study)
    with sleeper_of(plan, settings, space=space, where=where, night=night, watched=watched or WATCHED[:1]) as sleeper:
        if dry_run:
            evening = prepare(sleeper)
            answer(settings, planned(evening), evening.as_dict())
        else:
            dreamt = dream_of_concepts(settings.seed, sleeper.watch)
            text, data = told(sleep_over(sleeper))
            if dreamt is not None:
                text += f"\ndreamt: of {dreamt['drawings']} drawn concepts; recognise fits those that it proposes"
                data["dreams"] = dreamt
            answer(settings, text, data)
    return 0


def _over_practice(
    task: str,
    teacher: Any,
    wording: str | None,
    rounds: int,
    watched: tuple[str, ...],
    text_tokens: int,
    teach: str | None,
    step: Any,
    night: str | None,
    resume: bool,
    settings: Settings,
) -> int:
    from nightschool.day.run import run_night
    from nightschool.day.settings import DaySettings, watched_beside
    from nightschool.day.term import TermPlan
    from nightschool.surface.commands.day import table
    from nightschool.surface.nights.day import day_of
    from nightschool.surface.thinking.value_heads import leave_values

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
        text, data = table(report), report.to_json()
        stopped: StopRequested | None = None
        if teach is not None and not report.partial:
            try:
                line, data["values"] = leave_values(day, Path(teach), step)
                text += f"\n{line}"
            except StopRequested as stop:
                stopped = stop
    answer(settings, text, data)
    if stopped is not None:
        raise stopped
    if report.partial:
        old = "the old mind is as it was; --resume goes on with the night"
        raise StopRequested(f"stopped; {old if report.night is None else 'the night was over, and stands'}")
    return 0
