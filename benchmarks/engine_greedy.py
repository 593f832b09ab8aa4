"""Greedy answers of the local engine beside transformers' own forward: `python benchmarks/engine_greedy.py [MODEL]`.

MODEL: as everywhere, `smollm2` unless named (`gemma3-270m:dtype=bfloat16`). Each prompt is answered greedily by the
engine, all prompts in one batch, and by one plain forward after another of the same weights. Printed is how many tokens
are the same from the first on, and by how many nats the plain forward holds another token likelier than the engine's,
at most, as long as both wrote the same: rounding decides only between tokens that are close. A model without a chat
template is asked for documents alone.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from nightschool import Drive, Item, Job, Message, Noise, Prompt, Sampling, Task, make, open_model
from nightschool.ports import Ability

PROMPTS = (
    Prompt(text="The capital of France is"),
    Prompt(text="def add(a, b):\n"),
    Prompt(text="Once upon a time, in a village by the sea,"),
    Prompt((Message("user", "Name three fruits."),)),
    Prompt((Message("user", "What is 6 times 7?"),)),
    Prompt((Message("user", "Sort these numbers: 31, 5, 12, 77"),)),
)


def main() -> None:
    """Print the table, and with --json one object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default="smollm2")
    parser.add_argument("--tokens", type=int, default=24)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    began = time.process_time()
    model: Any = open_model(options.model)
    loaded = time.process_time()
    prompts = [prompt for prompt in PROMPTS if prompt.text is not None or Ability.CHAT in model.abilities]
    jobs = [
        Job(
            make("strategies", "single"),
            Task(Item(str(number), {}, None, str(number)), prompt, Sampling(options.tokens, temperature=0.0)),
            Noise((number,)),
        )
        for number, prompt in enumerate(prompts)
    ]
    traces = Drive(model).run(jobs)
    print(f"{model.name}, {str(model.dtype).removeprefix('torch.')}: loaded in {loaded - began:.1f} CPU s")
    print(f"{'same':>10}{'gap, nats':>11}   answer")
    rows = []
    for prompt, trace in zip(prompts, traces, strict=True):
        assert trace.best is not None
        ours = list(trace.best.prefix.segments[-1].tokens or ())
        same, gap = _beside(model, prompt, ours)
        rows.append({"same": same, "of": len(ours), "gap_nats": gap, "answer": trace.best.answer})
        print(f"{f'{same} of {len(ours)}':>10}{gap:11.4f}   {trace.best.answer!r}")
    if options.json:
        print(json.dumps({"model": model.name, "dtype": str(model.dtype), "prompts": rows}))


def _beside(model: Any, prompt: Prompt, ours: list[int]) -> tuple[int, float]:
    """Return how many of `ours` the plain forward writes too, and the largest lead of another token until then."""
    import torch

    from nightschool.models.local.check import plain_attention
    from nightschool.models.local.folder import twin

    plain, ids, gap = twin(model.module, plain_attention(model.module)), model.encode(prompt), 0.0
    for same, token in enumerate(ours):
        with torch.no_grad():
            logps = plain(torch.tensor([[*ids, *ours[:same]]])).logits[0, -1].float().log_softmax(-1)
        gap = max(gap, float(logps.max() - logps[token]))
        if int(logps.argmax()) != token:
            return same, gap
    return len(ours), gap


if __name__ == "__main__":
    main()
