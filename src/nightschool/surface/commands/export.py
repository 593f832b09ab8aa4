"""`nightschool export`: a night for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightschool.errors import NightError, UsageError
from nightschool.surface.nights.in_force import ledger
from nightschool.surface.terminal.options import Settings, shared
from nightschool.surface.terminal.output import answer

if TYPE_CHECKING:
    from nightschool.ports import Model


@click.command("export", short_help="Write a night for peft, vLLM, Ollama or llama.cpp.")
@click.argument("night", metavar="NIGHT")
@click.option(
    "--to", required=True, type=click.Choice(["peft", "merged", "gguf"]),
    help="An adapter to load on the model, a transformers folder, or one file for llama.cpp.",
)  # fmt: skip
@click.option("--out", required=True, metavar="PATH", type=click.Path(path_type=Path), help="Not there yet.")
@click.option("--model", metavar="MODEL", help="Where to find the model of the night.  [default: as the night has it]")
@click.option(
    "--weights", type=click.Choice(["f16", "f32", "q8_0"]), default="f16", show_default=True, help="Of a GGUF."
)
@shared()
def command(night: str, to: str, out: Path, model: str | None, weights: str, settings: Settings) -> None:
    """Write NIGHT to PATH, whole or not at all."""
    from nightschool.sleep.nights.export import check_target, export

    check_target(to, out, weights)
    kept = ledger()
    if kept is None:
        raise UsageError(f"no night called {night!r}: none was held yet; type: nightschool sleep TASK")
    chosen = kept.find(night)
    adapter = kept.adapter(chosen)
    name = model or chosen.model
    base = Path() if to == "peft" else _folder(name, chosen.base)
    source = Path(name).expanduser() if name.endswith(".gguf") and to == "gguf" else None
    export(base, adapter, to, out, weights=weights, source=source)
    data = {"night": chosen.name, "model": chosen.model, "to": to, "path": str(out)}
    answer(settings, f"night {chosen.name} of {chosen.model}: {out}", data)


def _folder(name: str, base: str) -> Path:
    """Return the folder of the model called `name`. Raises NightError where its identity is not `base`."""
    from nightschool.models import resolve

    folder = resolve.get(name)
    opened: Model = resolve.open_model(name)
    identity = opened.identity
    opened.close()
    if identity != base:
        raise NightError(f"{name} has the identity {identity[:12]}, the night was held on {base[:12]}; name --model")
    return folder
