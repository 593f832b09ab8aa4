"""`nightschool mcp`: thinking, exams and memory as tools, over stdin and stdout."""

from __future__ import annotations

import click

from nightschool.errors import MissingDependency
from nightschool.surface.memories.store import embedder_of, embedder_option, store_options
from nightschool.surface.terminal.options import Settings, shared


@click.command("mcp", short_help="Offer thinking as tools (MCP).")
@click.option("--allow-critic", multiple=True, metavar="NAME", help="A critic that clients may name; repeatable.")
@store_options
@embedder_option
@shared(model=True)
def command(allow_critic: tuple[str, ...], space: str, where: str | None, embedder: str, settings: Settings) -> None:
    """Speak the Model Context Protocol on stdin and stdout, with the tools think, exam, tasks, remember and recall.

    Meant to be started by a program that uses tools: its configuration names this command.
    """
    try:
        from nightschool.surface.server.mcp.tools import server
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("nightschool"):
            raise
        extra = "mcp" if error.name == "mcp" else "mcp,serve"
        raise MissingDependency(f"mcp needs {error.name}; type: pip install 'nightschool[{extra}]'") from error
    from nightschool.surface.commands.serve import served_minds
    from nightschool.surface.server.mcp.memories import Memories

    minds = served_minds([settings.model], {}, settings, 64, frozenset(allow_critic))
    server(minds, Memories(space, where, lambda: embedder_of(embedder, settings))).run("stdio")
