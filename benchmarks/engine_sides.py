"""What parts side by side bring: `python benchmarks/engine_sides.py [--rows 200] [--rounds 6] [--json]`.

A wide decoding pass, a pass over prompts and a step of training are each cut in two, a core for each part. Here they
are done so and with all cores in every single operation instead, in turns, so that a busy machine slows both alike:

prompts    a pass of about a thousand prompt tokens
draws      one token of every draw after different prompts
training   a gradient step of 24 lessons, half of them rehearsal

Printed are medians, of wall time and of CPU time. What a user would use instead of the engine is beside it in
`engine_sampling.py` (transformers' generate, llama.cpp) and, for training, in `train_speed.py` (peft).
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from nightschool import registry
from nightschool.asks import Propose
from nightschool.items import Lesson, Noise, Prefix, Prompt, Sampling, Split
from nightschool.models.local import lanes
from nightschool.models.resolve import open_model
from nightschool.sleep.lessons.rehearsal import general_prompts
from nightschool.train.lora import Learner

WORDS = "The committee met again on Tuesday to hear what had been learned about the river and its bridges. "
TOKENS = 16
_MOST_LIVE = 0.9  # of the draws: passes with fewer are not counted
Times = dict[str, list[tuple[float, float]]]


@contextmanager
def parted(wanted: bool) -> Iterator[None]:
    """Let work be cut in parts, or not."""
    before, lanes.MOST = lanes.MOST, lanes.MOST if wanted else 1
    try:
        yield
    finally:
        lanes.MOST = before


def timed(work: Callable[[], Any], into: list[tuple[float, float]]) -> Any:
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    into.append((time.perf_counter() - wall, time.process_time() - cpu))
    return found


def decode(model: Any, prompts: list[Prompt], seed: int, times: Times) -> None:
    """Answer `prompts`; passes that compute prompts and passes that decode nearly all draws are timed."""
    asks = [
        Propose(f"{seed} {i}", Prefix(each), 1, Sampling(TOKENS), Noise((seed, i))) for i, each in enumerate(prompts)
    ]
    model.submit(asks)
    left, begun = len(asks), set[str]()
    while left:
        step: list[tuple[float, float]] = []
        progress = timed(model.step, step)
        left -= len(progress.replies)
        if len(begun) < len(asks):
            begun |= {delta.id for delta in progress.deltas}
            times["prompts"] += step
        elif len(progress.deltas) > _MOST_LIVE * len(asks):
            times["draws"] += step


def lessons(count: int) -> tuple[list[Lesson], list[Lesson]]:
    """Return lessons of the day's task, and rehearsal."""
    world = registry.make("worlds", "sorting:n=4,low=10,high=99")
    taught = [
        Lesson(world.pose(item, world.wordings[0]), world.expert.demonstrate(item), "expert", frozenset({item.key}))
        for item in world.items(Split.PRACTICE, count)
    ]
    words = (WORDS * 5).split()
    kept = [
        Lesson(prompt, " ".join(words[i % 7 : i % 7 + (3, 8, 40, 60)[i % 4]]), "rehearsal", weight=0.5)
        for i, (prompt, _) in enumerate(general_prompts()[:count])
    ]
    return taught, kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()

    model: Any = open_model(given.model)
    world = registry.make("worlds", "sorting:n=4,low=10,high=99")
    items = iter(world.items(Split.PRACTICE, given.rows * (2 * given.rounds + 1)))
    times: dict[bool, Times] = {way: {"prompts": [], "draws": [], "training": []} for way in (False, True)}
    warm: Times = {"prompts": [], "draws": []}
    decode(model, [world.pose(next(items), world.wordings[0]) for _ in range(given.rows)], 0, warm)
    for round_ in range(2 * given.rounds):
        with parted(way := bool(round_ % 2)):
            decode(
                model, [world.pose(next(items), world.wordings[0]) for _ in range(given.rows)], 1 + round_, times[way]
            )
    taught, kept = lessons(48)
    learner = Learner.fresh(model)
    learner.hold_to(kept)
    for round_ in range(2 * given.rounds + 2):  # the first of each kind warms up
        at = (round_ // 2) * 12 % 48
        with parted(way := bool(round_ % 2)):
            into = times[way]["training"] if round_ > 1 else []
            timed(lambda at=at: learner.step([*taught[at : at + 12], *kept[at : at + 12]]), into)

    facts: dict[str, dict[str, float]] = {}
    print(f"{model.name}, {model.dtype}, {torch.get_num_threads()} threads; medians, whole / in two parts")
    print(f"{'':10} {'wall s':>15} {'ratio':>6} {'CPU s':>15} {'ratio':>6} {'n':>8}")
    for name in ("prompts", "draws", "training"):
        whole, two = times[False][name], times[True][name]
        if not whole or not two:
            continue
        (wall, cpu), (wall_2, cpu_2) = (
            tuple(statistics.median(each[side] for each in side_of) for side in (0, 1)) for side_of in (whole, two)
        )
        print(
            f"{name:10} {wall:7.3f} {wall_2:7.3f} {wall / wall_2:6.2f} {cpu:7.3f} {cpu_2:7.3f} {cpu / cpu_2:6.2f} "
            f"{len(whole):4}{len(two):4}"
        )
        facts[name] = {"whole_s": wall, "parted_s": wall_2, "whole_cpu_s": cpu, "parted_cpu_s": cpu_2, "n": len(two)}
    if given.json:
        print(json.dumps({"model": model.name, "dtype": str(model.dtype), "rows": given.rows, **facts}))


if __name__ == "__main__":
    main()
