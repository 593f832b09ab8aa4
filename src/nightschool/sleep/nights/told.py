"""What a night tells of itself, in its manifest and on pages: losses, what was chosen, what the gate saw."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from nightschool.sleep.evening.evening import Evening
from nightschool.sleep.gate.decide import Decision
from nightschool.sleep.nights.night import Night
from nightschool.stats import wilson


def told_by(decision: Decision) -> dict[str, Any]:
    """Return what the gate decided and saw, as JSON can write it; what is no number there is None."""
    told = asdict(decision)
    return {name: _plain(value) for name, value in told.items() if name not in ("accepted", "reason")}


def losses_of(losses: Sequence[float], marks: Sequence[int] = ()) -> dict[str, Any]:
    """Return the loss of each step in nats per token, and the steps at which a round of lessons began."""
    return {"losses": [_plain(round(loss, 5)) for loss in losses], "marks": list(marks)}


def chosen_of(evening: Evening) -> dict[str, Any]:
    """Return which memories were chosen, how well the weights knew each, and why how many others were left.

    Memories are named by id and never quoted: what is forgotten later must not live on in a manifest.
    """
    chosen = [
        {"memory": each.memory.id, "nats": each.nats and round(each.nats, 5), "lessons": len(each.lessons)}
        for each in evening.selection.chosen
    ]
    return {"chosen": chosen, "left": evening.selection.counts()}


def gate_page(gate: Mapping[str, Any], accepted: bool, reason: str) -> dict[str, Any]:
    """Return what a manifest says of the gate as a page takes it (`exam.report.GateData`)."""
    watched: Sequence[Mapping[str, Any]] = gate.get("watched") or ()
    tasks = [found for found in watched if found["kind"] == "task"]
    texts = [found for found in watched if found["kind"] == "text"]
    page: dict[str, Any] = {"accepted": accepted, "reason": reason, "watched": [_watched(found) for found in tasks]}
    if tasks:
        page["margin"] = tasks[0]["margin"]
    if texts:
        page |= {"text_before": texts[0]["before"], "text_after": texts[0]["after"], "text_tokens": texts[0]["n"]}
    return page


def since_first(nights: Sequence[Night]) -> list[dict[str, Any]]:
    """Return what is watched as it was before the first of `nights`, a lineage, and as the last one left it.

    Each gate lets small losses pass, and they add up. Told is what both nights watched over as many items or tokens;
    of a single night nothing, since its gate says as much.
    """
    if len(nights) < 2:
        return []
    then = {(each["name"], each["n"]): each for each in nights[0].gate.get("watched") or ()}
    return [
        {"name": each["name"], "kind": each["kind"], "nights": len(nights), "n": each["n"],
         "before": then[each["name"], each["n"]]["before"], "after": each["after"]}
        for each in nights[-1].gate.get("watched") or ()
        if (each["name"], each["n"]) in then
    ]  # fmt: skip


def _watched(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "task": found["name"],
        "before": _rate(found["before"], found["n"]),
        "after": _rate(found["after"], found["n"]),
        "difference": found["change"],
        "low": found["low"],
        "high": found["high"],
        "n": found["n"],
        "power": found["power"],
        "kept": found["passed"],
        "note": found["why_not"],
    }


def _rate(rate: float, n: int) -> dict[str, Any]:
    score = wilson(rate * n, n)
    return {"accuracy": rate, "low": score.low, "high": score.high, "n": n}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
