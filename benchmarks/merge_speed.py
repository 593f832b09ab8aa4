"""What waking a night costs: `python benchmarks/merge_speed.py [--rounds 5] [--json]`.

An adapter of rank 16 over every linear layer, as a night makes it, is merged into the weights of the model in turns by
peft, which a user would call, and as the engine does it. Medians of wall and CPU seconds, and whether all weights are
the same to the last bit.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel

from nightschool.models.local import adapters, folder
from nightschool.models.resolve import open_model
from nightschool.train.lora import Learner


def by_peft(module: Any, adapter: Any) -> Any:
    return PeftModel.from_pretrained(folder.twin(module), adapter.path).merge_and_unload(safe_merge=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()

    warnings.simplefilter("ignore")  # peft asks transformers by a name that is going away
    model: Any = open_model(given.model)
    learner = Learner.fresh(model)
    for parameter in learner.module.parameters():
        if parameter.requires_grad:
            torch.nn.init.normal_(parameter, std=0.02)
    ways = {"peft": by_peft, "engine": adapters.merged}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    made: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch:
        adapter = learner.save(Path(scratch))
        for _ in range(given.rounds + 1):
            for name, merge in ways.items():
                wall, cpu = time.perf_counter(), time.process_time()
                made[name] = merge(model.module, adapter)
                times[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    theirs = made["peft"].state_dict()
    same = all(torch.equal(tensor, theirs[name]) for name, tensor in made["engine"].state_dict().items())
    found = {
        name: {"wall_s": statistics.median(w for w, _ in all_[1:]), "cpu_s": statistics.median(c for _, c in all_[1:])}
        for name, all_ in times.items()  # the first of each warms up
    }
    for name, each in found.items():
        print(f"{name:8} {each['wall_s']:7.2f} s {each['cpu_s']:7.2f} CPU s")
    print(f"the same weights to the last bit: {same}")
    if given.json:
        print(json.dumps({"model": model.name, "rounds": given.rounds, "same": same, **found}))


if __name__ == "__main__":
    main()
