"""Selection against uniform choice: `python benchmarks/sleep_selection.py [--seeds 5] [--json FILE]`.

A store holds 120 pairs of words: 60 that the net knows already, 30 new ones that were rewarded, 30 new ones of which
nothing came. The exam asks for what was rewarded. With ever more steps a night has ever more room; what goes into it is
chosen by `sleep.evening.select` (salience, and the net's own loss on each pair), or uniformly from the store. A small
net taught from nothing, LoRA as in any night; nothing else differs. Printed: exam scores by steps, and the steps that
each way needs to the same score, found on the straight lines between what was measured.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

from nightschool.critics.exact import Exact
from nightschool.drive import Drive
from nightschool.items import Item, Lesson, Prompt
from nightschool.remember.memory import Memory, Salience
from nightschool.sleep.evening.knowing import nats_of
from nightschool.sleep.evening.select import Candidate, Selection, choose
from nightschool.sleep.gate.looking import answers
from nightschool.sleep.plan import NightPlan
from nightschool.sleep.teach import teach as night
from nightschool.train.lora import Learner
from nightschool.train.scratch import Schooling, Size, grown, newborn, teach, text_example, word_tokenizer
from nightschool.train.settings import LoraSettings
from sleep_facts import Lines

PAIRS, KNOWN, REWARDED = 120, 60, 30
STEPS = (8, 16, 32, 64)
GOALS = (0.7, 0.8, 0.9)


class Store:
    """Pairs of words as memories, and a net that knows the first of them."""

    def __init__(self, seed: int) -> None:
        dice = random.Random(seed)
        self.pairs = [(f"a{i}", f"c{dice.randrange(40)}") for i in range(PAIRS)]
        tokenizer = word_tokenizer([*(f"a{i}" for i in range(PAIRS)), *(f"c{i}" for i in range(40)), "="])
        module = newborn(Size(64, 2, 4, 16), tokenizer, seed)
        known = [text_example(tokenizer, f"{first} =", second) for first, second in self.pairs[:KNOWN]]
        plan = Schooling(steps=80, rate=5e-3, seed=seed)
        teach(module, lambda _: dice.sample(known, 30), plan)
        self.model: Any = grown(module, tokenizer, "paired", plan, f"pairs {seed}")
        self.drive = Drive(self.model)

    def lesson(self, i: int) -> Lesson:
        """Return the lesson of a pair."""
        first, second = self.pairs[i]
        return Lesson(Prompt(text=f"{first} ="), second, "memory", memories=frozenset({f"m{i}"}))

    def selected(self, room: int) -> list[Lesson]:
        """Return the lessons that `sleep.evening.select` has room for."""
        lessons = [self.lesson(i) for i in range(PAIRS)]
        reward = [Salience(reward=1.0) if KNOWN <= i < KNOWN + REWARDED else Salience() for i in range(PAIRS)]
        made = [
            Candidate(Memory(f"{a} goes with {b}", float(i), salience=reward[i]), (lessons[i],))
            for i, (a, b) in enumerate(self.pairs)
        ]
        chosen = choose(Selection(tuple(made), ()), nats_of(self.drive, lessons), float(PAIRS), room=room)
        return list(chosen.lessons)

    def score(self, adapter: str | None) -> float:
        """Return the share of what was rewarded that is right."""
        asked = [(Item(f"pair {i}", {}, second, f"pair {i}"), Prompt(text=f"{first} ="))
                 for i, (first, second) in enumerate(self.pairs)][KNOWN : KNOWN + REWARDED]  # fmt: skip
        right = answers(self.drive, asked, Exact(), adapter, tokens=2)
        return sum(right.values()) / len(right)

    def after(self, lessons: Sequence[Lesson], steps: int, seed: int) -> float:
        """Return the score after a night of `steps` over `lessons`."""
        plan = NightPlan(seed=seed, batch=16, rehearsal=0.0, settle=4, learned=0.0, pace=1.0)
        plan = NightPlan(**{**plan.as_dict(), "kinds": plan.kinds, "shares": plan.shares,
                            "passes": (steps - plan.settle) * plan.batch / len(lessons)})  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            made = night(
                lambda _: Learner.fresh(self.model, LoraSettings(rank=8, rate=5e-3), seed), lessons, plan, Path(folder),
                watch=Lines(quiet=True), clock=time.perf_counter,
            )  # fmt: skip
            self.model.load_adapter(made.adapter)
            return self.score(made.adapter.name)


def needed(curve: Sequence[tuple[int, float]], goal: float) -> float | None:
    """Return the steps at which a curve reaches `goal`, None where it does not."""
    for (s, a), (t, b) in pairwise(curve):
        if b >= goal:
            return s if a >= goal else s + (t - s) * (goal - a) / (b - a)
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--passes", type=float, default=8.0, help="how often a lesson is learned: room is by it")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    curves: dict[str, list[list[float]]] = {"selected": [], "uniform": []}
    for seed in range(given.seeds):
        store, dice = Store(seed), random.Random(seed)
        start = store.score(None)
        for way, found in curves.items():
            scores = [start]
            for steps in STEPS:
                room = max(1, int((steps - 4) * 16 / given.passes))
                lessons = store.selected(room) if way == "selected" else []
                if way == "uniform":
                    lessons = [store.lesson(i) for i in dice.sample(range(PAIRS), min(room, PAIRS))]
                scores.append(store.after(lessons, steps, seed))
                print(f"seed {seed}, {way}: {len(lessons)} lessons, {steps} steps, {scores[-1]:.1%}", flush=True)
            found.append(scores)
    mean = {
        way: [(s, fmean(each[i] for each in found)) for i, s in enumerate((0, *STEPS))] for way, found in curves.items()
    }
    for goal in GOALS:
        one, two = needed(mean["selected"], goal), needed(mean["uniform"], goal)
        fewer = f"{1 - one / two:.0%} fewer" if one is not None and two else "not both reach it"
        print(f"{goal:.0%}: {one and round(one, 1)} steps selected, {two and round(two, 1)} uniform: {fewer}")
    if given.json:
        given.json.write_text(json.dumps({"curves": curves, "mean": mean}, indent=1))


if __name__ == "__main__":
    main()
