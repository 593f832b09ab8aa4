"""`nightschool scale`: the same exam over a family of models, and what size brings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from nightschool.errors import StopRequested, UsageError
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer, remark
from nightschool.surface.terminal.progress import watching
from nightschool.surface.terminal.specs import specs

if TYPE_CHECKING:
    from nightschool.items import Wording
    from nightschool.ports import Watcher, World
    from nightschool.surface.exams.family import Candidate

DRAWS, FAMILY = "draws.sqlite", "family"


@click.command("scale", short_help="Examine a family of models.")
@click.argument("task", metavar="TASK")
@click.option("--models", metavar="A,B", help="These, as --model of exam; NAME=SIZE where a server does not tell.")
@click.option(
    "--sizes", default="16x1,24x2,32x2,48x2,64x3", show_default=True, metavar="WxL,...",
    help="Without --models: hidden numbers and layers of models that are made from nothing.",
)  # fmt: skip
@click.option("--steps", type=click.IntRange(min=20), default=1000, show_default=True, metavar="N", help="Of learning.")
@click.option(
    "--checkpoints", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
    help="One size at so many times, each twice the one before.",
)  # fmt: skip
@click.option("--also", multiple=True, metavar="TASK", help="Taught beside TASK, not examined; may be repeated.")
@click.option(
    "--items", type=click.IntRange(min=20), default=200, show_default=True, metavar="N", help="Held-out items."
)
@click.option("--rungs", metavar="A,B", help="Ways that all of them sit.  [default: control,zero-shot,few-shot]")
@click.option("--wording", metavar="NAME", help="How TASK is posed.  [default: the first that all can be given]")
@shared(model=True, report=True)
def command(
    task: str,
    models: str | None,
    sizes: str,
    steps: int,
    checkpoints: int,
    also: Sequence[str],
    items: int,
    rungs: str | None,
    wording: str | None,
    settings: Settings,
) -> None:
    """Sit the same exam of TASK over a family: models that are named, or a small family that is made from nothing on
    TASK (and --also, so that a prompt must say which is meant).

    Tells whether accuracy grows smoothly or as a switch, and whether the probability of the right answer does too; what
    the error of one step foretells for the whole; how much of few-shot the plain question reaches; a tuned small model
    against a prompted larger one (--rungs control,zero-shot,few-shot,lora-truths:n=64); and how bad failures are.

    The family and all draws are kept in --report: the same line goes on, or asks and teaches nothing again.
    """
    from nightschool.drive import Cache
    from nightschool.exam.report import write
    from nightschool.items import Split
    from nightschool.surface.exams.family import RUNGS, report_of, sat_by_all
    from nightschool.surface.exams.shown import page_of
    from nightschool.worlds.open import open_world

    assert settings.report is not None
    world = open_world(task)
    with watching(settings.quiet) as watch:
        if models is None:
            family = _raised(world, also, sizes, steps, checkpoints, settings, watch)
            way = _way(world, wording, documents_only=True)
        else:
            family, way = _named(models, settings, watch), _way(world, wording, documents_only=False)
        cache = Cache(settings.report / DRAWS)
        try:
            members = sat_by_all(
                family, world, world.items(Split.EXAM, items, settings.seed), rungs=specs(rungs) if rungs else RUNGS,
                wording=way, seed=settings.seed, cache=cache, watch=watch,
            )  # fmt: skip
            if cache.hits:
                watch.say(f"{cache.hits:,} of {cache.hits + cache.misses:,} draws were there from an earlier sitting")
        finally:
            cache.close()
    if len(members) < 2:
        raise StopRequested("stopped before two members were examined; the same line goes on")
    report = report_of(members, settings.seed, "steps" if checkpoints > 1 else "parameters")
    page = write(settings.report, page_of(report))
    finding = report.findings[0]
    answer(
        settings, "\n".join((_table(finding.columns, finding.table), "", finding.sentence, *finding.notes)),
        {"task": world.spec, "sentence": finding.sentence, **finding.facts, "report": str(page),
         "partial": report.partial},
    )  # fmt: skip
    remark(settings, f"report: {page}")
    if report.partial:
        raise StopRequested("stopped; the report holds what was done so far")


def _raised(
    world: World, also: Sequence[str], sizes: str, steps: int, checkpoints: int, settings: Settings, watch: Watcher
) -> list[Candidate]:
    from nightschool.surface.exams.family import Candidate
    from nightschool.train.family import raise_family, read_sizes
    from nightschool.worlds.open import open_world

    assert settings.report is not None
    worlds = [world, *(open_world(each) for each in also)]
    born = raise_family(
        read_sizes(sizes), worlds, settings.report / FAMILY, steps=steps, seed=settings.seed, checkpoints=checkpoints,
        watch=watch,
    )  # fmt: skip
    return [Candidate(each.name, float(each.steps if checkpoints > 1 else each.size), each.open) for each in born]


def _named(text: str, settings: Settings, watch: Watcher) -> list[Candidate]:
    from nightschool.models.resolve import open_model
    from nightschool.surface.exams.family import Candidate

    assert settings.config is not None
    config, found = settings.config, []
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, size = part.rpartition("=") if _is_number(part.rpartition("=")[2]) else (part, "", "")
        found.append(
            Candidate(name, float(size) if size else None, lambda name=name: open_model(name, config, watch=watch))  # type: ignore[misc]
        )
    if len(found) < 2:
        raise UsageError("a family has two members at least; name two with --models A,B")
    return found


def _is_number(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False


def _way(world: World, name: str | None, *, documents_only: bool) -> Wording:
    """Return the wording by name, or the first in words that a family can be given. Raises UnknownName, UsageError."""
    from nightschool.errors import UnknownName

    named = {wording.name: wording for wording in world.wordings}
    if name is not None:
        if name not in named:
            raise UnknownName(f"wording of {world.spec}", name, named)
        return named[name]
    able = [w for w in world.wordings if w.style == "words" and (w.document or not documents_only)]
    if not able:
        raise UsageError(f"{world.spec} has no wording as a document, and models made from nothing know no turns")
    return able[0]


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    from nightschool.surface.terminal.table import table

    return table(list(columns), [[str(cell) for cell in row] for row in rows])
