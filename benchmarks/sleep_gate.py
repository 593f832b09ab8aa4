"""How often the gate errs: `python benchmarks/sleep_gate.py BEFORE AFTER [--nights 1000] [--json FILE]`.

BEFORE, AFTER: what was seen before and after a real night (files of the folder `looks` beside the ledger). Nights are
simulated out of the recorded outcomes, item by item:

good  loses nothing: an item changes its outcome as often as one did in the recorded night, as often lost as gained
bad   the same, and watched items that were right are lost with a probability that makes a true loss of 15 points or
      more

Every night makes the practised questions better, from 2% to 80% of 100, so that only what is watched can refuse it. A
refused night is tried in parts, as a real one is; the loss shrinks with the part. A bad night counts as promoted where
the part that is kept loses 15 points or more.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nightschool.sleep.gate.decide import Decision, WatchedTask, decide
from nightschool.sleep.gate.shrink import shrink
from nightschool.stats import wilson

BAD = 0.15
PRACTISED = ([False] * 98 + [True] * 2, [True] * 80 + [False] * 20)
Record = tuple[str, list[bool], list[bool]]


def recorded(before: Path, after: Path) -> list[Record]:
    one, two = (json.loads(path.read_text(encoding="utf-8"))["tasks"] for path in (before, after))
    found = []
    for name, first in one.items():
        common = [item for item in first if item in two[name]]
        found.append((name, [first[item] for item in common], [two[name][item] for item in common]))
    return found


def night(records: Sequence[Record], loss: float, churn: float, dice: random.Random) -> tuple[float, Decision | None]:
    """Return the true loss of what the gate keeps of one night (0 where it keeps nothing), and its last decision."""
    rolls = [[(dice.random(), dice.random()) for _ in before] for _, before, _ in records]

    def decide_at(share: float) -> Decision:
        tasks = []
        for (name, before, _), rolled in zip(records, rolls, strict=True):
            right = sum(before)
            gained, lost = churn * len(before) / (len(before) - right), churn * len(before) / right
            harm = share * loss * len(before) / right
            after = [(a >= lost and b >= harm) if ok else a < gained for ok, (a, b) in zip(before, rolled, strict=True)]
            tasks.append(WatchedTask(name, before, after))
        return decide(*PRACTISED, tasks)

    tried = shrink(decide_at)
    return (0.0 if tried.share is None else tried.share * loss), tried.decisions[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--nights", type=int, default=1000)
    parser.add_argument("--churn", type=float, nargs="*", help="shares of items lost, and gained, beside the recorded")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    records = recorded(given.before, given.after)
    results: dict[str, Any] = {"nights": given.nights, "tasks": {}}
    seen = []
    for name, before, after in records:
        changed = sum(a != b for a, b in zip(before, after, strict=True)) / len(before)
        seen.append(changed / 2)
        results["tasks"][name] = {"n": len(before), "before": sum(before), "after": sum(after), "changed": changed}
        print(f"{name}: {len(before)} items, {sum(before)} right before, {sum(after)} after, {changed:.1%} changed")
    room = min(sum(before) / len(before) for _, before, _ in records)
    for churn in [max(seen), *(given.churn or ())]:
        dice = random.Random(0)
        good = [night(records, 0.0, churn, dice)[1] for _ in range(given.nights)]
        refused = sum(decision is None or not decision.accepted for decision in good)
        losses = [BAD + dice.random() * (room - BAD) for _ in range(given.nights)]
        kept = [night(records, loss, churn, dice)[0] for loss in losses]
        promoted = sum(loss >= BAD for loss in kept)
        parts = [loss for loss in kept if 0 < loss < BAD]
        limit = wilson(promoted, given.nights).high
        print(
            f"{churn:.1%} lost and {churn:.1%} gained by chance: {refused} of {given.nights} good nights refused; "
            f"{promoted} of {given.nights} bad nights promoted (at most {limit:.2%}); of {len(parts)} a part was kept, "
            f"with a true loss of {sum(parts) / max(len(parts), 1):.1%} on average, {max(parts, default=0):.1%} at most"
        )
        results[f"churn {churn:.4f}"] = {"good_refused": refused, "bad_promoted": promoted, "parts": len(parts)}
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
