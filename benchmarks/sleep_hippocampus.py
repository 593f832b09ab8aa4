"""What a hippocampus foretells: `python benchmarks/sleep_hippocampus.py [--events 3000] [--seeds 3]`.

A stream of experiences, each of three words. Reward depends on what came before: a seed that is rained on within four
events bears fruit, a reward, two to four events later; a spark near straw burns, a punishment, likewise. Everything
else is chatter, with words of very unequal frequency. The first two thirds of the stream are learned; of each event in
the rest it is asked whether reward follows within six. Printed is the area under the curve of

hippocampus   the model's probability of reward
recency       later is more: what a window of the latest keeps
surprise      nats of the event's words by their frequencies so far: what is rare is striking
tags          the rate at which reward followed each word so far, the event's highest
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections import Counter
from collections.abc import Sequence
from statistics import fmean

from scipy.stats import mannwhitneyu

from nightschool.sleep.stream import LATER, SOON, Event, tell, vocabulary
from nightschool.train.hippocampus import Hippocampus
from nightschool.train.scratch import Schooling

HORIZON = 6
CHATTER = [f"talk{i}" for i in range(60)]
QUIET = ["walk", "bread", "letter", "cloud", "song", "chair", "paint", "stairs"]
CAUSES = {"seed": ("rain", 1.0), "spark": ("straw", -1.0)}


def stream(count: int, seed: int) -> list[Event]:
    dice = random.Random(seed)
    due: dict[int, float] = {}
    waiting: dict[str, int] = {}
    found = []
    for at in range(count):
        words = dice.choices(CHATTER, weights=[1 / (i + 1) for i in range(len(CHATTER))], k=2)
        theme = dice.choice(["seed", "rain", "spark", "straw", *QUIET])
        for first, (second, reward) in CAUSES.items():
            if theme == first:
                waiting[first] = at
            if theme == second and at - waiting.get(first, -99) <= 4:
                due[at + dice.randint(2, 4)] = reward
        found.append(Event((theme, *words), due.pop(at, 0.0)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    areas: dict[str, list[float]] = {name: [] for name in ("hippocampus", "recency", "surprise", "tags")}
    for seed in range(given.seeds):
        lived = stream(given.events, seed)
        told = tell(lived, horizon=HORIZON)
        cut = 2 * len(lived) // 3
        # hindsight ends where the asking begins
        learned = told[: cut - HORIZON]
        hippocampus = Hippocampus(vocabulary(lived[:cut]), SOON, LATER, seed=seed)
        hippocampus.learn([(each.text, each.answer) for each in learned], Schooling(given.steps, 5e-3, seed=seed))
        truth = [each.soon for each in told[cut:]]
        said = {
            "hippocampus": hippocampus.foretell([each.text for each in told[cut:]]),
            "recency": [float(at) for at in range(len(truth))],
            **by_words(lived, [each.soon for each in learned], cut),
        }
        for name, scores in said.items():
            areas[name].append(area_under_curve(scores, truth))
        print(f"seed {seed}: {fmean(truth):.0%} of events are followed by reward", flush=True)
    for name, found in areas.items():
        print(f"{name:12} {fmean(found):.3f}  ({', '.join(f'{each:.3f}' for each in found)})")
    if given.json:
        print(json.dumps(areas))


def area_under_curve(scores: Sequence[float], truth: Sequence[bool]) -> float:
    yes = [score for score, right in zip(scores, truth, strict=True) if right]
    no = [score for score, right in zip(scores, truth, strict=True) if not right]
    return float(mannwhitneyu(yes, no).statistic) / (len(yes) * len(no))


def by_words(lived: Sequence[Event], soon: Sequence[bool], cut: int) -> dict[str, list[float]]:
    counts: Counter[str] = Counter(word for event in lived[:cut] for word in event.words)
    total = sum(counts.values())
    followed: Counter[str] = Counter(
        word for event, yes in zip(lived, soon, strict=False) if yes for word in event.words
    )
    rest = lived[cut:]
    return {
        "surprise": [sum(-math.log((counts[word] + 1) / (total + 1)) for word in event.words) for event in rest],
        "tags": [max(followed[word] / (counts[word] + 1) for word in event.words) for event in rest],
    }


if __name__ == "__main__":
    main()
