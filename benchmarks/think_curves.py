"""What does longer search bring? `python benchmarks/think_curves.py [--items 100] [--out curves.jsonl] [--model M]`.

Success on exam items against tokens, for every strategy, on tasks with a verifier. One unit of budget is what one
sampled answer takes on average on that task (measured first); every strategy gets 1, 4, 16 and 64 units of counted
tokens for each item, and its answer is graded by the task's reference. All strategies begin with the same draws, a
larger budget goes on where the smaller one ended, and what was drawn once is not drawn again.

single     one greedy answer, for comparison
control    random proposals of the right form (`World.babble`), as many as there are units, chosen by the verifier
steps      random steps of the right form, as many as those answers have, kept where the step critic passes them
           (`think_control`): what that critic is worth without a model
evolve:... mutate=random is evolution's own control: random variants in place of the model's

Beside each rate stand its 95% interval and its paired difference from best-of-n at the same budget, with interval.

With --out, each finished cell is a line of that file and each draw lies beside it: the same command goes on where it
was killed, and more tasks, strategies or budgets can be added later. A cell is kept for its task, items, model,
strategy and budget; after a change of the code, delete the file. At the end, or with --show at once, a table.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
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
from think_control import random_steps

FAMILIES = {
    "sorting:n=6": ("document", "comma"),
    "arithmetic:digits=2,steps=2": ("document", "semicolon"),
    "arithmetic:digits=1,steps=4": ("document", "semicolon"),
    "game24:n=3,goal=any": ("document", "comma"),
    "functions:steps=1": ("tested", "tokens,step_tokens=4"),
}
"""Task -> the wording that poses it, and where its steps end."""
MANY = 4096
WIDE = 1024
"""Searches alive at once: of several strategies, so that batches stay wide where each goes one step at a time."""
CONTROLS = ("control", "control by steps")
GREEDY, ENOUGH = 0.15, 0.75
"""A family shows what search is worth where one greedy answer is right at most so often, and the longest search so."""


class Cells:
    """Finished cells by name, a line of a file each; without a file they are forgotten at the end."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path is not None and path.is_file() else []
        self.kept: dict[str, dict[str, Any]] = {}
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError:  # cut off where the run was killed
                continue
            self.kept[row["cell"]] = row

    def get(self, name: Sequence[Any], compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return the cell of this name, computed where it is not there yet."""
        return self.all([name], lambda _: [compute()])[0]

    def all(
        self, names: Sequence[Sequence[Any]], compute: Callable[[list[int]], list[dict[str, Any]]]
    ) -> list[dict[str, Any]]:
        """Return the cells of these names; `compute` is told the places of those that are not there yet.

        What was computed together has its processor time in equal shares.
        """
        texts = [json.dumps(list(name)) for name in names]
        missing = [place for place, text in enumerate(texts) if text not in self.kept]
        if missing:
            began = time.process_time()
            rows = compute(missing)
            each_s = round((time.process_time() - began) / len(missing), 1)
            for place, row in zip(missing, rows, strict=True):
                self._keep({"cell": texts[place], **row, "cpu_s": each_s})
        return [self.kept[text] for text in texts]

    def _keep(self, row: dict[str, Any]) -> None:
        self.kept[row["cell"]] = row
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


def strategies(split: str, stepwise: bool) -> list[str]:
    """Return what is compared; the budget ends them all."""
    value = "" if stepwise else ",value=rollout"
    return [
        f"best-of-n:n={MANY},first_pass=true,wave=4",
        f"vote:n={MANY}",
        f"revise:rounds={MANY}",
        f"beam:width=4,expand=4,retries=64,split={split}",
        f"smc:n=4,sweeps={MANY},grow=2,split={split}",
        f"mcts:n={MANY},split={split}{value}",
        *([f"chain:n={MANY},split={split}"] if stepwise else []),
        f"evolve:n={MANY}",
        f"evolve:n={MANY},mutate=random",
        f"auto:n={MANY},split={split}",
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


def curve(model: Any, spec: str, given: argparse.Namespace, cache: Cache, cells: Cells) -> None:
    world = open_world(spec)
    wording, split = FAMILIES[spec]
    items = world.items(given.split, given.items, given.seed)
    drive = Drive(model, cache=cache, max_live=WIDE)
    about = (model.identity[:12], world.spec, given.seed, len(items), given.shots)
    about += () if given.split is Split.EXAM else (given.split.value,)
    facts = {"task": world.spec, "items": len(items), "model": model.name}
    facts |= {} if given.split is Split.EXAM else {"task": f"{world.spec} ({given.split.value})"}

    def run(names: Sequence[str], tokens: int | None) -> list[list[Trace]]:
        """Return the traces of each strategy; all of them travel in the same batches."""
        jobs = [job for name in names for job in jobs_of(world, items, name, wording, given.shots, tokens)]
        traces = run_in_waves(drive, jobs)
        return [traces[at : at + len(items)] for at in range(0, len(jobs), len(items))]

    def searched(names: Sequence[str], worth: int, tokens: int | None) -> list[dict[str, Any]]:
        return [
            {
                **facts, "strategy": name, "worth": worth, "tokens": mean([t.usage.tokens for t in traces]),
                "outcomes": [solved(world, trace) for trace in traces],
            }
            for name, traces in zip(names, run(names, tokens), strict=True)
        ]  # fmt: skip

    def guessed(name: str, worth: int) -> dict[str, Any]:
        told = {"strategy": name, "worth": worth, "tokens": 0.0}
        if name == "control":
            return {**facts, **told, "outcomes": control(world, items, worth)}
        return {**facts, **told, "outcomes": [right(world, item, random_steps(world, item, worth)) for item in items]}

    def drawn() -> dict[str, Any]:
        return {**facts, "each": mean([t.usage.tokens for t in run(["best-of-n:n=4"], None)[0]]) / 4}

    say(cells.get((*about, "single", 1), lambda: searched(["single"], 1, None)[0]), None)
    each = cells.get((*about, "each"), drawn)["each"]
    wanted = [
        name
        for name in strategies(split, world.step_critic is not None)
        if not given.only or name.partition(":")[0] in given.only
    ] + given.also
    for worth in given.worth:
        base: dict[str, Any] | None = None
        tokens = math.ceil(worth * each)
        # auto learns from wave to wave, so it runs by itself; the draws of vote are those of best-of-n
        last = [name for name in wanted if name.startswith(("auto", "vote"))]
        for together in ([name for name in wanted if name not in last], *([name] for name in last)):
            rows = cells.all(
                [(*about, name, worth) for name in together],
                lambda places, names=together, worth=worth, tokens=tokens: searched(
                    [names[place] for place in places], worth, tokens
                ),
            )
            for cell in rows:
                base = base or cell
                say(cell, base)
        for name in CONTROLS if world.step_critic is not None else CONTROLS[:1]:
            say(cells.get((*about, name, worth), lambda ask=(name, worth): guessed(*ask)), base)


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def say(cell: Mapping[str, Any], base: Mapping[str, Any] | None) -> None:
    rate = wilson(sum(cell["outcomes"]), len(cell["outcomes"]))
    gap = ""
    if base is not None and base is not cell:
        found = difference(Paired.of(base["outcomes"], cell["outcomes"]))
        gap = f"  {found.value:+.2f} [{found.low:+.2f}, {found.high:+.2f}]"
    print(
        f"{cell['task']:<28} {cell['worth']:>3}  {cell['strategy']:<44} {rate.value:.2f} [{rate.low:.2f}, "
        f"{rate.high:.2f}]  {cell['tokens']:7.0f} tok{gap}  ({cell['cpu_s']:.0f} s)",
        file=sys.stderr, flush=True,
    )  # fmt: skip


def table(cells: Cells) -> str:
    """Return what there is as a table: a line for each task and strategy, a column for each budget."""
    rows: dict[tuple[str, str, int], dict[int, list[bool]]] = {}
    for cell in cells.kept.values():
        if "strategy" in cell:
            rows.setdefault((cell["task"], cell["strategy"], cell["items"]), {})[cell["worth"]] = cell["outcomes"]
    worths = sorted({worth for row in rows.values() for worth in row})
    lines = ["| task | strategy | n | " + " | ".join(map(str, worths)) + " |", "|---" * (3 + len(worths)) + "|"]
    for (task, strategy, n), row in rows.items():
        told = []
        for worth in worths:
            rate = wilson(sum(row[worth]), n) if worth in row else None
            told.append(f"{rate.value:.2f} [{rate.low:.2f}, {rate.high:.2f}]" if rate else "")
        lines.append(f"| {task} | {strategy.replace(f'={MANY}', '=...')} | {n} | " + " | ".join(told) + " |")
    return "\n".join(lines)


def summary(cells: Cells) -> str:
    """Return a line for each task that was searched at the largest budget: greedy, and the best there."""
    lines = []
    found = [cell for cell in cells.kept.values() if "strategy" in cell]
    for task, n in dict.fromkeys((cell["task"], cell["items"]) for cell in found):
        here = [cell for cell in found if (cell["task"], cell["items"]) == (task, n)]
        greedy = next((mean(cell["outcomes"]) for cell in here if cell["strategy"] == "single"), math.nan)
        most = max(cell["worth"] for cell in here)
        ends = [cell for cell in here if cell["worth"] == most and cell["strategy"] not in (*CONTROLS, "single")]
        guess = next((mean(c["outcomes"]) for c in here if c["worth"] == most and c["strategy"] == "control"), math.nan)
        if not ends:
            continue
        best = max(ends, key=lambda cell: mean(cell["outcomes"]))
        reached = greedy <= GREEDY and mean(best["outcomes"]) >= ENOUGH
        lines.append(
            f"{task}: greedy {greedy:.2f}, best at {most} {mean(best['outcomes']):.2f} ({best['strategy']}), random "
            f"proposals {guess:.2f}; from at most {GREEDY} to at least {ENOUGH}: {'yes' if reached else 'no'}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--shots", type=int, default=4, help="worked examples in the prompt")
    parser.add_argument("--worth", type=lambda text: [int(part) for part in text.split(",")], default=[1, 4, 16, 64])
    parser.add_argument("--tasks", type=lambda text: text.split(";"), default=list(FAMILIES), help="apart by ;")
    parser.add_argument("--only", type=lambda text: text.split(","), help="names of strategies, apart by commas")
    parser.add_argument("--also", type=lambda text: text.split(";"), default=[], help="more strategies, apart by ;")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", type=Split, default=Split.EXAM, choices=list(Split), help="tune, to choose by")
    parser.add_argument("--out", type=Path, help="a file of finished cells, to go on with")
    parser.add_argument("--picture", type=Path, help="an svg file of what --out holds, to be drawn at the end")
    parser.add_argument("--show", action="store_true", help="run nothing; print what --out holds")
    given = parser.parse_args()
    cells = Cells(given.out)
    if not given.show:
        from nightschool import config

        model = open_model(given.model, config.read(None))
        with tempfile.TemporaryDirectory() as folder:
            cache = Cache(given.out.with_suffix(".draws") if given.out else Path(folder) / "draws.db")
            for spec in given.tasks:
                curve(model, spec, given, cache, cells)
            cache.close()
        model.close()
    if given.picture is not None:
        from curves_picture import write

        write(list(cells.kept.values()), given.picture)
    print(table(cells))
    print(summary(cells))


if __name__ == "__main__":
    main()
