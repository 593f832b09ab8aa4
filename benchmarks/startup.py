"""How long it takes to be ready: `python benchmarks/startup.py [--json] [--runs N] [--steps]`.

Each line is a process of its own, started again and again: the help, the list of worlds, and `smollm2` loaded from its
cache up to one token drawn, by the local engine and by `nightschool think`, which has llama.cpp write one answer where
that is installed. Medians and the best of all runs; wall and CPU seconds.

No start of a model can be quicker than the imports of torch and of transformers' model classes, which load torch's
compiler, its distributed tensors with SymPy, and, where it is installed, SciPy: the last line says what share they are.
With --steps the start on the local engine is told step by step, in CPU seconds, and once more with Python's collections
off. With --first a last process finds an empty cache, and the packaged weights are dequantised.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

_DRAW = """
from nightschool import Drive, Item, Job, Message, Noise, Prompt, Sampling, Task, make, open_model
task = Task(Item("i", {}, None, "k"), Prompt((Message("user", "Hello"),)), Sampling(1))
print(Drive(open_model("smollm2")).run([Job(make("strategies", "single"), task, Noise((0,)))])[0].usage.sampled_tokens)
"""
_STEPS = """
import gc, json, sys, time
if sys.argv[1] == "off": gc.disable()
told, last = {}, time.process_time()
def step(name):
    global last
    now = time.process_time()
    told[name], last = now - last, now
from nightschool import Drive, Item, Job, Message, Noise, Prompt, Sampling, Task, make, open_model
step("our own modules")
import torch
step("torch")
import transformers
step("transformers' listing of its models")
from transformers import PreTrainedModel
step("its base class of all models")
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM
step("one architecture")
model = open_model("smollm2")
step("opening the model")
task = Task(Item("i", {}, None, "k"), Prompt((Message("user", "Hello"),)), Sampling(1))
Drive(model).run([Job(make("strategies", "single"), task, Noise((0,)))])
step("the first token")
print(json.dumps(told))
"""
LEAST, ALL = "imports of a model's code", "smollm2, one token"
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "nightschool --help": ["-m", "nightschool", "--help"],
    "nightschool ls worlds": ["-m", "nightschool", "ls", "worlds"],
    LEAST: ["-c", "from transformers import AttentionInterface, AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM"],
    ALL: ["-c", _DRAW],
    "nightschool think, one token": ["-m", "nightschool", "think", "--max-tokens", "1", "Hello"],
}


def main() -> None:
    """Print the table, and with --json one object as the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--steps", action="store_true", help="tell the start on the local engine step by step alone")
    parser.add_argument("--first", action="store_true", help="time the first start as well (fetches what is missing)")
    options = parser.parse_args()
    if options.steps:
        _tell_steps(options.runs, options.json)
        return
    found = {name: [_run(command) for _ in range(options.runs)] for name, command in COMMANDS.items()}
    if options.first:
        with tempfile.TemporaryDirectory() as cache:
            found["smollm2, first start"] = [_run(COMMANDS[ALL], NIGHTSCHOOL_CACHE=cache)]
    print(f"{'':28}{'wall, median':>14}{'best':>8}{'CPU, median':>14}   seconds, {options.runs} runs")
    for name, runs in found.items():
        walls, cpus = [wall for wall, _ in runs], [cpu for _, cpu in runs]
        print(f"{name:28}{statistics.median(walls):14.2f}{min(walls):8.2f}{statistics.median(cpus):14.2f}")
    least, whole = (statistics.median(cpu for _, cpu in found[name]) for name in (LEAST, ALL))
    print(f"{least / whole:.0%} of a model's start, by CPU seconds, are imports of torch and transformers")
    if options.json:
        print(
            json.dumps({name: [{"wall_s": wall, "cpu_s": cpu} for wall, cpu in runs] for name, runs in found.items()})
        )


def _tell_steps(runs: int, as_json: bool) -> None:
    """Print the median CPU seconds of each step of a start, with Python's collections on and off, taken in turns."""
    told: dict[str, list[dict[str, float]]] = {"on": [], "off": []}
    for _ in range(runs):
        for swept, each in told.items():
            said = subprocess.run([sys.executable, "-c", _STEPS, swept], capture_output=True, text=True, check=True)
            each.append(json.loads(said.stdout.splitlines()[-1]))
    print(f"{'':38}{'CPU s, median':>14}{'range':>16}{'no collections':>16}   of {runs} starts")
    for name in told["on"][0]:
        on, off = ([start[name] for start in told[swept]] for swept in ("on", "off"))
        print(f"{name:38}{statistics.median(on):14.2f}{min(on):9.2f}-{max(on):.2f}{statistics.median(off):16.2f}")
    on, off = ([sum(start.values()) for start in told[swept]] for swept in ("on", "off"))
    print(f"{'all':38}{statistics.median(on):14.2f}{min(on):9.2f}-{max(on):.2f}{statistics.median(off):16.2f}")
    if as_json:
        print(json.dumps(told))


def _run(command: list[str], **environ: str) -> tuple[float, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run([sys.executable, *command], capture_output=True, check=True, env=os.environ | environ)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
