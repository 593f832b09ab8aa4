"""What forgetting costs: after 242 days in which most memories faded, is what questions need still found?

    python benchmarks/remember_forgetting.py [DATA_FOLDER] [--embedder minilm]

DATA_FOLDER: as for remember_locomo. All memories are stored on day 0; a quarter of them, drawn at random and so without
regard to the questions, is recalled on days 7, 30, 90 and 200. On day 242 the questions are asked. Compared are the
same store with nothing forgotten, with strength as recall weighs it, and with scores multiplied by what is left of each
memory above a threshold and by zero below it.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from nightschool.remember.embed.named import open_embedder
from nightschool.remember.memory import Memory
from nightschool.remember.recall.recall import Recollection, recall
from nightschool.remember.store.port import Entry
from nightschool.remember.store.sqlite import SqliteStore
from nightschool.remember.strength import born, recalled, retrievability
from remember_locomo import Kept, conversation, rate, score

DAY = 86_400.0
ASKED = 242 * DAY
REVIEWS = (7, 30, 90, 200)
THRESHOLD = 0.6


def aged(memory: Memory, lucky: bool) -> Memory:
    strength = born(memory.salience, 0.0)
    for day in REVIEWS if lucky else ():
        strength = recalled(strength, day * DAY)
    return replace(memory, strength=strength)


def multiplied(found: list[Recollection]) -> list[Recollection]:
    """Return what a product of relevance and decay, cut at the threshold, would give."""

    def value(each: Recollection) -> float:
        left = each.retrievability if each.retrievability >= THRESHOLD else 0.0
        return math.exp(each.score - found[0].score) * left

    return sorted((each for each in found if value(each) > 0), key=lambda each: -value(each))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=Path("../shared/data/locomo"))
    parser.add_argument("--embedder", default="minilm")
    options = parser.parse_args()
    opened = open_embedder(options.embedder)
    embedder = Kept(opened) if opened else None
    rng = np.random.default_rng(0)
    rates: dict[str, list[list[float]]] = {"nothing forgotten": [], "weighted by strength": [], "multiplied": []}
    left: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(options.data.glob("*.json")):
            memories, questions = conversation(path)
            old = [
                aged(memory, lucky) for memory, lucky in zip(memories, rng.random(len(memories)) < 0.25, strict=True)
            ]
            left += [retrievability(memory.strength, ASKED) for memory in old]
            vectors = embedder.memories([m.text for m in memories]) if embedder else [None] * len(memories)
            stores = []
            for name, some in (("fresh", memories), ("old", old)):
                store = SqliteStore(Path(folder) / f"{path.stem}-{name}.sqlite")
                store.write(
                    Entry(m, {embedder.name: v} if embedder else {}) for m, v in zip(some, vectors, strict=True)
                )
                stores.append(store)
            for question in questions:
                fresh = recall(stores[0], question.text, embedder, ASKED, 10)
                faded = recall(stores[1], question.text, embedder, ASKED, 1000)
                for name, found in zip(rates, (fresh, faded, multiplied(faded)), strict=True):
                    rates[name].append(rate([each.memory.id for each in found], question.wanted))
    below = np.mean(np.array(left) < THRESHOLD)
    print(f"day 242: {100 * below:.0f}% of {len(left):,} memories are below {THRESHOLD} (least {min(left):.2f})")
    for name, each in rates.items():
        score(name, each)
        kept = np.mean(each, axis=0)[1] / np.mean(rates["nothing forgotten"], axis=0)[1]
        print(f"  {100 * kept:.0f}% of R@10 is left")


if __name__ == "__main__":
    main()
