"""`nightschool recall`: find what a cue calls up, and say why."""

from __future__ import annotations

from dataclasses import asdict

import click

from nightschool.errors import UsageError
from nightschool.surface.memories.shown import described, explained
from nightschool.surface.memories.store import embed_rest, embedder_of, embedder_option, now, opened, store_options
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer, remark


@click.command("recall", short_help="Find what was kept.")
@click.argument("cue", metavar="CUE")
@click.option(
    "--limit", type=click.IntRange(1, 100), default=5, show_default=True, metavar="N", help="At most so many."
)
@click.option("--explain", is_flag=True, help="Show every score.")
@click.option(
    "--hops", type=click.IntRange(1, 2), default=1, show_default=True, help="2: follow up what is found first."
)
@click.option(
    "--useful", multiple=True, metavar="ID", help="This one helped: strengthens it, and recall learns from it."
)
@store_options
@embedder_option
@shared(config=True)
def command(
    cue: str,
    limit: int,
    explain: bool,
    hops: int,
    useful: tuple[str, ...],
    space: str,
    where: str | None,
    embedder: str,
    settings: Settings,
) -> None:
    """Print the memories that CUE calls up, best first.

    They are found by words, meaning, tags, the time that the cue names, what was said beside them, and links. What has
    faded or was superseded counts less and is never hidden.
    """
    from nightschool.remember.recall.learn import praise, ranker_of
    from nightschool.remember.recall.recall import recall

    if not cue.strip():
        raise UsageError("there is nothing to recall: the cue is empty")
    with opened(space, where) as store:
        helped = [store.find(name).id for name in useful]
        model = embedder_of(embedder, settings)
        if model is not None:
            embed_rest(store, model, settings)
        moment = now()
        found = recall(store, cue, model, moment, limit, ranker=ranker_of(store), hops=hops)
        if helped:
            praise(store, cue, found, helped, moment)
            remark(settings, f"strengthened: {', '.join(helped)}")
        if not found:
            remark(settings, f"nothing is kept in the space {space!r} that this calls up")
        data = [{**asdict(each), "memory": described(each.memory)} for each in found]
        answer(settings, explained(found, every_score=explain), {"cue": cue, "memories": data})
