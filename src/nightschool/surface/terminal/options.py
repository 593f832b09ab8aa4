"""The options that commands share, checked while they are read: nothing is loaded for a line that cannot be run."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nightschool.errors import BadFile

if TYPE_CHECKING:
    from nightschool.config import Config
    from nightschool.search.budget import Budget

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Settings:
    """What the shared options say. Commands that run no model leave the second half at its defaults.

    json: one object on stdout and nothing else there; config: as read from --config, else the user's own, None for a
    command that needs none; model: as --model names it, else the configuration; report: a folder that exists and can be
    written.
    """

    json: bool = False
    quiet: bool = False
    config: Config | None = None
    model: str = ""
    seed: int = 0
    budget: Budget | None = None
    report: Path | None = None


def _budget(ctx: click.Context, _: click.Parameter, text: str | None) -> Budget | None:
    from nightschool.search.budget import Budget

    return None if text is None else Budget.parse(text)


def _config(ctx: click.Context, _: click.Parameter, file: str | None) -> Config:
    from nightschool import config

    return config.read(file)


def _report(ctx: click.Context, _: click.Parameter, text: str) -> Path:
    """Return the folder, made where it is missing and written to once. Raises BadFile."""
    folder = Path(text)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadFile(
            f"cannot write a report to {folder}: {error.strerror or error}; name another folder with --report"
        ) from error
    return folder


def _remember_traceback(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and isinstance(ctx.obj, dict):
        ctx.obj["traceback"] = True


traceback_option = click.option(
    "--traceback",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_remember_traceback,
    help="Show all of an error, not one line.",
)

_ALWAYS = (
    click.option("--json", "json", is_flag=True, help="One JSON object on stdout; all else on stderr."),
    click.option("--quiet", "-q", is_flag=True, help="No progress on stderr."),
    traceback_option,
)
_RUNNING = (
    click.option(
        "--model",
        metavar="MODEL",
        help="smollm2, gemma3-270m, hf:ORG/NAME, a folder or GGUF file, openai:URL#MODEL.  [default: the "
        "configuration's, else smollm2]",
    ),
    click.option(
        "--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N", help="Names every draw."
    ),
    click.option(
        "--budget",
        callback=_budget,
        metavar="BUDGET",
        help="What may be spent: 2000tok,16calls,30s,2usd; any of them.",
    ),
)
_CONFIG = (click.option("--config", callback=_config, metavar="FILE", help="A configuration in place of your own."),)
_REPORT = (
    click.option(
        "--report",
        callback=_report,
        default="report",
        show_default=True,
        metavar="DIR",
        help="Where index.html and the JSON file go.",
    ),
)


def shared(*, config: bool = False, model: bool = False, report: bool = False) -> Callable[[F], F]:
    """Return a decorator that adds the shared options to a command and hands them over as `settings`.

    config: with --config; model: with that and --model, --seed and --budget; report: with --report.
    """
    added = [
        (model, _RUNNING, ("model", "seed", "budget")),
        (report, _REPORT, ("report",)),
        (config or model, _CONFIG, ("config",)),
        (True, _ALWAYS, ("json", "quiet")),
    ]
    chosen = [option for wanted, options, _ in added if wanted for option in options]
    mine = [name for wanted, _, names in added if wanted for name in names]

    def add(command: F) -> F:
        @functools.wraps(command)
        def called(**given: Any) -> Any:
            shared_ones = {name: given.pop(name) for name in mine}
            if model and shared_ones["model"] is None:
                shared_ones["model"] = shared_ones["config"].model
            return command(settings=Settings(**shared_ones), **given)

        decorated: Any = called
        for option in reversed(chosen):
            decorated = option(decorated)
        return decorated  # type: ignore[no-any-return]

    return add
