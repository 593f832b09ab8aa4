"""Nights for tests: real files in a ledger, with weights that no model needs to understand."""

from __future__ import annotations

from pathlib import Path

from nightschool import paths
from nightschool.items import Adapter
from nightschool.sleep.nights.ledger import Ledger
from nightschool.sleep.nights.night import Night
from nightschool.train.adapter_name import CONFIG, WEIGHTS, name_of


def hold(
    folder: Path,
    *,
    base: str,
    model: str = "scripted",
    task: str = "sorting:n=4",
    accepted: bool = True,
    weights: str = "w",
    space: str = "default",
) -> Night:
    """Return a night recorded in this user's ledger under `space`, not switched to; `folder` is for scratch."""
    made = folder / f"adapter-{weights}"
    made.mkdir(parents=True, exist_ok=True)
    (made / WEIGHTS).write_bytes(weights.encode())
    (made / CONFIG).write_text("{}", encoding="utf-8")
    adapter = Adapter(name_of(made, base), base, str(made))
    night = Night(
        base=base, model=model, task=task, adapter=adapter.name, lessons=12, lessons_hash="0", steps=24, seed=0,
        accepted=accepted, reason="better" if accepted else "not better", created="2026-01-02T03:04:05+00:00",
        version="0.1.0",
    )  # fmt: skip
    return ledger(space).record(night, adapter, [])


def ledger(space: str = "default") -> Ledger:
    """Return the ledger that the command line uses, or that of another space."""
    return Ledger(paths.data_folder() / "nights", space)
