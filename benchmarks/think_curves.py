"""What does longer search bring? `python benchmarks/think_curves.py [--items 100] [--worth 1,4,16,64] [--model M]`.

Success on exam items against tokens, for every strategy, on tasks with a verifier. One unit of budget is what one
sampled answer takes on average on that task (measured first); every strategy gets 1, 4, 16 and 64 units of counted
tokens for each item, and its answer is graded by the task's reference. All strategies begin with the same draws, a
larger budget goes on where the smaller one ended, and what was drawn once is not drawn again.

single     one greedy answer, for comparison
control    random proposals of the right form (`World.babble`), as many as there are units, chosen by the verifier
evolve:... mutate=random is evolution's own control: random variants in place of the model's

Beside each rate stand its 95% interval and its paired difference from best-of-n at the same budget, with interval.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nightschool.asks import CriticRole
from nightschool.critics.judging import judge
from nightschool.drive import Budget, Cache, Drive, Job
from nightschool.drive.waves import run_in_waves
from nightschool.items import Item, Noise, Sampling, Split, Task, Trace
from nightschool.models.resolve import open_model
from nightschool.ports import Critic, World
from nightschool.registry import make
from nightschool.stats import difference, wilson
from nightschool.stats.paired import Paired
from nightschool.worlds.open import open_world

FAMILIES = {
    "sorting:n=4": ("document", "comma"),
    "arithmetic:digits=2,steps=2": ("document", "semicolon"),
    "game24:n=3,goal=any": ("document", "comma"),
    "functions:steps=1": ("tested", "tokens,step_tokens=4"),
}
"""Task -> the wording that poses it, and where its steps end."""
MANY = 4096


def strategies(split: str, stepwise: bool) -> list[str]:
    """Return what is compared; the budget ends them all."""
    value = "" if stepwise else ",value=rollout"
    return [
        f"best-of-n:n={MANY},first_pass=true,wave=4",
        f"vote:n={MANY}",
        f"revise:rounds={MANY}",
        f"beam:width=4,expand=4,retries=64,split={split}",
        f"smc:n=8,sweeps={MANY},split={split}",
        f"mcts:n={MANY},split={split}{value}",
        *([f"chain:n={MANY},split={split}"] if stepwise else []),
        f"evolve:n={MANY}",
        f"evolve:n={MANY},mutate=random",
        *([f"auto:n={MANY},split={split}"] if "," not in split else []),
    ]


def jobs_of(world: World, items: Sequence[Item], spec: str, wording: str, shots: int, tokens: int | None) -> list[Job]:
    way = next(way for way in world.wordings if way.name == wording)
    examples = [item for item in world.items(Split.PRACTICE, shots, 0) if item.target is not None]
    greedy = spec == "single"
    sampling = Sampling(world.max_answer_tokens, 0.0 if greedy else 1.0, stop=way.stop)
    roles: dict[CriticRole, Critic | None] = {"verifier": world.verifier, "step": world.step_critic}
    critics: dict[CriticRole, Critic] = {role: critic for role, critic in roles.items() if critic is not None}
    budget = None if tokens is None else Budget(tokens=tokens)
    return [
        Job(
            make("strategies", spec),
            Task(item, world.pose(item, way, examples), sampling),
            Noise(("curves", world.spec, item.id)),
            budget,
            critics,
        )
        for item in items
    ]


def right(world: World, item: Item, answer: str | None) -> bool:
    return answer is not None and judge(world.reference, item, answer).passed


def solved(world: World, trace: Trace) -> bool:
    return right(world, trace.task.item, trace.best.answer if trace.best else None)


def control(world: World, items: Sequence[Item], worth: int) -> list[bool]:
    """Return which items random proposals solve, the verifier choosing."""
    assert world.verifier is not None
    outcomes = []
    for item in items:
        guesses = dict.fromkeys(world.babble(item, Noise(("curves control", i))) or "" for i in range(worth))
        passed = (guess for guess in guesses if judge(world.verifier, item, guess).passed)
        outcomes.append(right(world, item, next(passed, None)))
    return outcomes


def row(name: str, worth: int, outcomes: Sequence[bool], tokens: float, base: Sequence[bool] | None) -> dict[str, Any]:
    rate = wilson(sum(outcomes), len(outcomes))
    told = {"strategy": name, "worth": worth, "rate": rate.value, "low": rate.low, "high": rate.high, "tokens": tokens}
    if base is not None:
        gap = difference(Paired.of(base, outcomes))
        told |= {"gap": gap.value, "gap_low": gap.low, "gap_high": gap.high}
    return told


def curve(model: Any, spec: str, given: argparse.Namespace, cache: Cache) -> list[dict[str, Any]]:
    world = open_world(spec)
    wording, split = FAMILIES[spec]
    items = world.items(Split.EXAM, given.items, given.seed)
    drive = Drive(model, cache=cache)

    def run(strategy: str, tokens: int | None) -> list[Trace]:
        return run_in_waves(drive, jobs_of(world, items, strategy, wording, given.shots, tokens))

    greedy = run("single", None)
    drawn = run("best-of-n:n=4", None)
    each = sum(trace.usage.tokens for trace in drawn) / (4 * len(items))
    rows = [row("single", 1, [solved(world, t) for t in greedy], _mean(greedy), None)]
    say(spec, rows[-1], each)
    for worth in given.worth:
        base: list[bool] | None = None
        for strategy in strategies(split, world.step_critic is not None):
            if given.only and strategy.partition(":")[0] not in given.only:
                continue
            began = time.process_time()
            traces = run(strategy, math.ceil(worth * each))
            outcomes = [solved(world, trace) for trace in traces]
            rows.append(row(strategy, worth, outcomes, _mean(traces), base))
            base = outcomes if base is None else base
            say(spec, rows[-1], time.process_time() - began)
        rows.append(row("control", worth, control(world, items, worth), 0.0, base))
        say(spec, rows[-1], 0.0)
    return [{"task": spec, "items": len(items), "tokens_each": each, **each_row} for each_row in rows]


def _mean(traces: Sequence[Trace]) -> float:
    return sum(trace.usage.tokens for trace in traces) / len(traces)


def say(task: str, told: dict[str, Any], cpu_s: float) -> None:
    gap = f"  {told['gap']:+.2f} [{told['gap_low']:+.2f}, {told['gap_high']:+.2f}]" if "gap" in told else ""
    rate = f"{told['rate']:.2f} [{told['low']:.2f}, {told['high']:.2f}]"
    print(
        f"{task:<28} {told['worth']:>3}  {told['strategy']:<44} {rate}  {told['tokens']:7.0f} tok{gap}  ({cpu_s:.0f})",
        file=sys.stderr, flush=True,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--shots", type=int, default=4, help="worked examples in the prompt")
    parser.add_argument("--worth", type=lambda text: [int(part) for part in text.split(",")], default=[1, 4, 16, 64])
    parser.add_argument("--tasks", type=lambda text: text.split(";"), default=list(FAMILIES), help="apart by ;")
    parser.add_argument("--only", type=lambda text: text.split(","), help="names of strategies, apart by commas")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cache", help="a file for draws, to go on with later")
    parser.add_argument("--out", help="a JSON file for the rows")
    given = parser.parse_args()
    from nightschool import config

    model = open_model(given.model, config.read(None))
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(given.cache or Path(folder) / "draws.db")
        rows: list[dict[str, Any]] = []
        for spec in given.tasks:
            rows += curve(model, spec, given, cache)
            if given.out:
                Path(given.out).write_text(json.dumps(rows, indent=1), encoding="utf-8")
        cache.close()
    model.close()


if __name__ == "__main__":
    main()
