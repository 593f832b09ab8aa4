"""How mistakes compound, step by step: `python benchmarks/exam_compounding.py [--items 30] [--k 3] [--kept FOLDER]`.

Sits work of many steps (a machine that is run, a calculation, a row that is copied, a game of chess that is played on,
without and with the board written out) in the default model, with k worked examples: at once, after a monologue, drawn
without a critic, and drawn with a step critic and rollback. Prints for each task the error of a step, the recovery,
the horizons at 50% and 80%, and measured survival beside (1 - e)^n at the last step. Where only the end of a run is
asked for (the machine with no state written out), it prints accuracy by the number of steps.

Where a search that goes token by token cannot come to the end with so many draws, it is left out. --kept FOLDER keeps
draws: Ctrl-C ends a run, and the same line goes on with it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from nightschool import config
from nightschool.drive import Cache, Drive
from nightschool.exam import open_analyses, open_rungs, sit
from nightschool.exam.analyses.horizon import marked
from nightschool.exam.rungs.rollback import ends
from nightschool.items import Split
from nightschool.models.resolve import open_model
from nightschool.stats.steps import by_step, two_state
from nightschool.surface.terminal.progress import watching
from nightschool.surface.terminal.table import table
from nightschool.worlds.open import open_world

TASKS = (
    "automaton:states=4,letters=2,steps=6", "arithmetic:digits=1,ops=+-,steps=4", "copying:kind=all,n=10",
    "chess:ask=line,plies=8,n=4", "chess:ask=line,plies=8,n=4,shown=true",
)  # fmt: skip
UNSHOWN = "automaton:states=4,letters=2,steps=8,shown=false"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tasks", default=";".join(TASKS), help="worlds, apart by semicolons")
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--items", type=int, default=30)
    parser.add_argument("--k", type=int, default=3, help="worked examples")
    parser.add_argument("--draws", type=int, default=64, help="steps that a search may draw, at most")
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    began, result = time.process_time(), dict[str, Any]()
    k = args.k
    rungs = [f"few-shot:k={k}", f"monologue:k={k}", f"rollback:k={k},n={args.draws}"]
    with watching(args.json) as watch:
        model = open_model(args.model, config.read(None), watch=watch)
        cache = None if args.kept is None else Cache(args.kept / "draws.sqlite")
        drive = Drive(model, watch=watch, cache=cache)

        def seen(task: str, rungs: list[str], look: tuple[str, ...]) -> Any:
            world = open_world(task)
            items = world.items(Split.EXAM, args.items, args.seed)
            return sit(world, model, items, open_rungs(rungs), seed=args.seed, analyses=open_analyses(look),
                       watch=watch, drive=drive, cache=cache)  # fmt: skip

        for task in args.tasks.split(";"):
            before = time.process_time()
            world = open_world(task)
            # token by token it takes as many draws as an answer has tokens, at least
            far = ends(world, args.seed) == "tokens" and world.max_answer_tokens > args.draws
            report = seen(task, rungs[:2] if far else rungs, ("horizon",))
            found = report.findings[0]
            items = {item.id: item for item in world.items(Split.EXAM, args.items, args.seed)}
            survival = {}
            for row in report.rungs:
                if row.name in found.facts and (runs := marked(world.marks, row, items)):
                    last, e = by_step(runs)[-1], two_state(runs)
                    survival[row.name] = [last.step, last.survived, e.survives(last.step), e.right_at(last.step)]
            accuracy = {row.name: [row.accuracy, row.low, row.high] for row in report.rungs if row.accuracy is not None}
            result[task] = {"accuracy": accuracy, "steps": dict(found.facts), "survival": survival,
                            "cpu_seconds": time.process_time() - before}  # fmt: skip
            if not args.json:
                print(f"\n{task}  ({result[task]['cpu_seconds']:.0f} CPU s)\n{found.sentence or found.unavailable}")
                shown = [[*map(str, cells), *_survival(survival.get(str(cells[0])))] for cells in found.table]
                print(table([*found.columns, "at step", "no mistake", "(1-e)^n", "two states"], shown))
                for name, (value, low, high) in accuracy.items():
                    print(f"  {name:24} all right {value:6.1%} ({low:.1%} to {high:.1%})")
                print("\n".join(found.notes), flush=True)
        lengths = [level.spec for level in open_world(UNSHOWN).levels()]
        for task in lengths if args.tasks == parser.get_default("tasks") else ():
            [row] = seen(task, [f"few-shot:k={k}"], ()).rungs
            result[task] = {"accuracy": {row.name: [row.accuracy, row.low, row.high]}}
            if not args.json:
                print(f"{task}: {row.accuracy:.1%} ({row.low:.1%} to {row.high:.1%}) of {row.n}", flush=True)
        if cache is not None:
            cache.close()
    result["cpu_seconds"] = time.process_time() - began
    print(json.dumps(result) if args.json else f"\n{result['cpu_seconds']:.0f} CPU seconds")
    return 0


def _survival(found: list[float] | None) -> list[str]:
    return ["", "", "", ""] if found is None else [str(int(found[0])), *(f"{rate:.1%}" for rate in found[1:])]


if __name__ == "__main__":
    sys.exit(main())
