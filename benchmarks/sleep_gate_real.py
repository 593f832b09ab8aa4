"""Real nights at the gate: `python benchmarks/sleep_gate_real.py [--nights 30] [--json FILE]`.

A small net, taught from nothing to sort three numbers, learns pairs of words in the night, by LoRA as any model does.
Sorting is watched. Bad nights rehearse nothing and go too fast, each at a pace and for a length of its own; good ones
rehearse half of every batch, slowly. A night is bad where it truly lost 15 points or more on 400 items that the gate
never sees, good where it lost fewer than 2; those in between are counted and prove nothing. Nights are held until
there are enough of either; with --json FILE it goes on where it was stopped. The gate sees 250 other items and tries
parts of the change as ever (`sleep.gate.shrink`); what it keeps is measured on the 400 again: a bad night is promoted
where what was kept has lost 15 points or more.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nightschool.critics.exact import Exact
from nightschool.drive import Drive
from nightschool.items import Adapter, Item, Lesson, Prompt, Split
from nightschool.paths import write_durably
from nightschool.sleep.gate.decide import Decision, WatchedTask, decide
from nightschool.sleep.gate.looking import answers
from nightschool.sleep.gate.shrink import shrink
from nightschool.sleep.lessons.rehearsal import rehearse
from nightschool.sleep.plan import NightPlan
from nightschool.sleep.teach import teach as night
from nightschool.stats import wilson
from nightschool.train.between import between
from nightschool.train.examples import Example
from nightschool.train.lora import Learner
from nightschool.train.scratch import Schooling, Size, grown, newborn, teach, text_example, word_tokenizer
from nightschool.train.settings import LoraSettings
from nightschool.worlds.sorting import Sorting
from sleep_facts import Lines

BAD, FINE = 0.15, 0.02
WORLD = Sorting(3, 1, 30)
PAIRS = 40
Asked = list[tuple[Item, Prompt]]


def words(text: str) -> str:
    return text.replace(",", " ")


def posed(item: Item) -> Prompt:
    return Prompt(text=f"sort {words(item.inputs['numbers'])} =")


def pairs(seed: int) -> tuple[list[Lesson], Asked]:
    """Return lessons that pair words, and the questions about them."""
    dice = random.Random(seed)
    lessons, asked = [], []
    for i in range(PAIRS):
        prompt, answer = Prompt(text=f"a{i} b{dice.randrange(20)} ="), f"c{dice.randrange(30)}"
        lessons.append(Lesson(prompt, answer, "memory", memories=frozenset({f"m{i}"})))
        asked.append((Item(f"pair {i}", {}, answer, f"pair {i}"), prompt))
    return lessons, asked


def schooled(steps: int) -> Any:
    """Return the net that sorts."""
    names = [str(n) for n in range(1, 31)]
    tokenizer = word_tokenizer(
        [
            *names,
            *(f"a{i}" for i in range(PAIRS)),
            *(f"b{i}" for i in range(20)),
            *(f"c{i}" for i in range(30)),
            "sort",
            "=",
        ]
    )
    module = newborn(Size(64, 2, 4, 32), tokenizer, 0)
    items = WORLD.items(Split.PRACTICE, 4000)
    known = [text_example(tokenizer, str(posed(item).text), words(str(item.target))) for item in items]
    dice = random.Random(0)

    def batch(_: int) -> list[Example]:
        return dice.sample(known, 64)

    plan = Schooling(steps=steps, rate=5e-3)
    losses = teach(module, batch, plan)
    print(f"schooling: loss {losses[0]:.2f} to {losses[-1]:.3f} in {steps} steps")
    return grown(module, tokenizer, "sorter", plan, "sorting")


class Night:
    """Holds nights over one net and measures what they lose."""

    def __init__(self, steps: int) -> None:
        self.model = schooled(steps)
        self.drive = Drive(self.model)
        self.seen: Asked = [(item, posed(item)) for item in WORLD.items(Split.TUNE, 250)]
        self.unseen: Asked = [(item, posed(item)) for item in WORLD.items(Split.EXAM, 400)]
        self.old = self.rehearsal()
        self.before = {"seen": self.sort(self.seen, None), "unseen": self.sort(self.unseen, None)}
        self.rate = sum(self.before["unseen"].values()) / len(self.unseen)

    def rehearsal(self) -> list[Lesson]:
        """Return what the net says before any night."""
        return rehearse(self.drive, 0, prompts=[(posed(item), 8) for item in WORLD.items(Split.PRACTICE, 400)])

    def sort(self, some: Asked, adapter: str | None) -> dict[str, bool]:
        """Return by item whether it sorts it."""
        return answers(self.drive, some, WORLD.reference, adapter, tokens=8)

    def held(self, seed: int, *, bad: bool) -> dict[str, Any]:
        """Hold one night and return what it lost, and what the gate kept of it."""
        dice = random.Random(seed)
        lessons, asked = pairs(seed)
        pace, passes = (dice.uniform(0.5, 4), dice.uniform(1, 6)) if bad else (dice.uniform(0.5, 1.0), 6.0)
        plan = NightPlan(seed=seed, pace=pace, passes=passes, rehearsal=0.0 if bad else 0.5, settle=4, batch=16)
        with tempfile.TemporaryDirectory() as folder:
            taught = night(
                lambda checkpoint: Learner.fresh(self.model, LoraSettings(rank=8), seed), lessons, plan, Path(folder),
                rehearsal=() if bad else self.old, watch=Lines(quiet=True), clock=time.perf_counter,
            )  # fmt: skip
            parts: dict[float, Adapter] = {}

            def decide_at(share: float) -> Decision:
                parts[share] = between(None, taught.adapter, share, Path(folder))
                self.model.load_adapter(parts[share])
                name = parts[share].name
                new = self.exact(asked, None), self.exact(asked, name)
                after = self.sort(self.seen, name)
                watched = WatchedTask("sorting", *ordered(self.before["seen"], after))
                return decide(*ordered(*new), [watched])

            tried = shrink(decide_at)
            whole = self.loss(parts[1.0])
            kept = 0.0 if tried.share is None else self.loss(parts[tried.share])
        return {"pace": pace, "steps": len(taught.losses), "lost": whole, "share": tried.share, "kept_lost": kept,
                "gain": tried.decision.gain, "reason": tried.reason}  # fmt: skip

    def exact(self, asked: Asked, adapter: str | None) -> dict[str, bool]:
        """Return by pair whether it names the second word."""
        return answers(self.drive, asked, Exact(), adapter, tokens=2)

    def loss(self, adapter: Adapter) -> float:
        """Return how much less it sorts, of items the gate never sees."""
        self.model.load_adapter(adapter)
        after = self.sort(self.unseen, adapter.name)
        return self.rate - sum(after.values()) / len(after)


def ordered(before: dict[str, bool], after: dict[str, bool]) -> tuple[Sequence[bool], Sequence[bool]]:
    return [before[name] for name in before], [after[name] for name in before]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--schooling", type=int, default=100, help="steps")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    one = Night(given.schooling)
    print(f"sorting before: {one.rate:.1%} of {len(one.unseen)}, {sum(one.before['seen'].values())} of {len(one.seen)}")
    found: dict[str, list[dict[str, Any]]] = {"bad": [], "good": [], "between": []}
    if given.json and given.json.exists():
        found = json.loads(given.json.read_text(encoding="utf-8"))
    done = {(held["kind"], held["seed"]) for some in found.values() for held in some}
    for kind in ("bad", "good"):
        for seed in range(10 * given.nights):
            if len(found[kind]) >= given.nights or (kind, seed) in done:
                continue
            held = one.held(seed, bad=kind == "bad") | {"kind": kind, "seed": seed}
            is_kind = held["lost"] >= BAD if kind == "bad" else held["lost"] < FINE and held["gain"] > 0
            found[kind if is_kind else "between"].append(held)
            if given.json:
                write_durably(given.json, json.dumps(found))
    bad, good = found["bad"], found["good"]
    promoted = sum(each["kept_lost"] >= BAD for each in bad)
    refused = sum(each["share"] is None for each in good)
    parts = [each["kept_lost"] for each in bad if each["share"] is not None]
    print(
        f"{len(bad)} bad nights (lost {min(e['lost'] for e in bad):.1%} to {max(e['lost'] for e in bad):.1%}): "
        f"{promoted} promoted (at most {wilson(promoted, len(bad)).high:.1%}); of {len(parts)} a part was kept, which "
        f"lost {max(parts, default=0):.1%} at most; {len(good)} good ones: {refused} refused "
        f"(at most {wilson(refused, max(len(good), 1)).high:.1%}); {len(found['between'])} in between"
    )


if __name__ == "__main__":
    main()
