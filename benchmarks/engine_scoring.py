"""How fast answers are weighed: `python benchmarks/engine_scoring.py --data ../shared/data/bbh [--shots 0,5] [--json]`.

Every option of BIG-Bench-Hard's logical_deduction_three_objects is weighed after its question, by nightschool and by
lm-evaluation-harness (`--model hf`, float32, batches of 16), on the same weights, prompts and items. Both must find the
same accuracy, the same by length, and the same Brier score. CPU seconds are those of the whole process, its start
included. The harness is installed once into a virtual environment of its own (--venv), which takes a network.

Without --data, or without the file in it: clone https://github.com/suzgunmirac/BIG-Bench-Hard and name its folder bbh.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from nightschool.paths import cache_folder

FILE = "logical_deduction_three_objects.json"
HARNESS = "0.4.13"
SHOTS = 5  # items at the beginning of the file that are shown as examples, and then not asked
TASK = """task: logical_deduction
dataset_path: json
dataset_kwargs: {{data_files: {{test: {folder}/items.jsonl, train: {folder}/shots.jsonl}}}}
output_type: multiple_choice
test_split: test
fewshot_split: train
fewshot_config: {{sampler: first_n}}
num_fewshot: {shots}
doc_to_text: "{{{{text}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: "{{{{gold}}}}"
metric_list: [{{metric: acc}}, {{metric: acc_norm}}, {{metric: brier_score}}]
"""


class Question(NamedTuple):
    """text: the prompt; choices: what may follow it after a space; gold: which is true."""

    text: str
    choices: list[str]
    gold: int


class Found(NamedTuple):
    """What one program found, and what it cost."""

    accuracy: float
    by_length: float
    brier: float
    items: int
    cpu_s: float
    wall_s: float


def read(folder: Path | None) -> list[Question]:
    path = folder / FILE if folder is not None else None
    if path is None or not path.is_file():
        where = f"there is no {path}" if path else "--data is missing"
        sys.exit(f"{where}: clone https://github.com/suzgunmirac/BIG-Bench-Hard and name its folder bbh by --data")
    questions = []
    for example in json.loads(path.read_text(encoding="utf-8"))["examples"]:
        paragraph, options = example["input"].split("\nOptions:\n")
        choices = [line.partition(") ")[2] for line in options.split("\n")]
        questions.append(Question(f"{paragraph}\nAnswer:", choices, "ABC".index(example["target"][1])))
    return questions


def measures(logps: Sequence[Sequence[float]], questions: Sequence[Question]) -> tuple[float, float, float]:
    """Return accuracy, accuracy by log-probability per character, and Brier score, as the harness defines them."""
    right = by_length = brier = 0.0
    for row, question in zip(logps, questions, strict=True):
        each = [logp / len(choice) for logp, choice in zip(row, question.choices, strict=True)]
        right += row.index(max(row)) == question.gold
        by_length += each.index(max(each)) == question.gold
        weights = [math.exp(logp - max(row)) for logp in row]
        brier += sum((w / sum(weights) - (i == question.gold)) ** 2 for i, w in enumerate(weights))
    count = len(questions)
    return right / count, by_length / count, brier / count


def weigh(model_name: str, questions: Sequence[Question], shots: Sequence[Question]) -> dict[str, Any]:
    """Return log-probabilities of every choice, how many tokens were asked for, and in how many the trie holds them."""
    import numpy as np

    from nightschool.asks import Weigh, Weighed
    from nightschool.items import Prefix, Prompt, Segment
    from nightschool.models.local.trie import Trie
    from nightschool.models.resolve import open_model

    model: Any = open_model(model_name, dtype="float32")
    shown = "".join(f"{shot.text} {shot.choices[shot.gold]}\n\n" for shot in shots)
    asks, trie, asked = [], Trie(), 0
    for i, question in enumerate(questions):
        text = shown + question.text
        ids = model.encode_segment(text)
        behind = [model.encode_segment(f"{text} {choice}")[len(ids) :] for choice in question.choices]
        segments = tuple(Segment(f" {c}", tuple(b)) for c, b in zip(question.choices, behind, strict=True))
        asks.append(Weigh(str(i), Prefix(Prompt(text=text)), segments))
        for tokens in behind:
            trie.insert(np.array([*ids, *tokens[:-1]]))
            asked += len(ids) + len(tokens) - 1
    model.submit(asks)
    replies: dict[str, Any] = {}
    while len(replies) < len(asks):
        replies.update({reply.id: reply for reply in model.step().replies})
    assert all(isinstance(reply, Weighed) for reply in replies.values()), replies
    logps = [[segment.logp for segment in replies[ask.id].segments] for ask in asks]
    return {"logps": logps, "asked": asked, "computed": sum(len(node) for node in trie.nodes())}


def timed(command: Sequence[str], **more: Any) -> tuple[float, float]:
    """Run `command` to its end and return its CPU and wall seconds."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode:
        sys.exit(f"{' '.join(command[:4])} ... failed:\n{done.stdout[-3000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.perf_counter() - began


def harness(venv: Path) -> Path:
    """Return the harness's program, installed where it is not."""
    program = venv / "bin" / "lm_eval"
    if not program.is_file():
        print(f"installing lm-evaluation-harness {HARNESS} into {venv} ...", file=sys.stderr)
        timed([sys.executable, "-m", "venv", str(venv)])
        torch = version("torch").partition("+")[0]
        wanted = [f"lm_eval[hf]=={HARNESS}", f"torch=={torch}", f"transformers=={version('transformers')}"]
        timed([str(venv / "bin" / "pip"), "install", "-q", *wanted])
    return program


def evaluate(
    program: Path, weights: Path, questions: Sequence[Question], shots: Sequence[Question], folder: Path
) -> Found:
    for name, rows in (("items", questions), ("shots", shots or questions[:1])):
        lines = [json.dumps(question._asdict()) for question in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "task.yaml").write_text(TASK.format(folder=folder, shots=len(shots)), encoding="utf-8")
    command = [
        str(program), "--model", "hf", "--model_args", f"pretrained={weights},dtype=float32", "--device", "cpu",
        "--tasks", "logical_deduction", "--include_path", str(folder), "--batch_size", "16",
        "--output_path", str(folder / "found"),
    ]  # fmt: skip
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hf"), "OMP_WAIT_POLICY": "PASSIVE"}
    cpu, wall = timed(command, env=environment)
    file = next((folder / "found").rglob("results*.json"))
    results = json.loads(file.read_text(encoding="utf-8"))["results"]["logical_deduction"]
    file.unlink()
    measured = (results[f"{name},none"] for name in ("acc", "acc_norm", "brier_score"))
    return Found(*measured, len(questions), cpu, wall)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--model", default="smollm2", help="a model whose weights are on this machine")
    parser.add_argument("--shots", default="0,5")
    parser.add_argument("--items", type=int, help="at most so many items")
    parser.add_argument("--peer-items", type=int, default=24, help="items of the harness with examples; 0 for all")
    parser.add_argument("--venv", type=Path, default=cache_folder() / "benchmarks" / f"lm-eval-{HARNESS}")
    parser.add_argument("--alone", action="store_true", help="nightschool only")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--engine", nargs=2, help=argparse.SUPPRESS)  # one measured run: shots, and where to write
    given = parser.parse_args()
    everything = read(given.data)
    if given.engine:
        shots = everything[: int(given.engine[0])]
        questions = everything[len(shots) : given.items and len(shots) + given.items]
        Path(given.engine[1]).write_text(json.dumps(weigh(given.model, questions, shots)), encoding="utf-8")
        return
    if set(given.shots.split(",")) - {str(n) for n in range(SHOTS + 1)}:
        parser.error(f"--shots takes numbers from 0 to {SHOTS}, such as 0,5")

    from nightschool.models.resolve import get

    weights = get(given.model)
    rows = []
    print(f"{'':30}{'items':>7}{'acc':>8}{'acc_norm':>10}{'Brier':>8}{'CPU s':>9}{'wall s':>9}")

    def show(name: str, found: Found, count: int) -> None:
        rows.append({"name": name, "shots": count, **found._asdict()})
        numbers = f"{found.accuracy:8.3f}{found.by_length:10.3f}{found.brier:8.3f}{found.cpu_s:9.1f}{found.wall_s:9.1f}"
        print(f"{name:30}{found.items:7}{numbers}", flush=True)

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for count in map(int, given.shots.split(",")):
            shots = everything[:count]
            questions = everything[count : given.items and count + given.items]
            output = folder / "engine.json"
            command = [sys.executable, __file__, "--data", str(given.data), "--model", given.model]
            command += ["--items", str(len(questions)), "--engine", str(count), str(output)]
            cpu, wall = timed(command)
            done = json.loads(output.read_text(encoding="utf-8"))
            ours = Found(*measures(done["logps"], questions), len(questions), cpu, wall)
            show(f"nightschool, {count} shots", ours, count)
            print(f"{'':30}{done['asked']} tokens in all sequences, {done['computed']} in the trie")
            if given.alone:
                continue
            asked = questions[: given.peer_items or None] if count else questions
            peer = evaluate(harness(given.venv), weights, asked, shots, folder)
            show(f"lm-eval {HARNESS}, {count} shots", peer, count)
            same = Found(*measures(done["logps"][: len(asked)], asked), len(asked), cpu, wall)
            agree = all(abs(a - b) < 0.0005 for a, b in zip(same[:3], peer[:3], strict=True))
            times = peer.cpu_s * len(questions) / len(asked) / cpu
            scaled = f" (its {len(asked)} items scaled to {len(questions)}, its start with them)"
            scaled = "" if len(asked) == len(questions) else scaled
            print(f"{'':30}the same to three digits on those {len(asked)} items: {'yes' if agree else 'NO'}; ", end="")
            print(f"lm-eval takes {times:.1f} times the CPU seconds{scaled}", flush=True)
            rows.append({"shots": count, "same": agree, "times": times, **{k: done[k] for k in ("asked", "computed")}})
    if given.json:
        print(json.dumps({"model": given.model, "rows": rows}))


if __name__ == "__main__":
    main()
