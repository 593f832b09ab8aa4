"""`nightschool remember`: keep a text, or move memories in and out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightschool.errors import BadFile, UsageError
from nightschool.surface.memories.shown import described
from nightschool.surface.memories.store import embed_rest, embedder_of, embedder_option, now, opened, store_options
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer, remark

if TYPE_CHECKING:
    from nightschool.remember.store.port import Store


@click.command("remember", short_help="Keep a text.")
@click.argument("text", metavar="[TEXT]", required=False)
@click.option("--who", default="", metavar="NAME", help="Who said it.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="In place of keyphrases; can be repeated.")
@click.option("--reward", type=click.FloatRange(-1, 1), metavar="R", help="How well it went, from -1 to 1.")
@click.option("--mark", is_flag=True, help="It matters: let it fade slowly, and put it forward.")
@click.option("--import", "import_", metavar="FILE", help="Take in memories that --export wrote.")
@click.option("--export", metavar="FILE", help="Write all memories of the space as JSON lines; - for stdout.")
@store_options
@embedder_option
@shared(config=True)
def command(
    text: str | None,
    who: str,
    tags: tuple[str, ...],
    reward: float | None,
    mark: bool,
    import_: str | None,
    export: str | None,
    space: str,
    where: str | None,
    embedder: str,
    settings: Settings,
) -> None:
    """Keep TEXT (or what stdin holds, for TEXT -): when this ends, it survives a power cut.

    A plain statement of something that can change ("my phone number is ...") supersedes the older one, which stays.
    No language model is asked.
    """
    if sum(given is not None for given in (text, import_, export)) != 1:
        raise UsageError("remember what? give a TEXT, - for stdin, --import FILE or --export FILE, and one of them")
    with opened(space, where) as store:
        if export is not None:
            _export(store, export, settings)
            return
        if import_ is not None:
            _import(store, import_, settings)
            return
        from nightschool.remember.keep import keep
        from nightschool.remember.memory import Memory, Salience, decoded

        content = decoded(sys.stdin.buffer.read()) if text == "-" else str(text)
        salience = Salience(reward=reward, marked=mark)
        memory = keep(store, Memory(content.strip(), now(), who=who, tags=tags, salience=salience))
        # durable before anything that can take long or fail
        model = embedder_of(embedder, settings)
        if model is not None:
            embed_rest(store, model, settings)
        older = [link.target for link in store.links([memory.id]) if link.kind == "contradicts"]
        if older:
            remark(settings, f"supersedes {', '.join(older)}")
        answer(settings, memory.id, {**described(memory), "supersedes": older})


def _export(store: Store, file: str, settings: Settings) -> None:
    from nightschool.remember.store.jsonl import export

    if file == "-":
        if settings.json:
            raise UsageError("--export - and --json both want stdout; leave one out")
        export(store, sys.stdout)
        return
    path = Path(file)
    try:
        with path.open("w", encoding="utf-8") as out:
            count = export(store, out)
    except OSError as error:
        raise BadFile(f"cannot write the memories to {path}: {error.strerror or error}") from error
    answer(settings, f"{count:,} memories written to {path}", {"written": count, "file": path})


def _import(store: Store, file: str, settings: Settings) -> None:
    from nightschool.remember.store.jsonl import import_

    path = Path(file)
    try:
        with path.open(encoding="utf-8") as lines:
            written = import_(store, lines, str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"cannot read memories from {path}: {error}; nothing was imported") from error
    text = f"{written.added:,} memories added, {written.known:,} were there already"
    answer(settings, text, {"added": written.added, "known": written.known})
