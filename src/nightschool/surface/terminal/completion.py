"""Names that a shell may complete: those of plugins, from the registry alone."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from nightschool.registry import Kind

_KINDS: dict[str | None, Kind] = {
    "task": "worlds", "strategy": "strategies", "critic": "critics", "model": "models", "also": "models",
}  # fmt: skip
"""What the values of parameters of these names are called after, in every command."""


def complete_names(command: click.Command) -> None:
    """Have a shell complete the names of plugins in the parameters of `command`; what follows a colon is the user's."""
    for param in command.params:
        if kind := _KINDS.get(param.name):

            def complete(ctx: click.Context, begun: str, kind: Kind = kind) -> list[CompletionItem]:
                from nightschool import registry

                return [CompletionItem(name) for name in registry.names(kind) if name.startswith(begun)]

            param.shell_complete = complete  # type: ignore[method-assign, assignment]
