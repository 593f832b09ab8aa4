"""`nightschool ls`: what is installed, from the registry alone; no plugin is imported."""

from __future__ import annotations

from typing import Any

import click

from nightschool import registry
from nightschool.errors import UnknownName
from nightschool.surface.options import Settings, shared
from nightschool.surface.say import answer


@click.command("ls", short_help="List what there is.")
@click.argument("kind", metavar="KIND", default="")
@shared()
def command(kind: str, settings: Settings) -> None:
    """List the installed models, critics, worlds, strategies or rungs, or the nights that were held.

    Without KIND, all that is installed. A listed name can be followed by parameters: sorting:n=5,high=99.
    """
    if kind == "nights":
        from nightschool.surface.nights import drawn, listed

        nights = listed()
        answer(settings, drawn(nights), {"nights": nights})
        return
    if kind and kind not in registry.KINDS:
        raise UnknownName("kind of thing", kind, (*registry.KINDS, "nights"))
    chosen = [k for k in registry.KINDS if not kind or k == kind]
    found: dict[str, list[dict[str, Any]]] = {
        k: [{"name": name, "from": registry.origin(k, name)} for name in registry.names(k)] for k in chosen
    }
    answer(settings, _text(found, headed=not kind), found)


def _text(found: dict[str, list[dict[str, Any]]], headed: bool) -> str:
    lines: list[str] = []
    for kind, plugins in found.items():
        if headed:
            lines += [*([""] if lines else []), kind]
        wide = max((len(plugin["name"]) for plugin in plugins), default=0)
        for plugin in plugins:
            lines.append(f"{'  ' if headed else ''}{plugin['name']:<{wide}}  {plugin['from']}")
    return "\n".join(lines)
