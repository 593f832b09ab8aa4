"""With which weights a model answers: those of the night in force, of a named one, or its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nightschool.errors import NightError, UsageError

if TYPE_CHECKING:
    from nightschool.items import Adapter
    from nightschool.ports import Model
    from nightschool.sleep.nights.ledger import Ledger
    from nightschool.sleep.nights.night import Night

BARE = "none"

night_option = click.option(
    "--night", metavar="NIGHT", help=f"Weights of a night, or {BARE} for the bare model.  [default: the night in force]"
)


def ledger(space: str = "default") -> Ledger | None:
    """Return the ledger of this user's nights, None where no night was ever held. space: whose lineage."""
    from nightschool.paths import data_folder
    from nightschool.sleep.nights.ledger import Ledger

    folder = data_folder() / "nights"
    return Ledger(folder, space) if (folder / "ledger.sqlite").exists() else None


def check_night(name: str | None, space: str = "default") -> None:
    """Raise UnknownName or UsageError where `--night` names none of `space`; nothing is loaded for it."""
    if name in (None, BARE):
        return
    kept = ledger(space)
    if kept is None:
        raise UsageError(f"no night called {name!r}: none was held yet; type: nightschool sleep TASK")
    kept.find(str(name))


def awaken(model: Model, name: str | None, space: str = "default") -> Night | None:
    """Return the night that `model` answers with, its weights loaded; None for the model's own weights.

    name: of a night, `none`, or None for the night in force in `space`. Raises NightError for a night of another model,
    Unsupported for a model that cannot take weights.
    """
    from nightschool.ports import Ability

    kept = ledger(space) if name != BARE else None
    if kept is None or (name is None and Ability.ADAPTERS not in model.abilities):
        return None
    night = kept.current(model.identity) if name is None else kept.find(name)
    if night is None:
        return None
    if night.base != model.identity:
        raise NightError(f"night {night.name} belongs to {night.model}, and {model.name} has other weights")
    model.load_adapter(kept.adapter(night))
    return night


def adapter_of(night: Night | None, space: str = "default") -> Adapter | None:
    """Return the weights of a night that `awaken` returned, None for the bare model's."""
    kept = ledger(space)
    return None if night is None or kept is None else kept.adapter(night)
