"""`nightschool chat`: talk with a mind that remembers, from one day to the next."""

from __future__ import annotations

import contextlib
import secrets
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from nightschool.errors import NightschoolError, UsageError
from nightschool.surface.awake import awaken, check_night, night_option
from nightschool.surface.cards import card_of
from nightschool.surface.memories import embed_rest, embedder_of, embedder_option, explained, now, opened, store_options
from nightschool.surface.options import Settings, shared
from nightschool.surface.say import remark
from nightschool.surface.watch import watching

if TYPE_CHECKING:
    from nightschool.mind.companion import Companion
    from nightschool.remember.store.port import Store

_HELP = """/remember TEXT   keep it, and keep it in mind
/forget ID        take a memory off the disk
/why              what the last turn called up, with every score
/sleep            how to hold a night
/quit             leave (or Ctrl-D)"""

_SLEEP = "nightschool sleep learns what was remembered; the next chat wakes from it"


@click.command("chat", short_help="Talk with a mind that remembers.")
@click.option("--system", metavar="TEXT", help="A system prompt in place of the usual one.")
@click.option("--temperature", type=click.FloatRange(min=0), default=0.7, show_default=True, metavar="T")
@click.option(
    "--max-tokens", type=click.IntRange(min=1), default=256, show_default=True, metavar="N", help="Longest answer."
)
@click.option("--imply", is_flag=True, help="Let the model first write what the memories come to.")
@click.option(
    "--exam", "exams", multiple=True, metavar="REPORT", help="An exam that this mind sat, so that it knows what it can."
)
@night_option
@store_options
@embedder_option
@shared(model=True)
def command(
    system: str | None,
    temperature: float,
    max_tokens: int,
    imply: bool,
    exams: tuple[str, ...],
    night: str | None,
    space: str,
    where: str | None,
    embedder: str,
    settings: Settings,
) -> None:
    """Talk with a mind: what you and it say is kept, and recalled when it matters, in this session and in later ones.

    Ctrl-C ends an answer, and at the prompt the session; what was said is in the store already. /help lists commands.
    """
    if settings.json:
        raise UsageError("a chat is not one JSON object; nightschool think answers one question with --json")
    if settings.budget is not None:
        raise UsageError("a chat has no --budget; --max-tokens limits an answer")
    check_night(night, space)
    from nightschool.items import Sampling
    from nightschool.mind.companion import SYSTEM, Companion
    from nightschool.models.resolve import open_model

    with opened(space, where) as store:
        meaning = embedder_of(embedder, settings)
        if meaning is not None:
            embed_rest(store, meaning, settings)
        with watching(settings.quiet) as watch:
            watch.stage(f"loading {settings.model}")
            model = open_model(settings.model, settings.config, watch=watch)
        with contextlib.closing(model):
            awake = awaken(model, night, space)
            companion = Companion(
                model, store, meaning, clock=now, session=secrets.token_hex(4),
                card=card_of(model, awake, store, exams), sampling=Sampling(max_tokens, temperature),
                adapter=awake.adapter if awake else None, seed=settings.seed, system=system or SYSTEM, imply=imply,
            )  # fmt: skip
            remark(settings, f"{settings.model}, {store.count():,} memories in {space!r}; /help lists commands")
            _talk(companion, store, settings)


def _talk(companion: Companion, store: Store, settings: Settings) -> None:
    while True:
        try:
            text = _line().strip()
        except (EOFError, KeyboardInterrupt):
            click.echo(err=True)
            return
        if text in ("/quit", "/exit"):
            return
        if not text:
            continue
        try:
            if text.startswith("/"):
                _obey(text, companion, store)
            else:
                _answer(companion, text, settings)
        except NightschoolError as error:  # one turn that failed does not end the session
            click.echo(f"nightschool: {error}", err=True)


def _line() -> str:
    if sys.stdin.isatty():
        return input("> ")
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


def _answer(companion: Companion, text: str, settings: Settings) -> None:
    before = companion.gone
    pieces = companion.hear(text)
    try:
        for piece in pieces:
            click.echo(piece, nl=False)
            sys.stdout.flush()
    except KeyboardInterrupt:
        pieces.close()
        click.echo(" ...", nl=False)
    click.echo()
    if companion.gone > before:
        remark(settings, f"{companion.gone} earlier turns are no longer shown to the model; they are kept in memory")


def _obey(text: str, companion: Companion, store: Store) -> None:
    name, _, rest = text.partition(" ")
    commands: dict[str, Callable[[str], Iterator[str]]] = {
        "/remember": lambda what: _remember(companion, what),
        "/forget": lambda what: _forget(companion, store, what),
        "/why": lambda _: _why(companion),
        "/sleep": lambda _: iter([_SLEEP]),
        "/help": lambda _: iter([_HELP]),
    }
    if name not in commands:
        raise UsageError(f"no command {name}; there are {', '.join(commands)} and /quit")
    for line in commands[name](rest.strip()):
        click.echo(line)


def _why(companion: Companion) -> Iterator[str]:
    yield explained(companion.recalled, every_score=True) or "nothing was recalled"
    if companion.implied:
        yield f"what the model made of it: {companion.implied}"


def _remember(companion: Companion, what: str) -> Iterator[str]:
    yield f"kept as {companion.remember(what).id}"


def _forget(companion: Companion, store: Store, what: str) -> Iterator[str]:
    from nightschool.remember.forget import forget

    gone = forget(store, what, now())
    companion.forgotten(gone.ids)
    yield f"forgotten {gone.memory.id}: {gone.memory.text}"
