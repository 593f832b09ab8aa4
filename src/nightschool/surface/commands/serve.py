"""`nightschool serve`: minds behind the OpenAI protocol, and a page to look at them."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightschool.errors import MissingDependency, UsageError
from nightschool.surface.memories.store import embedder_of, embedder_option
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer

if TYPE_CHECKING:
    from nightschool.mind import Mind
    from nightschool.sleep.nights.ledger import Ledger
    from nightschool.surface.server.keys import Keys
    from nightschool.surface.server.minds import Minds


@click.command("serve", short_help="Serve minds to any OpenAI client.")
@click.option("--also", multiple=True, metavar="MODEL", help="Another model to serve beside --model; repeatable.")
@click.option("--mind", "minds", multiple=True, metavar="FILE", help="A mind.toml to serve under its file's name.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option("--keys", metavar="FILE", help="Who may ask.  [default: what `nightschool keys` wrote, if anything]")
@click.option("--reports", metavar="DIR", default="report", show_default=True, help="Exams that the page shows.")
@click.option("--allow-critic", multiple=True, metavar="NAME", help="A critic that clients may name; repeatable.")
@click.option("--queue", type=click.IntRange(min=1), default=256, show_default=True, help="Requests in work at most.")
@click.option("--request-tokens", type=click.IntRange(min=1), default=65_536, show_default=True, metavar="N",
              help="Tokens that one request may sample.")  # fmt: skip
@click.option("--request-seconds", type=click.FloatRange(min=0, min_open=True), default=600.0, show_default=True,
              metavar="S", help="Time that one request may take.")  # fmt: skip
@click.option("--body-mb", type=click.FloatRange(min=0, min_open=True), default=4.0, show_default=True, metavar="MB",
              help="Size of a request at most.")  # fmt: skip
@click.option("--store", "where", envvar="NIGHTSCHOOL_STORE", metavar="WHERE",
              help="Where memories are: a folder, or postgresql://...  [default: the user's data folder]")  # fmt: skip
@embedder_option
@shared(model=True)
def command(
    also: tuple[str, ...],
    minds: tuple[str, ...],
    host: str,
    port: int,
    keys: str | None,
    reports: str,
    allow_critic: tuple[str, ...],
    queue: int,
    request_tokens: int,
    request_seconds: float,
    body_mb: float,
    where: str | None,
    embedder: str,
    settings: Settings,
) -> None:
    """Serve MODEL at /v1 to any client of the OpenAI protocol, and a page at / that shows what it thinks.

    The name of a model is a mind: smollm2, smollm2@night-NAME, smollm2+think(best_of=16). Without keys
    (nightschool keys) only this machine is served. One line of JSON on stderr for each request; Ctrl-C ends it.
    """
    try:
        from nightschool.surface.server.app import application
        from nightschool.surface.server.serving import bound, run
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("nightschool"):
            raise
        raise MissingDependency(f"serve needs {error.name}; type: pip install 'nightschool[serve]'") from error
    from nightschool.surface.server.guard import LOOPBACK_NAMES, loopback
    from nightschool.surface.server.rooms import Rooms
    from nightschool.surface.server.served import Served
    from nightschool.surface.server.v1.ask import Limits

    assert settings.config is not None  # `shared(model=True)` reads one
    who = _keys(keys)
    if not loopback(host) and not who:
        raise UsageError(
            f"whoever reaches {host} could use this server; type: nightschool keys add NAME, or serve 127.0.0.1"
        )
    log = _silent if settings.quiet else _say
    files = _minds(minds)
    models = dict.fromkeys([settings.model, *also, *(mind.model for mind in files.values())])
    served = Served(
        served_minds(list(models), files, settings, queue, frozenset(allow_critic)),
        Limits(request_tokens, request_seconds),
        who,
        reports=Path(reports),
        rooms=Rooms(where, lambda: embedder_of(embedder, settings)),
    )
    listening = bound(host, port)
    app = application(
        served,
        hosts=LOOPBACK_NAMES if loopback(host) else (),
        body_bytes=int(body_mb * 2**20),
        log=log,
        complain=_complain,
    )
    name = f"[{host}]" if ":" in host else host
    url = f"http://{name}:{listening.getsockname()[1]}"
    run(
        app,
        listening,
        lambda: answer(settings, f"serving {', '.join(models)} at {url}", {"models": list(models), "url": url}),
    )


def served_minds(
    models: list[str], files: dict[str, Mind], settings: Settings, queue: int, critics: frozenset[str]
) -> Minds:
    """Return what is served: an engine for each model, the minds, and this user's nights. Raises UnknownName."""
    from nightschool.models.resolve import describe, open_model
    from nightschool.surface.server.engine import Engine
    from nightschool.surface.server.minds import SAFE, Minds

    engines = {}
    for name in models:
        describe(name)  # a name that there is not is said now
        price = settings.config.price(name) if settings.config is not None else None
        engines[name] = Engine(
            name,
            lambda name=name: open_model(name, settings.config),  # type: ignore[misc]
            max_waiting=queue,
            price=price,
            complain=_complain,
        )
    return Minds(engines, files, _ledger, SAFE | critics)


def _ledger(space: str) -> Ledger | None:
    from nightschool.paths import data_folder
    from nightschool.sleep.nights.ledger import Ledger

    folder = data_folder() / "nights"
    return Ledger(folder, space) if (folder / "ledger.sqlite").exists() else None


def _minds(files: tuple[str, ...]) -> dict[str, Mind]:
    from nightschool.mind import read_mind

    found: dict[str, Mind] = {}
    for file in files:
        name = Path(file).stem
        if name in found:
            raise UsageError(f"two minds are called {name!r}; rename one of the files")
        found[name] = read_mind(file)
    return found


def _keys(file: str | None) -> Keys:
    from nightschool.surface.commands.keys import default_file
    from nightschool.surface.server.keys import read_keys

    if file is not None and not Path(file).is_file():
        raise UsageError(f"there are no keys at {file}; type: nightschool keys add NAME --keys {file}")
    return read_keys(Path(file) if file else default_file())


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _silent(line: str) -> None:
    pass


def _complain(error: Exception) -> None:
    traceback.print_exception(error, file=sys.stderr)
