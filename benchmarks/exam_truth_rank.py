"""Where the truth stands along a list: `python benchmarks/exam_truth_rank.py [--task presidents:ask=number] [--json]`.

Asks the default model for every item of a set, whatever its split (nothing is practised, and nothing is chosen), and
weighs the right answer: rank and probability of its first token among all tokens and of the whole among the choices,
one item a line in the order of the list; then the first token's rank in the layers before the last. For presidents that
is the classical picture: the first are known well, the middle of the list hardly, the last again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from statistics import median

from nightschool import config
from nightschool.errors import UsageError
from nightschool.exam import open_analyses, open_rungs, sit
from nightschool.exam.weighing import place_of
from nightschool.items import Split
from nightschool.models.resolve import open_model
from nightschool.surface.terminal.progress import watching
from nightschool.surface.terminal.table import table
from nightschool.worlds.open import open_world


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--task", default="presidents:ask=number")
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--wording", help="by name; the task's first where it is left out")
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    began, world = time.process_time(), open_world(args.task)
    named = {wording.name: wording for wording in world.wordings}
    items = [item for split in Split for item in world.items(split)]
    items.sort(key=lambda item: place_of(item) or 0.0)
    with watching(args.json) as watch:
        model = open_model(args.model, config.read(None), watch=watch)
        report = sit(
            world, model, items, open_rungs(["zero-shot:wordings=1"]), wording=named.get(args.wording),
            analyses=open_analyses([f"truth-rank:layers={args.layers}"]), watch=watch,
        )  # fmt: skip
    [found] = report.findings
    if found.unavailable:
        raise UsageError(found.unavailable)
    facts = {**found.facts, "accuracy": report.rungs[0].accuracy, "cpu_seconds": time.process_time() - began}
    if args.json:
        print(json.dumps(facts))
        return 0
    if facts.get("bounds"):  # of a server that only lists likely tokens
        print(found.sentence, *found.notes, sep="\n")
        return 0
    said = {record.item: record for record in report.rungs[0].records}
    rows = []
    for item in items:
        told = next(each for each in facts["items"] if each[0] == item.id)
        answer = " ".join(said[item.id].answers)[:32]
        among = "" if told[4] is None else str(told[4] + 1)
        rows.append([item.inputs.get("subject", item.id), item.target, str(told[1]), f"{told[2]:.2g}", among, answer])
    print(table(["place", "truth", "rank of first token", "probability", "among choices", "said"], rows))
    print(f"{found.sentence}\n" + "\n".join(found.notes))
    placed = [each for each in facts["items"] if each[4] is not None]
    for name, part in zip(("first", "second", "last"), _thirds(placed), strict=True):
        middle = median(each[4] + 1 for each in part)
        print(f"{name} third of the list: median rank {middle:g} among the choices")
    if "layers" in facts:
        print(
            table(
                ["layer", "median rank", "median nats"], [[str(a), f"{b:g}", f"{c:.2f}"] for a, b, c in facts["layers"]]
            )
        )
    print(f"{100 * (facts['accuracy'] or 0):.0f}% right as asked; {facts['cpu_seconds']:.0f} CPU seconds")
    return 0


def _thirds(found: list[list[object]]) -> list[list[list[object]]]:
    size = -(-len(found) // 3)
    return [found[:size], found[size : 2 * size], found[2 * size :]]


if __name__ == "__main__":
    sys.exit(main())
