"""What dreaming brings to later searches: `python benchmarks/sleep_dreams.py [--queries 60] [--json]`.

The 200 characters of the ten standard runs of Omniglot are known from one drawing each. A new drawing by another person
may be fitted to a few of them only: which ones, the recogniser proposes that a night of dreams left behind (it saw the
one drawing of each, and what it imagined of them), or else what looks most alike as it is. Printed is, at equal numbers
of concepts fitted, how often the right one is among them, and, with --fit, how often the fits then name it.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch

from nightschool.items import Noise, Score
from nightschool.society.strokes.dreams import learn_shortlist, nearest
from nightschool.society.strokes.recognise import recognise
from nightschool.stats.paired import Paired, difference, mcnemar
from nightschool.stats.rates import wilson
from society_omniglot import standard_runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared/data/omniglot")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--fit", type=int, default=0, help="fit this many of what is proposed")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    known: dict[str, torch.Tensor] = {}
    queries = []
    for run, (examples, new, truth) in enumerate(standard_runs(chosen.data)):
        known |= {f"{run}.{i}": image for i, image in enumerate(examples)}
        queries += [(image, f"{run}.{i}") for image, i in zip(new, truth, strict=True)]
    queries = queries[:: max(1, len(queries) // chosen.queries)][: chosen.queries]
    cpu = time.process_time()
    shortlist, losses = learn_shortlist(known, "", Noise(("sleep_dreams",)), steps=chosen.steps)
    night = time.process_time() - cpu
    print(f"{len(known)} drawings, {chosen.steps} steps of dreams in {night:.0f} CPU-seconds: "
          f"{losses[0]:.2f} to {losses[-1]:.2f} nats", flush=True)  # fmt: skip
    facts: dict[str, Any] = {"known": len(known), "queries": len(queries), "night_cpu_s": night}
    dreamt = [shortlist.propose(image, len(known)) for image, _ in queries]
    alike = [nearest(image, known, len(known)) for image, _ in queries]
    for many in (1, 3, 5, 10, 20):
        right = {name: [truth in names[:many] for names, (_, truth) in zip(lists, queries, strict=True)]
                 for name, lists in (("alike", alike), ("dreamt", dreamt))}  # fmt: skip
        facts[f"among {many}"] = compare(f"among {many} proposed", right["alike"], right["dreamt"])
    if chosen.fit:
        named = {}
        for name, lists in (("alike", alike), ("dreamt", dreamt)):
            named[name] = [
                recognise(image, {one: known[one] for one in names[: chosen.fit]}).tries[0].name == truth
                for names, (image, truth) in zip(lists, queries, strict=True)
            ]
        facts[f"named of {chosen.fit}"] = compare(f"named after {chosen.fit} fits", named["alike"], named["dreamt"])
    if chosen.json:
        print(json.dumps(facts))


def compare(name: str, before: list[bool], after: list[bool]) -> dict[str, Any]:
    """Return both rates with their intervals, and the paired gain; and say them."""
    both, n = Paired.of(before, after), len(before)
    gain, p = difference(both), mcnemar(both)
    first, second = wilson(sum(before), n), wilson(sum(after), n)
    print(f"{name}: alike {said(first)}, dreamt {said(second)}, gain {said(gain)}, p {p:.2g}", flush=True)
    return {"before": first.value, "after": second.value, "gain": gain.value, "low": gain.low, "high": gain.high,
            "p": p, "n": n}  # fmt: skip


def said(score: Score) -> str:
    """Return a rate with its interval, in percent."""
    return f"{score.value:.1%} [{score.low:.1%}, {score.high:.1%}]"


if __name__ == "__main__":
    main()
