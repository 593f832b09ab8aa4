"""217 list tasks by search over programs: `python benchmarks/society_lists.py --kept FOLDER [--minutes M] [--json]`.

Two halves of the tasks, parted by the hash of their names: what is learned on one (by waking and sleeping) is measured
on the other, so that no task is reported with a library, weights or a recogniser that saw it. A task counts as solved
when a program gives all of its 15 outputs; six of the examples guide the search, all of them judge. Times are CPU
seconds of one core.

plain        the language, all rules of a kind alike
weights      the same, with weights fitted on the other half
library      primitives learned on the other half, and weights
recogniser   plain primitives, weights proposed for each task by the recogniser (dreams and replayed solutions)
both         library and recogniser

What is done is kept in FOLDER, and the next call goes on; with --minutes it stops in time. Reads
../shared/data/lists (https://github.com/ellisk42/ec, MIT), or the file that --data names.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from nightschool.items import Noise, digest
from nightschool.search.budget import Budget
from nightschool.society.expressions.grammar import Grammar
from nightschool.society.expressions.keep import grammar_from, pack, told, unpack
from nightschool.society.expressions.lists import LISTS
from nightschool.society.expressions.school import Mindful, Problem, sleep, wake
from nightschool.stats.paired import Paired, mcnemar
from nightschool.stats.rates import wilson

ARMS = ("plain", "both", "library", "recogniser", "weights")
LIMITS = (0.25, 1.0, 4.0, 16.0)
BASE = Grammar(LISTS, "list")


def tasks(path: Path) -> list[Problem]:
    if not path.exists():
        sys.exit(f"{path} is not there: the list tasks of https://github.com/ellisk42/ec, as JSON; name it with --data")
    return [Problem(one["name"], tuple((pair["i"], pair["o"]) for pair in one["examples"]))
            for one in json.loads(path.read_text())]  # fmt: skip


def half(problem: Problem) -> int:
    return int(digest(problem.name)[:8], 16) % 2


def learn(problems: list[Problem], folder: Path, quick: bool, days: int) -> None:
    """Wake and sleep on these problems, and keep what comes of it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # another call may be at it
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            learn_now(problems, folder, quick, days)


def learn_now(problems: list[Problem], folder: Path, quick: bool, days: int) -> None:
    solved: dict[str, Any] = {}
    mind, began = Mindful(BASE), time.process_time()
    for day in range(days):
        solved = wake(mind, problems, solved, Budget(seconds=0.5 if quick else 1.0), time.process_time)
        night = sleep(BASE, problems, solved, Noise(("night", day)), 500 if quick else 1500,
                      compare=day == days - 1)  # fmt: skip
        mind = Mindful(night.invented.grammar, night.recogniser)
        print(f"# day {day}: {len(solved)} of {len(problems)} solved, {len(night.invented.gains)} primitives learned, "
              f"{time.process_time() - began:.0f} CPU-seconds", file=sys.stderr)  # fmt: skip
    facts = {"plain": told(night.plain), "library": told(night.invented.grammar), "gains": night.invented.gains,
             "solved": {name: LISTS.written(term) for name, term in solved.items()}, "of": len(problems),
             "cpu_s": time.process_time() - began}  # fmt: skip
    (folder / "learned.json").write_text(json.dumps(facts, indent=1))
    (folder / "with.safetensors").write_bytes(pack(night.recogniser))
    assert night.without is not None  # the last night compares
    (folder / "without.safetensors").write_bytes(pack(night.without))
    (folder / "done").touch()


def minds(folder: Path) -> dict[str, Mindful]:
    facts = json.loads((folder / "learned.json").read_text())
    plain, library = grammar_from(facts["plain"], LISTS), grammar_from(facts["library"], LISTS)
    return {
        "plain": Mindful(BASE),
        "weights": Mindful(plain),
        "library": Mindful(library),
        "recogniser": Mindful(plain, unpack((folder / "without.safetensors").read_bytes(), plain)),
        "both": Mindful(library, unpack((folder / "with.safetensors").read_bytes(), library)),
    }


def runs(problems: list[Problem], done: dict[tuple[str, str], dict[str, Any]], arms: list[str], most: float
         ) -> Iterator[tuple[Problem, str, float]]:  # fmt: skip
    """Yield what is still to be measured: all for one second first, then what needed more."""
    for limit in sorted({1.0, 4.0, most}):
        for arm in arms:
            for problem in problems:
                kept = done.get((problem.name, arm))
                if limit <= most and (kept is None or (kept["ended"] == "budget" and kept["limit"] < limit)):
                    yield problem, arm, limit


def measure(problems: list[Problem], folder: Path, arms: list[str], most: float, left: Callable[[], float]
            ) -> dict[Any, Any]:  # fmt: skip
    path = folder / "runs.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    done = {(row["task"], row["arm"]): row for row in map(json.loads, lines)}
    by_half = {side: minds(folder / f"half{1 - side}") for side in sorted({half(one) for one in problems})}
    with path.open("a") as kept:
        for problem, arm, limit in runs(problems, done, arms, most):
            if left() <= 0:
                break
            mind = by_half[half(problem)][arm]
            answer = mind.solve(problem, Budget(seconds=limit), time.process_time)
            row = {"task": problem.name, "arm": arm, "ended": answer.ended_by, "seconds": answer.seconds,
                   "tried": answer.tried, "limit": limit,
                   "program": None if answer.term is None else mind.grammar.language.written(answer.term)}  # fmt: skip
            done[problem.name, arm] = row
            kept.write(json.dumps(row) + "\n")
            kept.flush()
    return done


def summary(problems: list[Problem], done: dict[Any, Any]) -> list[dict[str, Any]]:
    rows = []
    for arm in ARMS:
        for limit in LIMITS:
            mine = [done[one.name, arm] for one in problems if known(done, one, arm, limit)]
            if len(mine) < len(problems):
                continue
            right = sum(row["ended"] == "found" and row["seconds"] <= limit for row in mine)
            score = wilson(right, len(mine))
            rows.append({"arm": arm, "cpu_s": limit, "solved": score.value, "low": score.low, "high": score.high,
                         "n": score.n, "spent_s": sum(min(row["seconds"], limit) for row in mine)})  # fmt: skip
    return rows


def known(done: dict[Any, Any], problem: Problem, arm: str, limit: float) -> bool:
    """Return whether it was looked for long enough to tell what `limit` seconds come to."""
    row = done.get((problem.name, arm))
    return row is not None and (row["ended"] != "budget" or row["limit"] >= limit)


def paired(problems: list[Problem], done: dict[Any, Any], limit: float) -> list[str]:
    """Return, for each arm, what it solves within `limit` that plain does not, and the other way round."""
    said = []
    for arm in ARMS[1:]:
        both = [(done[one.name, "plain"], done[one.name, arm]) for one in problems
                if known(done, one, "plain", limit) and known(done, one, arm, limit)]  # fmt: skip
        if len(both) < len(problems):  # those that are known already are the easy ones
            continue
        first, second = ([row["ended"] == "found" and row["seconds"] <= limit for row in side]
                         for side in zip(*both, strict=True))  # fmt: skip
        counts = Paired.of(first, second)
        said.append(f"{arm:11} against plain within {limit:g} s: {counts.gained} gained, {counts.lost} lost "
                    f"of {counts.n}, mid-p {mcnemar(counts):.3g}")  # fmt: skip
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/lists/list_tasks.json"))
    parser.add_argument("--kept", type=Path, required=True, help="the folder where what is done is kept")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop in time, wall minutes")
    parser.add_argument(
        "--half", type=int, choices=(0, 1), help="measure this half alone, and learn on the other alone"
    )
    parser.add_argument("--days", type=int, default=2, help="days and nights of learning")
    parser.add_argument("--arms", default=",".join(ARMS), help="measure these only")
    parser.add_argument("--most", type=float, default=16.0, help="CPU seconds for a task")
    parser.add_argument("--quick", action="store_true", help="every tenth task, little learning")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    began = time.monotonic()
    problems = tasks(chosen.data)[:: 10 if chosen.quick else 1]
    for side in (0, 1) if chosen.half is None else (1 - chosen.half,):
        learn([one for one in problems if half(one) == side], chosen.kept / f"half{side}", chosen.quick, chosen.days)
    if chosen.half is not None:
        problems = [one for one in problems if half(one) == chosen.half]
    done = measure(problems, chosen.kept, chosen.arms.split(","), chosen.most,
                   lambda: 60 * chosen.minutes - (time.monotonic() - began))  # fmt: skip
    rows = summary(problems, done)
    for row in rows:
        print(f"{row['arm']:11} {row['cpu_s']:5g} CPU-s: {row['solved']:.1%} solved "
              f"[{row['low']:.1%}, {row['high']:.1%}] of {row['n']}, {row['spent_s']:.0f} s in all")  # fmt: skip
    for limit in (0.25, 1.0, 4.0):
        print("\n".join(paired(problems, done, limit)))
    missing = len(problems) * len(ARMS) - len(done)
    if missing:
        print(f"{missing} runs are still to be made: call again with the same --kept")
    never = [one.name for one in problems if all(done.get((one.name, arm), {}).get("ended") != "found" for arm in ARMS)]
    print(f"solved by none: {', '.join(never) or 'none'}")
    if chosen.json:
        print(json.dumps({"rows": rows, "runs": list(done.values())}))


if __name__ == "__main__":
    main()
