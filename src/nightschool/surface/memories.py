"""The options and tables that the commands of memory share."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nightschool.errors import MissingDependency, ModelError
from nightschool.surface.terminal.options import Settings
from nightschool.surface.terminal.output import remark
from nightschool.surface.terminal.progress import watching
from nightschool.surface.terminal.table import table

if TYPE_CHECKING:
    from nightschool.ports import Model
    from nightschool.remember.embed.port import Embedder
    from nightschool.remember.memory import Memory
    from nightschool.remember.recall.recall import Recollection
    from nightschool.remember.store.port import Store

F = TypeVar("F", bound=Callable[..., Any])
_SHOWN = 90  # characters of a memory in a table


def store_options(command: F) -> F:
    """Add the options that say which memories are meant: `space` and `where`."""
    return _added(
        command,
        click.option(
            "--space", default="default", show_default=True, envvar="NIGHTSCHOOL_SPACE", metavar="NAME",
            help="Whose memories; spaces never mix.",
        ),
        click.option(
            "--store", "where", envvar="NIGHTSCHOOL_STORE", metavar="WHERE",
            help="A folder, or postgresql://...  [default: the user's data folder]",
        ),
    )  # fmt: skip


def embedder_option(command: F) -> F:
    """Add the option that says what recalls by meaning: `embedder`."""
    return _added(
        command,
        click.option(
            "--embedder", default="minilm", show_default=True, envvar="NIGHTSCHOOL_EMBEDDER", metavar="NAME",
            help="minilm, wordllama (faster), st:ORG/NAME, hidden:MODEL, openai:URL#MODEL, or none: by words alone.",
        ),
    )  # fmt: skip


def _added(command: F, *options: Callable[[Any], Any]) -> F:
    decorated: Any = command
    for option in reversed(options):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def opened(space: str, where: str | None) -> Store:
    """Return the store that the options name."""
    from nightschool.remember.store.opened import open_store

    return open_store(space, where)


def embedder_of(name: str, settings: Settings, model: Model | None = None) -> Embedder | None:
    """Return the embedder, fetched where it has to be; None, and a remark, where it cannot be had.

    model: one that is open already.
    """
    from nightschool.remember.embed.named import open_embedder

    with watching(settings.quiet) as watch:
        try:
            return open_embedder(name, settings.config, watch, model)
        except (ModelError, MissingDependency) as error:
            watch.say(f"by words alone, without the embedder {name}: {error}")
            return None


def embed_rest(store: Store, embedder: Embedder, settings: Settings) -> None:
    """Embed what was stored without, saying so where it takes a while."""
    from nightschool.remember.keep import embed_missing

    done = 0
    while part := embed_missing(store, embedder, 64):
        done += part
        if part == 64:
            remark(settings, f"embedding memories that {embedder.name} has not seen yet: {done:,} so far")


def now() -> float:
    """Return the time, in Unix seconds."""
    return time.time()


def date(seconds: float) -> str:
    """Return a moment as it is shown, in UTC.

    >>> date(0.0)
    '1970-01-01 00:00'
    """
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):  # before the year 1 or after 9999
        return f"{seconds:g} s"


def described(memory: Memory) -> dict[str, Any]:
    """Return a memory as --json shows it."""
    from dataclasses import asdict

    return {"id": memory.id, **asdict(memory)}


def explained(found: Sequence[Recollection], *, every_score: bool) -> str:
    """Return what was recalled, best first; every_score: with all that each was found by and scored for."""
    lines = []
    for rank, each in enumerate(found, 1):
        memory = each.memory
        outdated = "  (superseded)" if memory.superseded_by else ""
        lines.append(f"{rank:>2}. {memory.text}{outdated}")
        if every_score:
            parts = ", ".join(f"{name} {value:+.2f}" for name, value in _largest(each.parts) if abs(value) >= 0.005)
            lines.append(f"    {memory.id}  {date(memory.time)}  score {each.score:.2f} = {parts}")
            lines.append(f"    found by {', '.join(each.ways)}; {each.retrievability:.0%} remembered")
    return "\n".join(lines)


def _largest(parts: Any) -> list[tuple[str, float]]:
    return sorted(parts.items(), key=lambda pair: -abs(pair[1]))


def listed(memories: Sequence[Memory]) -> str:
    """Return memories as a table, newest first."""
    from nightschool.remember.strength import retrievability

    moment = now()
    rows = [
        [
            memory.id,
            date(memory.time),
            f"{retrievability(memory.strength, moment):.0%}",
            "superseded" if memory.superseded_by else "marked" if memory.salience.marked else "",
            ", ".join(memory.tags[:3]),
            _cut(memory.text),
        ]
        for memory in memories
    ]
    return table(["memory", "stored", "left", "", "tags", "text"], rows, numbers=[2])


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 3] + "..."
