"""Where a school day's time and memory go: `python benchmarks/day_stages.py [--json] [-- options of nightschool day]`.

Runs `nightschool day sorting` as a user would, in a process of its own, and prints what it prints; then wall seconds by
stage, the CPU seconds of the whole, the largest memory, and what random proposals passed beside practice. Nothing is
cached between runs but the weights.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main(arguments: list[str]) -> None:
    """Run one day and print where it went."""
    as_json = "--json" in arguments
    extra = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "nightschool", "day", "sorting", "--report", folder, *extra]
        began = time.perf_counter()
        done = subprocess.run(command, env=os.environ, check=False)
        wall = time.perf_counter() - began
        written = Path(folder) / "day.json"
        day = json.loads(written.read_text(encoding="utf-8")) if written.is_file() else {}
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.returncode)
    for number, found in enumerate(day["practice"]["rounds"], 1):
        shown = f" after {found['examples']} examples" if found["examples"] else ""
        drawn = f"{found['passed']} of {found['draws']} draws"
        control = "" if found["control_passed"] is None else f", of random proposals {found['control_passed']}"
        print(f"{f'round {number} passed':24} {drawn}{control}, at {found['level']}{shown}")
    stages = {**day["seconds"]}
    stages["loading, writing"] = wall - sum(stages.values())
    for name, seconds in stages.items():
        print(f"{name:24} {seconds:8.1f} s {100 * seconds / wall:5.0f}%")
    print(f"{'all, wall':24} {wall:8.1f} s")
    print(f"{'all, CPU':24} {used.ru_utime + used.ru_stime:8.1f} s")
    print(f"{'peak memory':24} {used.ru_maxrss / 2**20:8.2f} GiB")
    before, after = day["before"], day["after"]
    if before and after:
        print(f"{'accuracy':24} {before['accuracy']:.1%} to {after['accuracy']:.1%} of {after['n']} exam items")
    print(f"{'gate':24} {'accepted' if day['gate']['accepted'] else 'refused'}: {day['gate']['reason']}")
    if as_json:
        facts = {"wall_s": wall, "cpu_s": used.ru_utime + used.ru_stime, "peak_bytes": used.ru_maxrss * 1024}
        print(json.dumps({**facts, "stages_s": stages, "before": before, "after": after, "gate": day["gate"]}))


if __name__ == "__main__":
    main(sys.argv[1:])
