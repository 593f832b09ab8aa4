"""`nightschool forget`: take a memory off the disk, with all that was made of it."""

from __future__ import annotations

import click

from nightschool.surface.memories.store import now, opened, store_options
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer


@click.command("forget", short_help="Take a memory away for good.")
@click.argument("memory", metavar="ID")
@store_options
@shared()
def command(memory: str, space: str, where: str | None, settings: Settings) -> None:
    """Delete the memory whose id begins with ID: text, vectors, links, and its lines in summaries."""
    from nightschool.remember.forget import forget

    with opened(space, where) as store:
        gone = forget(store, memory, now())
    text = (
        f"forgotten {gone.memory.id}: {gone.vectors} vectors, {gone.links} links, "
        f"{gone.summaries} summaries shortened, {gone.gone} gone"
    )
    answer(settings, text, {"forgotten": gone.ids, "vectors": gone.vectors, "links": gone.links,
                            "summaries": gone.summaries, "summaries_gone": gone.gone})  # fmt: skip
