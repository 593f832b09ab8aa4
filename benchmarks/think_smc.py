"""What does a particle cost to go on? `python benchmarks/think_smc.py [--steps 1,4,16] [--particles 8] [--length 128]`.

SMC writes long texts in steps of so many tokens; a critic that judges by chance has particles dropped and copied after
each step. Counted at the door of the model itself (a hook on its forward pass): tokens that it was fed, for each token
that was sampled, the prompt counted once. Beside it what a backend would be fed that knows no shared prefixes and is
given each step's whole text anew.
"""

from __future__ import annotations

import argparse
import random
from typing import Any

from nightschool.drive import Drive, Job
from nightschool.items import Item, Noise, Prompt, Sampling, Task, Verdict
from nightschool.models.resolve import open_model
from nightschool.ports import Sight
from nightschool.think.smc import Smc
from nightschool.think.steps import written_tokens

PROMPT = "The history of the lighthouse, told by its last keeper.\n\nWhen I first came to the island"


class Chance:
    """A step critic of no taste: any score from 0.2 to 1, the same for the same text."""

    name, sight = "chance", Sight.VERIFIER

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return a score."""
        return Verdict(0.2 + 0.8 * random.Random(answer).random(), True)


def measure(model: Any, step: int, particles: int, length: int) -> dict[str, float]:
    """Return tokens fed for each token sampled, as it was and as it would be without sharing."""
    fed = 0

    def count(module: Any, given: Any, named: Any) -> None:
        nonlocal fed
        fed += named["input_ids"].numel()

    task = Task(Item("smc", {}, None, "smc"), Prompt(text=PROMPT), Sampling(length))
    search = Smc(n=particles, split="tokens", step_tokens=step, steps=length, resample=1.0)
    job = Job(search, task, Noise(("smc", step)), critics={"step": Chance()})
    hook = model.module.register_forward_pre_hook(count, with_kwargs=True)
    (trace,) = Drive(model).run([job])
    hook.remove()
    prompt, sampled = model.count_tokens(PROMPT), trace.usage.sampled_tokens
    before = [None if thought.parent is None else trace.thoughts[thought.parent].prefix for thought in trace.thoughts]
    again = sum(prompt + (0 if prefix is None else written_tokens(prefix)) for prefix in before)
    parents = [thought.parent for thought in trace.thoughts if thought.parent is not None]
    return {
        "step": step,
        "sampled": sampled,
        "fed": fed,
        "fed for each sampled": round((fed - prompt) / sampled, 3),
        "without sharing": round((sampled + again) / sampled, 1),
        "particles copied": len(parents) - len(set(parents)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--steps", type=lambda text: [int(part) for part in text.split(",")], default=[1, 4, 16])
    parser.add_argument("--particles", type=int, default=8)
    parser.add_argument("--length", type=int, default=128)
    given = parser.parse_args()
    from nightschool import config

    model = open_model(given.model, config.read(None))
    for step in given.steps:
        told = measure(model, step, given.particles, given.length)
        print(", ".join(f"{name} {value:g}" for name, value in told.items()), flush=True)
    model.close()


if __name__ == "__main__":
    main()
