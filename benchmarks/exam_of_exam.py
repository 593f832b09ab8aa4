"""The exam of the exam: does it find skills that are there though no prompt shows them?

    python benchmarks/exam_of_exam.py [--models 6] [--skills 20] [--absent 7] [--kept FOLDER] [--json]

Makes small models that have secret skills behind a password, and know others by their questions alone, and examines
every skill without its password (`nightschool unmask` does the same on a smaller scale; `surface.exams.unmask`). How
large a difference to the controls must be for *elicited* is chosen on every second skill; what the others are called
with it is reported: planted skills must be called elicited, absent ones must not, and training on 64 examples must
give 95% of what the password gives. Exit code 1 where one of them is not so.

Models and findings are kept: Ctrl-C ends a run with what was examined by then, and the same line goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from nightschool.errors import StopRequested
from nightschool.surface.exams.unmask import judged, run, stands, tells
from nightschool.surface.exams.unmask_findings import Plan


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--models", type=int, default=6)
    parser.add_argument("--skills", type=int, default=20, help="planted in each model")
    parser.add_argument("--absent", type=int, default=7, help="known by their questions alone, in each model")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--kept", type=Path, default=Path("unmasked"))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    began, found, whole = time.process_time(), [], False
    try:
        plan = Plan(args.models, args.skills, args.absent, args.steps)
        for each in run(plan, args.kept, lambda text: print(text, file=sys.stderr)):
            found.append(each)
            if not args.json:
                print(f"{each}  ({time.process_time() - began:.0f} CPU s)", flush=True)
        whole = True
    except (KeyboardInterrupt, StopRequested):
        if not tells(found):
            print(f"stopped after {len(found)} skills, too few to judge the exam by", file=sys.stderr)
            return 1
    result = {**judged(found), "partial": not whole, "cpu_seconds": time.process_time() - began}
    if args.json:
        print(json.dumps(result, indent=1))
    else:
        print("\n".join(f"{name}: {value:.3g}" for name, value in result.items()))
    return 0 if whole and stands(result) else 1


if __name__ == "__main__":
    sys.exit(main())
