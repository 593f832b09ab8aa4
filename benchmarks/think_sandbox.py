"""What does a check in the sandbox cost, and does anything get out? `python benchmarks/think_sandbox.py [--attacks]`.

warm      a small program with three unit tests, judged by the critic python-tests as it comes: in a sandbox that stays
          warm, alone and with several at work; wall time of each (median, 90%), checks a second, and our processor time
fresh     the same, each in a sandbox of its own; alone in turns with the warm one, so that both meet the same machine
search    the same checks as a search makes them: best-of-n over functions, the model an exact fake that answers at
          once; how long the whole took for each check
attacks   tests/sandbox/test_attacks.py: hostile programs, each in a fresh and in a warm sandbox, how many of them
          escaped (--attacks; takes minutes)
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from nightschool.critics.judging import judge
from nightschool.critics.python_tests import PythonTests
from nightschool.drive import Drive, Job
from nightschool.items import Item, Noise, Prompt, Sampling, Split, Task
from nightschool.models.scripted import Scripted
from nightschool.ports import Sandbox
from nightschool.registry import make
from nightschool.sandbox import Bubblewrap, Limits, shared
from nightschool.worlds.functions import OPERATIONS
from nightschool.worlds.open import open_world

PROGRAM = "def add(a, b):\n    return a + b\n"
TESTS = "add(1, 2) == 3\nadd(-1, 1) == 0\nadd('a', 'b') == 'ab'"
ATTACKS = Path(__file__).parent.parent / "tests" / "sandbox" / "test_attacks.py"


def check_many(sandbox: Sandbox, checks: int, at_once: int = 1) -> dict[str, float]:
    """Return what `checks` checks took."""
    critic = PythonTests(sight="reference", sandbox=sandbox)
    item = Item("add", {}, TESTS, "add")

    def one(_: int) -> float:
        began = time.perf_counter()
        verdict = judge(critic, item, PROGRAM)
        assert verdict.passed, verdict
        return 1000 * (time.perf_counter() - began)

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, range(4 * at_once)))  # what is made once
        cpu, began = cpu_s(), time.perf_counter()
        took = sorted(pool.map(one, range(checks)))
    wall = time.perf_counter() - began
    return {
        "at once": at_once,
        "least_ms": round(took[0], 1),
        "median_ms": round(took[len(took) // 2], 1),
        "p90_ms": round(took[int(0.9 * len(took))], 1),
        "a_second": round(checks / wall, 1),
        "cpu_ms": round(1000 * (cpu_s() - cpu) / checks, 1),
    }


def check_in_search(checks: int, at_once: int) -> dict[str, float]:
    """Return what a check costs where a search makes it: distinct programs, so that each is judged."""
    world = open_world("functions:steps=1")
    names = sorted(OPERATIONS)

    def rule(prompt: str, written: str) -> dict[str, float]:
        if written.endswith("# ") or written.isdigit():
            return dict.fromkeys("0123456789", 1.0) | ({"": 3.0} if written[-1:].isdigit() else {})
        return {f"sorted(xs) # {name}": 1.0 for name in names} if not written else {"": 1.0}

    jobs = [
        Job(
            make("strategies", "best-of-n:n=8"),
            Task(item, Prompt(text=item.id), Sampling(8)),
            Noise((item.id,)),
            critics={"verifier": world.verifier} if world.verifier else {},
        )
        for item in world.items(Split.PRACTICE, max(1, checks // 8))
    ]
    began = time.perf_counter()
    traces = Drive(Scripted(rule=rule), critic_workers=at_once).run(jobs)
    judged = sum(trace.usage.judgements for trace in traces)
    assert not any(trace.errors for trace in traces)
    return {"at once": at_once, "checks": judged, "ms_each": round(1000 * (time.perf_counter() - began) / judged, 1)}


def cpu_s() -> float:
    """Return the processor time of this process and of those that it has seen end."""
    return sum(os.times()[:4])


def attack() -> dict[str, int]:
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(ATTACKS), "-k", "test_attack["],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", told)}
    return {"held": counts.get("passed", 0), "escaped or broke": counts.get("failed", 0) + counts.get("error", 0)}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, default=200)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--attacks", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    warm, fresh = shared(Limits()), Bubblewrap(Limits())
    told: dict[str, dict[str, float] | dict[str, int]] = {
        "warm": check_many(warm, given.checks),
        "fresh": check_many(fresh, max(1, given.checks // 4)),
        "warm again": check_many(warm, given.checks),
        "together": check_many(warm, given.checks, given.workers),
        "search": check_in_search(given.checks, given.workers),
    }
    if given.attacks:
        told["attacks"] = attack()
    if given.json:
        print(json.dumps(told))
        return
    for name, rows in told.items():
        print(f"{name:<10} " + ", ".join(f"{row} {value:g}" for row, value in rows.items()))


if __name__ == "__main__":
    main()
