"""What many live branches take: `python benchmarks/engine_memory.py [--kv-dtypes same,bfloat16,float16] [--json]`.

1,000 branches with 32 tokens of their own after 512 that they share. Keys and values are counted in the engine's own
books and checked against the process (or GPU) growing; beside them stand the least that they can be and what a copy for
every branch would take. Kept in half the bytes they are no longer exact: the error is the difference between the
log-probabilities of the same answers with keys and values as they are computed and as they are kept.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import psutil
import torch

from nightschool.asks import Propose, Weigh
from nightschool.items import Noise, Prefix, Prompt, Sampling, Segment
from nightschool.models.resolve import open_model

WEIGHED = 16  # answers whose log-probabilities are compared


def held(device: torch.device) -> int:
    return torch.cuda.memory_allocated() if device.type == "cuda" else psutil.Process().memory_info().rss


def sample(model: Any, prompt: Prompt, branches: int, own: int) -> tuple[dict[str, Any], list[Segment]]:
    before, began = held(model.device), time.perf_counter()
    # One token is sampled before any is fed, so that a branch of `own` fed tokens samples one more.
    ask = Propose("a", Prefix(prompt), branches, Sampling(max_tokens=own + 1), Noise(("memory",)))
    model.submit([ask])
    live = most = grown = 0
    while not (progress := model.step()).replies:
        live, most = max(live, len(progress.deltas)), max(most, model.held_bytes)
        grown = max(grown, held(model.device) - before)
    shared, size = len(model.encode(prompt)), model.bytes_per_token
    facts = {
        "branches": live, "shared": shared, "own": own, "kv_mb": most / 1e6, "grown_mb": grown / 1e6,
        "needed_mb": size * (shared + branches * own) / 1e6, "copied_mb": size * branches * (shared + own) / 1e6,
        "seconds": time.perf_counter() - began,
    }  # fmt: skip
    return facts, [draw.segment for draw in progress.replies[0].draws[:WEIGHED]]


def weigh(model: Any, prompt: Prompt, answers: list[Segment]) -> torch.Tensor:
    model.submit([Weigh("w", Prefix(prompt), tuple(Segment(a.text, a.tokens) for a in answers))])
    while not (progress := model.step()).replies:
        pass
    return torch.tensor([logp for segment in progress.replies[0].segments for logp in segment.logps])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", default="smollm2")
    arguments.add_argument("--branches", type=int, default=1000)
    arguments.add_argument("--shared", type=int, default=512)
    arguments.add_argument("--own", type=int, default=32)
    arguments.add_argument("--dtype", default="auto", help="in which is computed")
    arguments.add_argument("--kv-dtypes", default="same,bfloat16,float16", help="in which keys and values are kept")
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    rows: list[dict[str, Any]] = []
    answers: list[Segment] = []
    exact = torch.zeros(0)
    for kept in given.kv_dtypes.split(","):
        model: Any = open_model(
            given.model, dtype=given.dtype, weigh_dtype="same", kv_dtype=kept, branches=given.branches, memory_mb=8192
        )
        ids = (model.encode_segment("All branches have this past in common. ") * given.shared)[: given.shared]
        prompt = Prompt(text=model.decode(ids), tokens=tuple(ids))
        facts, sampled = sample(model, prompt, given.branches, given.own)
        answers = answers or sampled
        logps = weigh(model, prompt, answers)
        exact = exact if len(exact) else logps
        difference = (logps - exact).abs()
        facts |= {"kept": kept, "error_mean": float(difference.mean()), "error_max": float(difference.max())}
        rows.append(facts)
        print(f"{facts['branches']} live branches, {facts['shared']} tokens shared, {given.own} own; ", end="")
        print(f"computed in {model.dtype}, kept in {kept}, {facts['seconds']:.0f} s")
        print(f"  keys and values held        {facts['kv_mb']:10.0f} MB")
        print(f"  the least that they can be  {facts['needed_mb']:10.0f} MB ({model.bytes_per_token} bytes a token)")
        print(f"  a copy for every branch     {facts['copied_mb']:10.0f} MB")
        print(f"  the process grew by         {facts['grown_mb']:10.0f} MB (with packed weights, logits, activations)")
        print(
            f"  error of log-probabilities  {facts['error_mean']:10.4f} nats, at most {facts['error_max']:.4f}",
            flush=True,
        )
        model.close()
    if given.json:
        print(json.dumps({"model": given.model, "rows": rows}))


if __name__ == "__main__":
    main()
