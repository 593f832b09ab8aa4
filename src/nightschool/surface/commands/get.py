"""`nightschool get`: fetch models ahead of time, so that later runs need no network."""

from __future__ import annotations

import click

from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer
from nightschool.surface.terminal.progress import watching


@click.command("get", short_help="Fetch models ahead of time.")
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@shared()
def command(models: tuple[str, ...], settings: Settings) -> None:
    """Fetch each MODEL (smollm2, gemma3-270m, hf:ORG/NAME) and say in which folder its weights are.

    What is on this machine already is not fetched again.
    """
    from nightschool.models.resolve import get

    with watching(settings.quiet) as watch:
        folders = {name: get(name, watch) for name in models}
    answer(settings, "\n".join(map(str, folders.values())), {"models": folders})
