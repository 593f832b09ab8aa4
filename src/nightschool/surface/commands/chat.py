"""`nightschool chat`: talk with a mind that remembers, from one day to the next."""

from __future__ import annotations

import contextlib
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from nightschool.errors import NightschoolError, UsageError
from nightschool.surface.memories.identity_card import card_of
from nightschool.surface.memories.shown import explained
from nightschool.surface.memories.store import embed_rest, embedder_of, embedder_option, now, opened, store_options
from nightschool.surface.memories.unsure import Doubt, doubts
from nightschool.surface.nights.in_force import awaken, check_night, night_option
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import remark, writable
from nightschool.surface.terminal.progress import watching

if TYPE_CHECKING:
    from nightschool.mind.companion import Companion
    from nightschool.ports import Model
    from nightschool.remember.store.port import Store
    from nightschool.sleep.nights.night import Night

_HELP = """/remember TEXT   keep it, and keep it in mind
/forget ID        take a memory off the disk
/why              what the last turn called up, with every score
/sleep [20m]      hold a night over the memories, and wake from it
/quit             leave (or Ctrl-D)"""


@click.command("chat", short_help="Talk with a mind that remembers.")
@click.option("--system", metavar="TEXT", help="A system prompt in place of the usual one.")
@click.option("--temperature", type=click.FloatRange(min=0), default=0.7, show_default=True, metavar="T")
@click.option(
    "--max-tokens", type=click.IntRange(min=1), default=256, show_default=True, metavar="N", help="Longest answer."
)
@click.option(
    "--context",
    type=click.IntRange(min=64),
    metavar="N",
    help="Tokens shown and answered at most.  [default: all it reads]",
)
@click.option("--imply", is_flag=True, help="Let the model first write what the memories come to.")
@click.option("--no-notes", is_flag=True, help="Ask the model for answers alone: no tags, surprise or summaries.")
@click.option(
    "--exam", "exams", multiple=True, metavar="REPORT", help="An exam that this mind sat, so that it knows what it can."
)
@click.option(
    "--sure",
    type=click.FloatRange(0.5, 1, max_open=True),
    metavar="P",
    help="Ask back every sentence, and name those less likely than P to the model itself.",
)
@click.option("--reading", metavar="FILE", help="How to take its word, as practice items taught (with --sure).")
@night_option
@store_options
@embedder_option
@shared(model=True)
def command(
    system: str | None,
    temperature: float,
    max_tokens: int,
    context: int | None,
    imply: bool,
    no_notes: bool,
    exams: tuple[str, ...],
    sure: float | None,
    reading: str | None,
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
    doubt = doubts(sure, reading)
    from nightschool.items import Sampling
    from nightschool.mind.companion import SYSTEM, Companion
    from nightschool.models.resolve import open_model

    with opened(space, where) as store:
        with watching(settings.quiet) as watch:
            watch.stage(f"loading {settings.model}")
            model = open_model(settings.model, settings.config, watch=watch)
        with contextlib.closing(model):
            meaning = embedder_of(embedder, settings, model)
            if meaning is not None:
                embed_rest(store, meaning, settings)
            awake = awaken(model, night, space)
            companion = Companion(
                model, store, meaning, clock=now, session=secrets.token_hex(4),
                card=card_of(model, awake, store, exams), sampling=Sampling(max_tokens, temperature),
                adapter=awake.adapter if awake else None, seed=settings.seed, system=system or SYSTEM, imply=imply,
                notes=not no_notes, context_tokens=context,
            )  # fmt: skip
            remark(settings, f"{settings.model}, {store.count():,} memories in {space!r}; /help lists commands")
            _talk(_Session(companion, store, model, space, awake, settings, doubt))


@dataclass
class _Session:
    """A conversation with what its commands need. awake: the night that the model answers with."""

    companion: Companion
    store: Store
    model: Model
    space: str
    awake: Night | None
    settings: Settings
    doubt: Doubt


def _talk(session: _Session) -> None:
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
                _obey(text, session)
            else:
                _answer(session, text)
        except NightschoolError as error:  # one turn that failed does not end the session
            click.echo(f"nightschool: {error}", err=True)
        except KeyboardInterrupt:
            click.echo("nightschool: interrupted", err=True)


def _line() -> str:
    if sys.stdin.isatty():
        return input("> ")
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


def _answer(session: _Session, text: str) -> None:
    companion, settings = session.companion, session.settings
    before, said = companion.gone, ""
    pieces = companion.hear(text)
    try:
        for piece in pieces:
            said += piece
            click.echo(writable(piece), nl=False, color=True)
            sys.stdout.flush()
    except KeyboardInterrupt:
        pieces.close()
        click.echo(" ...", nl=False)
    click.echo()
    about = "\n".join([*(each.memory.text for each in companion.recalled), text])
    adapter = session.awake.adapter if session.awake else None
    for line in session.doubt(session.model, said, about, adapter):
        remark(settings, line)
    if companion.gone > before:
        remark(settings, f"{companion.gone} earlier turns are no longer shown to the model; they are kept in memory")


def _obey(text: str, session: _Session) -> None:
    name, _, rest = text.partition(" ")
    commands: dict[str, Callable[[_Session, str], Iterator[str]]] = {
        "/remember": _remember,
        "/forget": _forget,
        "/why": _why,
        "/sleep": _sleep,
        "/help": lambda *_: iter([_HELP]),
    }
    if name not in commands:
        raise UsageError(f"no command {name}; there are {', '.join(commands)} and /quit")
    for line in commands[name](session, rest.strip()):
        click.echo(writable(line), color=True)


def _why(session: _Session, _: str) -> Iterator[str]:
    yield explained(session.companion.recalled, every_score=True) or "nothing was recalled"
    if session.companion.implied:
        yield f"what the model made of it: {session.companion.implied}"


def _remember(session: _Session, what: str) -> Iterator[str]:
    yield f"kept as {session.companion.remember(what).id}"


def _forget(session: _Session, what: str) -> Iterator[str]:
    from nightschool.remember.forget import forget

    gone = forget(session.store, what, now())
    session.companion.forgotten(gone.ids)
    made = f", with {gone.gone + gone.summaries} that were made of it" if gone.gone + gone.summaries else ""
    yield f"forgotten {gone.memory.id}: {gone.memory.text}{made}"


def _sleep(session: _Session, how_long: str) -> Iterator[str]:
    """Hold a night here and now; the conversation goes on with the weights that it wakes with."""
    from nightschool.day.settings import WATCHED
    from nightschool.search.budget import Budget
    from nightschool.sleep.consolidate import sleep_over
    from nightschool.sleep.plan import NightPlan
    from nightschool.surface.nights import learner
    from nightschool.surface.nights.over_memories import sleeper
    from nightschool.surface.nights.shown import told

    seconds = Budget.parse(how_long).seconds if how_long else None
    if how_long and seconds is None:
        raise UsageError(f"/sleep takes a time such as 20m, not {how_long!r}")
    settings = session.settings
    plan = NightPlan(seed=settings.seed, seconds=seconds)
    watched = [learner.watched_task(WATCHED[0])]
    with watching(settings.quiet) as watch:
        found = sleep_over(
            sleeper(session.model, session.store, session.awake, plan, watch, space=session.space, watched=watched)
        )
    if found.accepted or found.unlearned:
        session.awake = awaken(session.model, None, session.space)
        adapter = session.awake.adapter if session.awake else None
        session.companion.woken(adapter, card_of(session.model, session.awake, session.store, ()))
    yield told(found)[0]
