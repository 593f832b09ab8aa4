"""What size brings, task by task: `python benchmarks/exam_scaling.py [--sizes 8x1,...] [--steps 800] [--json]`.

Makes one small family from nothing on several worlds at once, so that a prompt must say which is meant, and sits the
same exam of each world over all of it. Prints for each task the table of `nightschool scale`: accuracy and nats to the
right answer by size, whether they grow smoothly or as a switch, what the error of one step foretells, the share of
few-shot that the plain question reaches, and how far failures lie from the truth.

--kept FOLDER keeps models and draws: Ctrl-C ends a run, and the same line goes on with it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from nightschool.drive import Cache
from nightschool.exam.scaling import scaling
from nightschool.items import Split
from nightschool.surface.exams.family import RUNGS, Candidate, sat_by_all
from nightschool.surface.terminal.progress import watching
from nightschool.surface.terminal.table import table
from nightschool.train.family import documents, raise_family, read_sizes
from nightschool.worlds.open import open_world

TASKS = ("copying:kind=all,n=4", "copying:kind=selective,n=3,fillers=2", "automaton:states=2,letters=2,steps=3")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tasks", default=";".join(TASKS), help="worlds, apart by semicolons")
    parser.add_argument("--sizes", default="8x1,16x1,16x2,24x2,32x2,48x2")
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--items", type=int, default=150)
    parser.add_argument("--kept", type=Path, default=Path("family"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    began = time.process_time()
    worlds = [open_world(task) for task in args.tasks.split(";")]
    found = {}
    with watching(args.json) as watch:
        born = raise_family(
            read_sizes(args.sizes), worlds, args.kept, steps=args.steps, batch=args.batch, seed=args.seed, watch=watch
        )
        taught = time.process_time() - began
        cache = Cache(args.kept / "draws.sqlite")
        family = [Candidate(each.name, float(each.size), each.open) for each in born]
        for world in worlds:
            way = next(wording for wording in documents(world) if wording.style == "words")
            items = world.items(Split.EXAM, args.items, args.seed)
            members = sat_by_all(
                family, world, items, rungs=RUNGS, wording=way, seed=args.seed, cache=cache, watch=watch
            )
            if len(members) < len(family):
                return 1
            found[world.spec] = scaling(members, args.seed)
        cache.close()
    if args.json:
        facts = {task: dict(finding.facts) for task, finding in found.items()}
        print(json.dumps({"tasks": facts, "cpu_seconds": time.process_time() - began, "teaching_cpu_seconds": taught}))
        return 0
    for task, finding in found.items():
        print(f"\n{task}: {finding.sentence}")
        print(table(list(finding.columns), [[str(cell) for cell in row] for row in finding.table]))
        print("\n".join(finding.notes))
    print(f"\n{time.process_time() - began:.0f} CPU seconds, {taught:.0f} of them teaching")
    return 0


if __name__ == "__main__":
    sys.exit(main())
