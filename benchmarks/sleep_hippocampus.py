"""What a hippocampus foretells: `python benchmarks/sleep_hippocampus.py [--events 3000] [--seeds 3] [--first 0]`.

A stream of experiences, each of three words. Reward depends on what came before: a seed that is rained on within four
events bears fruit, a reward, two to four events later; a spark near straw burns, a punishment, likewise. Everything
else is chatter, with words of very unequal frequency. The first two thirds of the stream are learned; of each event in
the rest it is asked whether reward follows within six. Printed is the area under the curve of

hippocampus   the model's probability of reward
recency       later is more: what a window of the latest keeps
surprise      nats of the event's words by their frequencies so far: what is rare is striking
tags          the rate at which reward followed each word so far, the event's highest

With --latent every event is a sentence, and beside these stands `latent`: a hippocampus that is told the hidden states
that SmolLM2 has of the sentences. Causes are called by two names each in what is learned; in the rest by the same two,
and then, in a second run, by names that came up nowhere before (kernel, drizzle, ember, hay).
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections import Counter
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from scipy.stats import mannwhitneyu

from nightschool.asks import Hidden, Read
from nightschool.items import Prefix, Prompt
from nightschool.sleep.evening.stream import LATER, SOON, Event, tell, vocabulary
from nightschool.train.hippocampus import Hippocampus
from nightschool.train.latent_hippocampus import LatentHippocampus
from nightschool.train.scratch import Schooling

HORIZON = 6
CHATTER = [f"talk{i}" for i in range(60)]
QUIET = ["walk", "bread", "letter", "cloud", "song", "chair", "paint", "stairs"]
CAUSES = {"seed": ("rain", 1.0), "spark": ("straw", -1.0)}
NAMES = {"seed": ("seed", "grain", "kernel"), "rain": ("rain", "shower", "drizzle"),
         "spark": ("spark", "flame", "ember"), "straw": ("straw", "thatch", "hay")}  # fmt: skip


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
    parser.add_argument("--first", type=int, default=0, help="the first seed, for a run in parts")
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--latent", action="store_true", help="sentences, and a hippocampus over hidden states")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.latent:
        latent(given)
        return
    areas: dict[str, list[float]] = {name: [] for name in ("hippocampus", "recency", "surprise", "tags")}
    for seed in range(given.first, given.first + given.seeds):
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


def latent(given: argparse.Namespace) -> None:
    from nightschool.models.resolve import open_model

    model, areas = open_model("smollm2"), {}
    try:
        for seed in range(given.seeds):
            for names, third in (("names that were learned", False), ("names that are new", True)):
                for arm, area in compared(model, given, seed, third).items():
                    areas.setdefault(names, {}).setdefault(arm, []).append(area)
            print(f"seed {seed}: done", flush=True)
    finally:
        model.close()
    for names, arms in areas.items():
        for arm, found in arms.items():
            print(f"{names}: {arm:12} {fmean(found):.3f}  ({', '.join(f'{each:.3f}' for each in found)})")
    if given.json:
        print(json.dumps(areas))


def compared(model: Any, given: argparse.Namespace, seed: int, third: bool) -> dict[str, float]:
    """Return the area under the curve of each arm on one stream, the causes of its last third called anew or not."""
    dice = random.Random(f"names {seed}")
    lived = stream(given.events, seed)
    cut = 2 * len(lived) // 3

    def called(at: int, word: str) -> str:
        first = dice.randrange(2)
        return NAMES[word][2 if third and at >= cut else first] if word in NAMES else word

    lived = [Event(tuple(called(at, word) for word in event.words), event.reward) for at, event in enumerate(lived)]
    told = tell(lived, horizon=HORIZON)
    truth = [each.soon for each in told[cut:]]
    learned = told[: cut - HORIZON]
    schooling = Schooling(given.steps, 5e-3, seed=seed)
    words = Hippocampus(vocabulary(lived[:cut]), SOON, LATER, seed=seed)
    words.learn([(each.text, each.answer) for each in learned], schooling)
    states = states_of(model, [f"There was talk of {' and '.join(event.words[1:])}, and of {event.words[0]}"
                               for event in lived])  # fmt: skip
    felt = [event.token.strip("<>") for event in lived]
    dreamer = LatentHippocampus(states.shape[1], seed=seed)
    dreamer.learn(states[: len(learned)], felt[: len(learned)], [each.soon for each in learned], schooling)
    return {
        "latent": area_under_curve(dreamer.foretell(states, felt)[cut:], truth),
        "hippocampus": area_under_curve(words.foretell([each.text for each in told[cut:]]), truth),
        "tags": area_under_curve(by_words(lived, [each.soon for each in learned], cut)["tags"], truth),
    }


def states_of(model: Any, sentences: Sequence[str]) -> Any:
    """Return [n, width] what the model has at the end of each sentence, in its middle layers."""
    import numpy as np

    found: dict[str, Any] = {}
    for start in range(0, len(sentences), 200):
        part = sentences[start : start + 200]
        asks = [Read(f"{start + i}", Prefix(Prompt(text=text)), layer=12) for i, text in enumerate(part)]
        model.submit(asks)
        while len(found) < start + len(part):
            found.update({reply.id: reply.state for reply in model.step().replies if isinstance(reply, Hidden)})
    return np.stack([found[str(i)] for i in range(len(sentences))])


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
