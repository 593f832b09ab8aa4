"""Nights to record in tests, of a few bytes each; imported by processes that are killed, so it imports little."""

from __future__ import annotations

from pathlib import Path

from nightschool.items import Adapter
from nightschool.sleep.nights.night import Night
from nightschool.train.adapter_name import CONFIG, WEIGHTS, name_of

BASE = "b1"


def made(scratch: Path, weights: str, base: str = BASE) -> tuple[Night, Adapter]:
    """Return a night that is not recorded yet, and its adapter."""
    folder = scratch / f"adapter-{weights}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(weights.encode() * 20_000)
    (folder / CONFIG).write_text("{}", encoding="utf-8")
    adapter = Adapter(name_of(folder, base), base, str(folder))
    night = Night(
        base=base, model="scripted", task="sorting:n=4", adapter=adapter.name, lessons=1, lessons_hash="0", steps=1,
        seed=0, accepted=True, reason="better", created="2026-01-02T03:04:05+00:00", version="0.1.0",
    )  # fmt: skip
    return night, adapter
