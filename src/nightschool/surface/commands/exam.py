"""`nightschool exam`: what a model can do at a task, by every way that is tried, with intervals and costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from nightschool.errors import StopRequested, UnknownName, UsageError
from nightschool.surface.nights.in_force import adapter_of, awaken, check_night, night_option
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer, remark
from nightschool.surface.terminal.progress import watching
from nightschool.surface.terminal.specs import specs

if TYPE_CHECKING:
    from nightschool.exam import Analysis, ExamReport, Rung
    from nightschool.items import Item, Wording
    from nightschool.ports import World

DRAWS = "draws.sqlite"


@click.command("exam", short_help="Measure what a model can do.")
@click.argument("task", metavar="TASK")
@click.option(
    "--items", type=click.IntRange(min=1), default=200, show_default=True, metavar="N", help="Held-out items."
)
@click.option(
    "--rungs", metavar="A,B", help="Ways to try, as nightschool ls rungs: zero-shot,search:n=8.  [default: all]"
)
@click.option(
    "--wordings", type=click.IntRange(min=1), metavar="N", help="How many wordings zero-shot tries.  [default: all]"
)
@click.option("--wording", metavar="NAME", help="How the other rungs pose the task.  [default: its first wording]")
@click.option(
    "--look",
    metavar="A,B",
    help="Analyses, as nightschool ls analyses: failures,prompt-noise:formats=60; none for none.  "
    "[default: those that ask the model nothing more]",
)
@night_option
@click.option("--no-cache", is_flag=True, help="Ask the model everything anew, and keep nothing for the next time.")
@shared(model=True, report=True)
def command(
    task: str,
    items: int,
    rungs: str | None,
    wordings: int | None,
    wording: str | None,
    look: str | None,
    night: str | None,
    no_cache: bool,
    settings: Settings,
) -> None:
    """Examine a model on held-out items of TASK by every rung of the ladder: control prompt, plain question in several
    wordings, code style, few-shot, monologue, vote, search with a verifier, LoRA on what practice solved.

    All rungs sit the same items, so that every comparison is paired. Then the answers are looked at (--look): what the
    failures are, what their structure is, how far work of many steps gets, whether confidence means anything.

    Writes index.html and a JSON file to --report, and the draws beside them: type the same line again, and an exam
    that was interrupted goes on where it was; one that was finished asks the model nothing again.
    """
    from nightschool.exam import LADDER, open_rungs
    from nightschool.items import Split
    from nightschool.surface.exams.analyses import chosen as analyses_of
    from nightschool.worlds.open import open_world

    world = open_world(task)
    way = _wording(world, wording)
    asked = _asked(LADDER if rungs is None else specs(rungs), wordings)
    chosen, analyses = open_rungs(asked), analyses_of(look, asked)
    check_night(night)
    report = _sit(
        world, world.items(Split.EXAM, items, settings.seed), chosen, analyses, way, night, not no_cache, settings
    )
    _finish(report, settings)


def _wording(world: World, name: str | None) -> Wording:
    named = {wording.name: wording for wording in world.wordings}
    if name is not None and name not in named:
        raise UnknownName(f"wording of {world.spec}", name, named)
    return named[name] if name else world.wordings[0]


def _asked(rungs: Sequence[str], wordings: int | None) -> list[str]:
    """Return the rungs with `--wordings` put into zero-shot's specification."""
    if not rungs:
        raise UsageError("--rungs names none; nightschool ls rungs lists them")
    if wordings is None:
        return list(rungs)
    if "zero-shot" not in rungs:
        raise UsageError("--wordings counts those of the rung zero-shot; add it to --rungs, without parameters")
    return [f"zero-shot:wordings={wordings}" if rung == "zero-shot" else rung for rung in rungs]


def _sit(
    world: World,
    items: Sequence[Item],
    rungs: Sequence[Rung],
    analyses: Sequence[Analysis],
    wording: Wording,
    night: str | None,
    caching: bool,
    settings: Settings,
) -> ExamReport:
    from nightschool.drive import Cache, Drive
    from nightschool.exam import sit
    from nightschool.models.resolve import open_model
    from nightschool.surface.exams.training import trainer, tuner, twin_of

    assert settings.config is not None  # `shared(model=True)` reads one
    assert settings.report is not None
    with watching(settings.quiet) as watch:
        watch.stage(f"loading {settings.model}")
        model = open_model(settings.model, settings.config, watch=watch)
        cache = Cache(settings.report / DRAWS) if caching else None
        twin = twin_of(model, settings.seed)
        try:
            awake = awaken(model, night)
            if awake is not None:
                watch.say(f"awake with night {awake.name} of {awake.task}; --night none examines the bare model")
            report = sit(
                world,
                model,
                items,
                rungs,
                seed=settings.seed,
                wording=wording,
                adapter=awake.adapter if awake else None,
                train=trainer(model, settings.seed, watch, adapter_of(awake)),
                analyses=analyses,
                twin=twin,
                tune=tuner(model, settings.seed, watch, twin),
                cache=cache,
                budget=settings.budget,
                watch=watch,
                drive=Drive(model, watch=watch, price=settings.config.price(settings.model), cache=cache),
            )
            if cache and cache.hits:
                watch.say(f"{cache.hits:,} of {cache.hits + cache.misses:,} draws were there from an earlier sitting")
            return report
        finally:
            if cache:
                cache.close()
            model.close()


def _finish(report: ExamReport, settings: Settings) -> None:
    from nightschool.exam.report import write
    from nightschool.surface.exams.shown import page_of, rows_of

    assert settings.report is not None  # `shared(report=True)` makes one
    page = write(settings.report, page_of(report))
    answer(settings, rows_of(report), report.to_json() | {"report": str(page)})
    for warning in report.warnings:
        remark(settings, f"note: {warning}")
    remark(settings, f"report: {page}")
    if report.partial:
        raise StopRequested("stopped; the report holds what was done so far")
