"""`nightschool ls`: what is installed, from the registry alone; no plugin is imported."""

from __future__ import annotations

from typing import Any

import click

from nightschool import registry
from nightschool.errors import UnknownName
from nightschool.surface.memories.store import store_options
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer, remark


@click.command("ls", short_help="List what there is.")
@click.argument("kind", metavar="KIND", default="")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="Of memories.")
@store_options
@shared()
def command(kind: str, limit: int, space: str, where: str | None, settings: Settings) -> None:
    """List the installed models, critics, worlds, strategies or rungs; or nights, memories, or unfinished runs.

    Without KIND, all that is installed. A listed name can be followed by parameters: sorting:n=5,high=99.
    """
    if kind == "nights":
        from nightschool.surface.nights.shown import drawn, listed

        nights = listed(space)
        answer(settings, drawn(nights), {"nights": nights})
        return
    if kind == "runs":
        from nightschool.surface.thinking import unfinished_runs

        runs = unfinished_runs.listed()
        answer(settings, unfinished_runs.drawn(runs), {"runs": runs})
        return
    if kind == "memories":
        _memories(space, where, limit, settings)
        return
    if kind and kind not in registry.KINDS:
        raise UnknownName("kind of thing", kind, (*registry.KINDS, "nights", "memories", "runs"))
    chosen = [k for k in registry.KINDS if not kind or k == kind]
    found: dict[str, list[dict[str, Any]]] = {
        k: [{"name": name, "from": registry.origin(k, name)} for name in registry.names(k)] for k in chosen
    }
    answer(settings, _text(found, headed=not kind), found)


def _memories(space: str, where: str | None, limit: int, settings: Settings) -> None:
    from nightschool.surface.memories.shown import described, listed
    from nightschool.surface.memories.store import opened

    with opened(space, where) as store:
        count, memories = store.count(), store.recent(limit)
    text = (
        listed(memories) if memories else f"nothing is kept in the space {space!r} yet; type: nightschool remember TEXT"
    )
    if count > len(memories):
        remark(settings, f"the latest {len(memories):,} of {count:,}; --limit shows more")
    answer(settings, text, {"space": space, "count": count, "memories": [described(memory) for memory in memories]})


def _text(found: dict[str, list[dict[str, Any]]], headed: bool) -> str:
    lines: list[str] = []
    for kind, plugins in found.items():
        if headed:
            lines += [*([""] if lines else []), kind]
        wide = max((len(plugin["name"]) for plugin in plugins), default=0)
        for plugin in plugins:
            lines.append(f"{'  ' if headed else ''}{plugin['name']:<{wide}}  {plugin['from']}")
    return "\n".join(lines)
