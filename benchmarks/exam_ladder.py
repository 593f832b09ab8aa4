"""All rungs of one task with the default model: `python benchmarks/exam_ladder.py [--fast] [--task TASK] [--json]`.

Prints each rung with its accuracy, interval and cost, and the time of the whole. 256 practice items and 250 exam items;
--fast takes 64 and 100, and leaves full tuning out. --rungs names some alone. The page goes to --report, where one is
named. Two quiet cores are meant to do the fast form in 12 minutes, the whole in 45.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from nightschool import config
from nightschool.exam import LADDER, PROBES, open_analyses, open_rungs, sit
from nightschool.exam.report import write
from nightschool.items import Split
from nightschool.models.resolve import open_model
from nightschool.surface.exams import page_of, rows_of
from nightschool.surface.looks import DEFAULT
from nightschool.surface.lora import trainer
from nightschool.surface.specs import specs
from nightschool.surface.tuning import tuner
from nightschool.surface.twins import twin_of
from nightschool.surface.watch import watching
from nightschool.worlds.open import open_world


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--task", default="copying:kind=induction,n=4")
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--rungs", default="", metavar="A,B", help="these alone, by name")
    parser.add_argument("--report", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    practice, items = (64, 100) if args.fast else (256, 250)
    probes = [f"{rung}:n={practice}" for rung in PROBES if not (args.fast and rung == "full-tuning")]
    rungs = [*LADDER[:-1], f"lora:practice={practice}", *probes]
    wanted = specs(args.rungs) if args.rungs else ()
    rungs = [rung for rung in rungs if not wanted or rung.partition(":")[0] in wanted]
    world = open_world(args.task)
    wall, cpu = time.perf_counter(), time.process_time()
    with watching(True) as watch:
        model = open_model(args.model, config.read(None), watch=watch)
        twin = twin_of(model, args.seed)
        report = sit(
            world,
            model,
            world.items(Split.EXAM, items, args.seed),
            open_rungs(rungs),
            seed=args.seed,
            train=trainer(model, args.seed, watch),
            analyses=open_analyses((*DEFAULT, "elicited")),
            twin=twin,
            tune=tuner(model, args.seed, watch, twin),
            watch=watch,
        )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if args.report is not None:
        write(args.report, page_of(report))
    if args.json:
        print(json.dumps({"seconds": wall, "cpu_seconds": cpu, "report": report.to_json()}, default=str))
    else:
        print(rows_of(report))
        print(f"\n{wall / 60:.1f} minutes, {cpu / 60:.1f} of CPU, {report.tokens:,} tokens")
    return 0


if __name__ == "__main__":
    sys.exit(main())
