"""Which program answers one question: llama.cpp, which is quicker at one answer, or the local engine."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from nightschool.models.weights import kept, packaged
from nightschool.surface.nights.in_force import BARE, ledger

_ONE_AT_A_TIME = frozenset({"single", "monologue"})


def for_one_answer(name: str, strategy: str, night: str | None) -> str:
    """Return the name of the model that is to answer one question: `gguf:NAME` where that is the same, and quicker.

    That is so for a packaged model of which no options were given, with its own weights, where llama.cpp is installed,
    the model's file is on this machine and there is no GPU, and for a strategy that writes one answer at a time.
    strategy: its specification; night: as `--night` says.
    """
    model = packaged.PACKAGED.get(name)
    if model is None or strategy.partition(":")[0] not in _ONE_AT_A_TIME or night not in (None, BARE):
        return name
    if importlib.util.find_spec("xllamacpp") is None or packaged.file_here(model) is None or _has_gpu():
        return name
    nights = ledger() if night is None else None
    asleep = nights is None or nights.current(kept.identity_for(model.sha256)) is None
    return f"gguf:{name}" if asleep else name


def _has_gpu() -> bool:
    return any(Path("/dev").glob("nvidia[0-9]*"))
