"""What many live branches take: `python benchmarks/engine_memory.py [--json]`.

1,000 branches with 32 tokens of their own after 512 that they share. Keys and values are counted in the engine's own
books and checked against the process (or GPU) growing; beside them stands what a copy for every branch would take.
"""

from __future__ import annotations

import argparse
import json
import time

import psutil
import torch

from nightschool.asks import Propose
from nightschool.items import Noise, Prefix, Prompt, Sampling
from nightschool.models.resolve import open_model


def held(device: torch.device) -> int:
    return torch.cuda.memory_allocated() if device.type == "cuda" else psutil.Process().memory_info().rss


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", default="smollm2")
    arguments.add_argument("--branches", type=int, default=1000)
    arguments.add_argument("--shared", type=int, default=512)
    arguments.add_argument("--own", type=int, default=32)
    arguments.add_argument("--dtype", default="auto", help="bfloat16 halves what float32 takes")
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    model = open_model(given.model, dtype=given.dtype, branches=given.branches)
    ids = (model.encode_segment("All branches have this past in common. ") * given.shared)[: given.shared]
    prompt = Prompt(text=model.decode(ids))
    before, began, most = held(model.device), time.perf_counter(), 0
    # One token is sampled before any is fed, so that a branch of `own` fed tokens samples one more.
    sampling = Sampling(max_tokens=given.own + 1)
    model.submit([Propose("a", Prefix(prompt), given.branches, sampling, Noise(("memory",)))])
    live, grown = 0, 0
    while True:
        progress = model.step()
        if progress.replies:
            break
        live = max(live, len(progress.deltas))
        most = max(most, model.held_bytes)
        grown = max(grown, held(model.device) - before)
    size = model.bytes_per_token
    result = {
        "model": given.model, "dtype": str(model.dtype), "branches": live, "shared": len(model.encode(prompt)),
        "own": given.own, "kv_mb": most / 1e6, "grown_mb": grown / 1e6,
        "needed_mb": size * (len(model.encode(prompt)) + given.branches * given.own) / 1e6,
        "copied_mb": size * given.branches * (len(model.encode(prompt)) + given.own) / 1e6,
        "seconds": time.perf_counter() - began,
    }  # fmt: skip
    print(f"{live} live branches, {result['shared']} tokens shared, {given.own} own, {model.dtype}")
    print(f"keys and values held        {result['kv_mb']:10.0f} MB")
    print(f"the least that they can be  {result['needed_mb']:10.0f} MB")
    print(f"a copy for every branch     {result['copied_mb']:10.0f} MB")
    print(f"the process grew by         {result['grown_mb']:10.0f} MB (with logits and activations)")
    if given.json:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
