"""How fast lessons become weights: `python benchmarks/train_speed.py [--json] [--model NAME] [--lessons N]`.

One gradient step on the same lessons (four numbers to be sorted), three ways that give the same loss and gradient:

naive    peft as its manual says: a padded batch, logits of every token, cross-entropy by transformers
plain    nightschool without sharing: logits of answers only, LoRA as one function
shared   nightschool: what the lessons' prompts begin with is computed once as well

Steps of the three alternate, so that a busy machine slows all alike. Seconds are the best of the rounds, wall and CPU.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from peft import LoraConfig, get_peft_model

from nightschool import registry
from nightschool.items import Lesson, Split
from nightschool.models.resolve import open_model
from nightschool.train.examples import Example, encode_lesson
from nightschool.train.lora import Learner
from nightschool.train.settings import LoraSettings


def lessons_of(count: int) -> list[Lesson]:
    world = registry.make("worlds", "sorting:n=4,low=10,high=99")
    made = []
    for item in world.items(Split.PRACTICE, count):
        prompt = world.pose(item, world.wordings[0])
        made.append(Lesson(prompt, world.expert.demonstrate(item), "expert", frozenset({item.key})))
    return made


def naive_step(model: Any, examples: Sequence[Example], settings: LoraSettings) -> Callable[[], float]:
    config = LoraConfig(r=settings.rank, lora_alpha=settings.alpha, target_modules="all-linear", task_type="CAUSAL_LM")
    module = get_peft_model(model.fresh_module(), config)
    optimizer = torch.optim.AdamW([p for p in module.parameters() if p.requires_grad], lr=settings.rate_at(99, 576))
    longest = max(len(example.tokens) for example in examples)

    def step() -> float:
        ids = torch.zeros((len(examples), longest), dtype=torch.long)
        seen, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
        for row, example in enumerate(examples):
            size = len(example.tokens)
            ids[row, :size], seen[row, :size] = torch.tensor(example.tokens), 1
            labels[row, example.start : size] = torch.tensor(example.tokens[example.start :])
        device = model.device
        loss = module(ids.to(device), attention_mask=seen.to(device), labels=labels.to(device), use_cache=False).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), settings.clip)
        optimizer.step()
        return float(loss.detach())

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--lessons", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()

    model: Any = open_model(given.model)
    lessons = lessons_of(given.lessons)
    examples = [encode_lesson(model, lesson) for lesson in lessons]
    tokens = sum(len(example.tokens) for example in examples)
    learned = sum(len(example.tokens) - example.start for example in examples)
    plain = Learner.fresh(model, LoraSettings(share_prefix=False))
    shared = Learner.fresh(model, LoraSettings())
    ways: dict[str, Callable[[], float]] = {
        "naive": naive_step(model, examples, LoraSettings()),
        "plain": lambda: plain.step(lessons).loss,
        "shared": lambda: shared.step(lessons).loss,
    }
    best: dict[str, dict[str, float]] = {}
    for round_ in range(given.rounds):
        for name, step in ways.items():
            wall, cpu = time.perf_counter(), time.process_time()
            loss = step()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            known = best.setdefault(name, {"first_loss": loss, "wall_s": wall, "cpu_s": cpu})
            if round_:  # the first round warms up
                known["wall_s"], known["cpu_s"] = min(known["wall_s"], wall), min(known["cpu_s"], cpu)
            known["last_loss"] = loss

    print(f"{model.name}, {model.dtype}, {torch.get_num_threads()} threads: {len(lessons)} lessons of {tokens} tokens")
    print(f"{'':8} {'s/step':>8} {'CPU s':>8} {'lesson tokens/s':>16} {'learned/s':>10} {'speed-up':>9} {'loss':>16}")
    for name, found in best.items():
        found["lesson_tokens_per_s"] = tokens / found["wall_s"]
        found["speed_up"] = best["naive"]["wall_s"] / found["wall_s"]
        print(
            f"{name:8} {found['wall_s']:8.2f} {found['cpu_s']:8.2f} {found['lesson_tokens_per_s']:16.0f} "
            f"{learned / found['wall_s']:10.0f} {found['speed_up']:8.1f}x "
            f"{found['first_loss']:7.4f} {found['last_loss']:7.4f}"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"peak memory of the process {peak / 2**30:.2f} GiB")
    if given.json:
        facts = {"model": model.name, "dtype": str(model.dtype), "lessons": len(lessons), "tokens": tokens}
        print(json.dumps({**facts, "learned": learned, "peak_bytes": peak, "ways": best}))


if __name__ == "__main__":
    main()
