"""`nightschool wake`: which night is in force, and switching to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nightschool.errors import UsageError
from nightschool.surface.nights.in_force import BARE, ledger
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer, remark

if TYPE_CHECKING:
    from nightschool.sleep.nights.ledger import Ledger


@click.command("wake", short_help="Say or choose the night in force.")
@click.argument("night", metavar="[NIGHT]", required=False)
@click.option("--model", metavar="MODEL", help=f"With NIGHT {BARE}: the model that is to wake with its own weights.")
@click.option(
    "--space", default="default", show_default=True, envvar="NIGHTSCHOOL_SPACE", metavar="NAME", help="Whose nights."
)
@shared()
def command(night: str | None, model: str | None, space: str, settings: Settings) -> None:
    """Make NIGHT the one that its model wakes from; `none` for the model's own weights.

    Without NIGHT, say which nights are in force. The switch is one row in the ledger: it is done or not done.
    """
    if model is not None and night != BARE:
        raise UsageError(f"--model goes with NIGHT {BARE}; a night knows its model")
    kept = ledger(space)
    if night is None:
        _say(kept, settings)
        return
    if kept is None:
        raise UsageError("no night was held yet; type: nightschool day sorting")
    if night == BARE:
        for base in _bases(kept, model):
            kept.switch(base, None)
    else:
        chosen = kept.find(night)
        if not chosen.accepted:
            remark(settings, f"the gate refused this night: {chosen.reason}")
        kept.switch(chosen.base, chosen.name)
    _say(kept, settings)


def _bases(kept: Ledger, model: str | None) -> set[str]:
    """Return the identities of the models that are to wake bare."""
    awake = {night.base: night.model for night in kept.nights() if kept.current(night.base)}
    if model is None:
        if len(awake) > 1:
            raise UsageError(f"several models have a night in force; name one: --model {' or '.join(awake.values())}")
        return set(awake)
    bases = {night.base for night in kept.nights() if night.model == model}
    if not bases:
        raise UsageError(f"{model} has held no night; nightschool ls nights lists them")
    return bases


def _say(kept: Ledger | None, settings: Settings) -> None:
    bases = dict.fromkeys(night.base for night in kept.nights()) if kept else {}
    current = [night for base in bases if kept and (night := kept.current(base))]
    lines = [f"{night.model}: night {night.name} ({night.task})" for night in current]
    data = {"in_force": [{"model": n.model, "night": n.name, "task": n.task, "adapter": n.adapter} for n in current]}
    answer(settings, "\n".join(lines) or "no night is in force: every model answers with its own weights", data)
