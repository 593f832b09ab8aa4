"""How many tokens a second are sampled after a shared prompt: `python benchmarks/engine_sampling.py [--json]`.

engine    nightschool, all branches of one ask at once
generate  transformers' generate, called once for each answer, as most scripts do (a few answers; the rate is the same)
batched   transformers' generate with num_return_sequences

Beside each width stands the machine's limit for it: the model's matrix products alone, timed in the same minute. Rates
are per second of wall time and per second of CPU time; the latter is less disturbed by what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

from nightschool.asks import Propose
from nightschool.items import Noise, Prefix, Prompt, Sampling
from nightschool.models.resolve import open_model

WORDS = "The committee met again on Tuesday to hear what had been learned about the river, its fish and its bridges. "


def timed(work: Callable[[], int]) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    tokens = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"tokens": tokens, "per_s": tokens / wall, "per_cpu_s": tokens / cpu}


def engine(model: Any, prompt: Prompt, branches: int, tokens: int, seed: int) -> dict[str, float]:
    """Time decoding alone: the prompt is computed and every branch has its first token before the clock starts."""
    model.submit([Propose("a", Prefix(prompt), branches, Sampling(max_tokens=tokens), Noise(("bench", seed)))])
    while not model.step().deltas:
        pass

    def work() -> int:
        sampled = 0
        while True:
            progress = model.step()
            sampled += sum(delta.tokens for delta in progress.deltas)
            if progress.replies:
                return sampled

    return timed(work)


def generate(model: Any, prompt: Prompt, answers: int, tokens: int, together: bool) -> dict[str, float]:
    import torch

    module = model.fresh_module()
    ids = torch.tensor([model.encode(prompt)], device=model.device)
    how = {"max_new_tokens": tokens, "do_sample": True, "top_k": 0, "attention_mask": torch.ones_like(ids)}

    def work() -> int:
        rounds, each = (1, answers) if together else (answers, 1)
        made = [module.generate(ids, num_return_sequences=each, **how) for _ in range(rounds)]
        return sum(int((out[:, ids.shape[1] :] != module.config.pad_token_id).sum()) for out in made)

    return timed(work)


def products(model: Any, branches: int) -> float:
    """Return tokens per CPU second if a step were the matrix products of the weights and nothing else."""
    import torch

    pairs = []
    for layer in model.module.modules():
        if isinstance(layer, torch.nn.Linear):
            rows = torch.randn(branches, layer.in_features, dtype=model.dtype, device=model.device)
            pairs.append((layer, rows))
    best = float("inf")
    with torch.no_grad():
        for _ in range(5):
            begin = time.process_time()
            for layer, rows in pairs:
                layer(rows)
            best = min(best, time.process_time() - begin)
    return branches / best


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", default="smollm2")
    arguments.add_argument("--branches", default="1,16,64,256")
    arguments.add_argument("--prompt", type=int, default=256, help="tokens of the shared prompt")
    arguments.add_argument("--tokens", type=int, default=32, help="tokens of each answer")
    arguments.add_argument("--skip", default="", help="peers to leave out: generate,batched")
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    model = open_model(given.model)
    text = model.decode(model.encode_segment(WORDS * 40)[: given.prompt])
    prompt, skipped = Prompt(text=text), given.skip.split(",")
    rows: list[dict[str, Any]] = []
    print(f"{given.model}, {model.dtype}, {len(model.encode(prompt))} tokens shared, {given.tokens} of each branch")
    print(f"{'':10}{'branches':>9}{'tokens/s':>10}{'per CPU s':>11}{'of limit':>10}")

    def show(name: str, branches: int, result: dict[str, float], limit: float | None = None) -> None:
        rows.append({"name": name, "branches": branches, "limit_per_cpu_s": limit, **result})
        share = f"{result['per_cpu_s'] / limit:10.0%}" if limit else ""
        print(f"{name:10}{branches:9}{result['per_s']:10.1f}{result['per_cpu_s']:11.1f}{share}", flush=True)

    for seed, branches in enumerate(map(int, given.branches.split(","))):
        show("engine", branches, engine(model, prompt, branches, given.tokens, seed), products(model, branches))
        if "batched" not in skipped:
            show("batched", branches, generate(model, prompt, branches, given.tokens, True))
    if "generate" not in skipped:
        show("generate", 1, generate(model, prompt, 3, given.tokens, False))
    if given.json:
        print(json.dumps({"model": given.model, "dtype": str(model.dtype), "rows": rows}))


if __name__ == "__main__":
    main()
