"""What may a mind claim? `python benchmarks/society_beliefs.py [--model smollm2] [--items 30] [--world sums] [--json]`.

A model is asked of propositions whose truth is known (sums, stories, runs of an automaton), each in several contexts.
Three ways to take its word, on exam items: the mean over the contexts as it is; calibrated on practice items; and
calibrated and held to the links that everybody knows, by message passing. For each: questions answered rightly, Brier
score and calibration error of all propositions, links broken by what is claimed, and what is claimed at 0.9 and how
much of that is right. No link says which proposition is true. The differences are paired by item.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from beliefs_known import Known, of_automaton, of_story, of_sum
from nightschool import config
from nightschool.asks import ModelAsk, ModelReply
from nightschool.items import Item, Split
from nightschool.models.resolve import open_model
from nightschool.ports import Model
from nightschool.society.beliefs import (
    PLAIN,
    Case,
    Held,
    Reading,
    broken,
    fit_reading,
    heard,
    hold,
    sharpened,
)  # fmt: skip
from nightschool.society.beliefs.hold import claimed
from nightschool.stats.bootstrap import bootstrap_difference, bootstrap_mean
from nightschool.stats.calibration import brier, calibration_error
from nightschool.worlds.open import open_world

WORLDS: dict[str, tuple[str, Callable[[Item], Known]]] = {
    "sums": ("arithmetic:digits=1,ops=+", of_sum),
    "stories": ("stories:people=2,events=6", of_story),
    "automaton": ("automaton:states=3,steps=3", of_automaton),
}


def asking_of(model: Model) -> Callable[[Sequence[ModelAsk]], list[ModelReply]]:
    def ask(asks: Sequence[ModelAsk]) -> list[ModelReply]:
        model.submit(asks)
        replies: list[ModelReply] = []
        while len(replies) < len(asks):
            replies += model.step().replies
        return replies

    return ask


def cases_of(model: Model, world: str, split: Split, count: int) -> list[Case]:
    """Return what the model says of `count` items, asked all at once."""
    spec, known_of = WORLDS[world]
    known = [known_of(item) for item in open_world(spec).items(split, count, 0)]
    said = heard(asking_of(model), [one for case in known for one in case.propositions])
    rows = said.split([len(case.propositions) for case in known])
    return [Case(case.propositions, some, case.links, case.truths) for case, some in zip(known, rows, strict=True)]


def learned(cases: Sequence[Case], model: Model) -> tuple[Reading, Reading]:
    """Return the calibrated reading, and the one whose strength fits the links too."""
    truths = [truth for case in cases for truth in case.truths]
    folds = [i % 5 for i, case in enumerate(cases) for _ in case.truths]
    reading = fit_reading(torch.cat([case.heard for case in cases]), truths, folds, identity=model.identity)
    return reading, sharpened(reading, cases)


def answered(case: Case, chances: dict[str, float]) -> list[float]:
    """Return for each question with one answer whether the likeliest is right."""
    truth = dict(zip((one.name for one in case.propositions), case.truths, strict=True))
    groups = [link.over for link in case.links if link.kind == "one"]
    return [float(truth[max(group, key=lambda name: chances[name])]) for group in groups]


def measured(cases: Sequence[Case], ways: Sequence[dict[str, float]], rng: np.random.Generator) -> dict[str, Any]:
    chances = [way[one.name] for case, way in zip(cases, ways, strict=True) for one in case.propositions]
    truths = [truth for case in cases for truth in case.truths]
    right = bootstrap_mean([answered(c, w) for c, w in zip(cases, ways, strict=True)], rng)
    error, squares = calibration_error(chances, truths, rng), brier(chances, truths, rng)
    links = sum(len(case.links) for case in cases)
    row: dict[str, Any] = {
        "right": right.value, "right low": right.low, "right high": right.high, "brier": squares.value,
        "calibration error": error.value,
        "log loss": -float(np.mean([math.log(p if t else 1 - p) for p, t in zip(chances, truths, strict=True)])),
    }  # fmt: skip
    for at in (0.5, 0.8):
        row[f"broken at {at}"] = sum(len(broken(w, c.links, at)) for c, w in zip(cases, ways, strict=True)) / links
    said = [
        claim == truth
        for case, way in zip(cases, ways, strict=True)
        for one, truth in zip(case.propositions, case.truths, strict=True)
        if (claim := claimed(way, 0.9).get(one.name)) is not None
    ]
    row |= {"claimed at 0.9": len(said) / len(truths), "of it right": sum(said) / len(said) if said else None}
    return row


def compared(cases: Sequence[Case], calibrated: Reading, held_to: Reading) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    plain = [hold(case.propositions, PLAIN.odds(case.heard), []).after for case in cases]
    before = [hold(case.propositions, calibrated.odds(case.heard), []).after for case in cases]
    after: list[Held] = [hold(case.propositions, held_to.odds(case.heard), case.links) for case in cases]
    ways = {"as said": plain, "calibrated": before, "with links": [held.after for held in after]}
    rows = {name: measured(cases, [dict(way) for way in some], rng) for name, some in ways.items()}
    one, two = (
        [answered(c, dict(w)) for c, w in zip(cases, ways[k], strict=True)] for k in ("calibrated", "with links")
    )
    gain = bootstrap_difference(one, two, rng)
    return {
        "ways": rows, "gain of links": [gain.value, gain.low, gain.high],
        "settled": sum(held.converged for held in after) / len(after), "strength": held_to.strength,
        "weights": dict(zip(calibrated.names, (round(w, 3) for w in calibrated.weights), strict=True)),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--world", choices=tuple(WORLDS), action="append", help="may be repeated; default: all")
    parser.add_argument("--items", type=int, default=30, help="practice items, and as many of exam")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    model, found = open_model(given.model, config.read(None)), {}
    for world in given.world or WORLDS:
        began = time.process_time()
        calibrated, held_to = learned(cases_of(model, world, Split.PRACTICE, given.items), model)
        exam = cases_of(model, world, Split.EXAM, given.items)
        found[world] = compared(exam, calibrated, held_to) | {
            "items": len(exam), "propositions": sum(len(case.truths) for case in exam),
            "cpu seconds": round(time.process_time() - began, 1),
        }  # fmt: skip
        if not given.json:
            show(world, found[world])
    model.close()
    if given.json:
        json.dump(found, sys.stdout, indent=1)


def show(world: str, found: dict[str, Any]) -> None:
    gain, low, high = found["gain of links"]
    print(f"{world}: {found['items']} exam items, {found['propositions']} propositions, {found['cpu seconds']} CPU s")
    for name, row in found["ways"].items():
        sure = "-" if row["of it right"] is None else f"{row['of it right']:.2f}"
        print(
            f"  {name:<11} right {row['right']:.2f} [{row['right low']:.2f}, {row['right high']:.2f}]  "
            f"Brier {row['brier']:.3f}  calibration error {row['calibration error']:.3f}  "
            f"links broken {row['broken at 0.5']:.3f}, {row['broken at 0.8']:.3f} at 0.8  "
            f"claims {row['claimed at 0.9']:.2f} at 0.9, right {sure}"
        )
    print(f"  links: {gain:+.2f} [{low:+.2f}, {high:+.2f}] questions; evidence at {found['strength']}; "
          f"{found['settled']:.0%} settled; {found['weights']}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
