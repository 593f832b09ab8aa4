"""Which memories a line means and what recalls them: the options, the store and the embedder that they name."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nightschool.errors import MissingDependency, ModelError
from nightschool.surface.terminal.options import Settings
from nightschool.surface.terminal.output import remark
from nightschool.surface.terminal.progress import watching

if TYPE_CHECKING:
    from nightschool.ports import Model
    from nightschool.remember.embed.port import Embedder
    from nightschool.remember.store.port import Store

F = TypeVar("F", bound=Callable[..., Any])


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
