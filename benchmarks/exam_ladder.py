"""All rungs of one task with the default model: `python benchmarks/exam_ladder.py [--fast] [--task TASK] [--json]`.

Prints each rung with its accuracy, interval and cost, the time of each, and the time of the whole. 256 practice items
and 250 exam items; --fast takes 64 and 100, and leaves full tuning out. --rungs names some alone. The page goes to
--report, where one is named. Two quiet cores are meant to do the fast form in 12 minutes, the whole in 45.

--kept FOLDER keeps draws and times there: Ctrl-C ends a run, and the same line goes on with it. Times are then those of
all runs together, what was broken off and done again included; what was on record costs nothing a second time, so a
line typed once more after the end shows what a second sitting asks of the model.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from nightschool import config
from nightschool.drive import Cache, Drive
from nightschool.exam import LADDER, PROBES, Line, Plan, Room, Rung, open_analyses, open_rungs, sit
from nightschool.exam.report import write
from nightschool.exam.rung import Done
from nightschool.items import Split
from nightschool.models.resolve import open_model
from nightschool.surface.exams.analyses import DEFAULT
from nightschool.surface.exams.shown import page_of, rows_of
from nightschool.surface.exams.training import trainer, tuner, twin_of
from nightschool.surface.terminal.progress import watching
from nightschool.surface.terminal.specs import specs
from nightschool.worlds.open import open_world


class Book:
    """Wall and CPU seconds by rung, and of the whole, over all runs; written down every few seconds, since a run may be
    killed at any time."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.times: dict[str, list[float]] = json.loads(path.read_text()) if path is not None and path.exists() else {}
        self.rung, self.counted, self.lock = "", now(), threading.Lock()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            threading.Thread(target=self._write_on, daemon=True).start()

    def turn(self, rung: str) -> None:
        """Count what passed for the rung before, and go on with `rung`; empty: between rungs."""
        self.count()
        with self.lock:
            self.rung = rung

    def count(self) -> None:
        """Count what passed since the last time, for the rung in hand and for the whole."""
        with self.lock:
            here = now()
            passed = [after - before for after, before in zip(here, self.counted, strict=True)]
            self.counted = here
            for name in ("whole", self.rung) if self.rung else ("whole",):
                self.times[name] = [a + b for a, b in zip(self.times.get(name, [0.0, 0.0]), passed, strict=True)]

    def write(self) -> None:
        """Write the times down, whole or not at all."""
        if self.path is not None:
            part = self.path.with_suffix(".part")
            part.write_text(json.dumps(self.times))
            part.replace(self.path)

    def _write_on(self) -> None:
        while True:
            time.sleep(5.0)
            self.count()
            self.write()


class Clocked:
    """A rung whose seconds are counted, from its plan to its last row."""

    def __init__(self, rung: Rung, book: Book) -> None:
        self.rung, self.book = rung, book
        self.name, self.needs, self.critics, self.trained = rung.name, rung.needs, rung.critics, rung.trained

    def plan(self, room: Room) -> Plan:
        """Return the rung's plan; its time begins."""
        self.book.turn(self.name)
        return self.rung.plan(room)

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return the rung's rows; its time ends."""
        try:
            return self.rung.read(room, done)
        finally:
            self.book.turn("")


def now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--task", default="copying:kind=induction,n=4")
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--rungs", default="", metavar="A,B", help="these alone, by name")
    parser.add_argument("--report", type=Path)
    parser.add_argument("--kept", type=Path, metavar="FOLDER", help="go on with what was done by an earlier run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    practice, items = (64, 100) if args.fast else (256, 250)
    probes = [f"{rung}:n={practice}" for rung in PROBES if not (args.fast and rung == "full-tuning")]
    rungs = [*LADDER[:-1], f"lora:practice={practice}", *probes]
    wanted = specs(args.rungs) if args.rungs else ()
    rungs = [rung for rung in rungs if not wanted or rung.partition(":")[0] in wanted]
    world = open_world(args.task)
    book = Book(None if args.kept is None else args.kept / "times.json")
    cache = None if args.kept is None else Cache(args.kept / "draws.sqlite")
    clocked = [Clocked(rung, book) for rung in open_rungs(rungs)]
    began = now()
    with watching(args.json) as watch:
        model = open_model(args.model, config.read(None), watch=watch)
        twin = twin_of(model, args.seed)
        report = sit(
            world,
            model,
            world.items(Split.EXAM, items, args.seed),
            clocked,
            seed=args.seed,
            train=trainer(model, args.seed, watch),
            analyses=open_analyses((*DEFAULT, "elicited")),
            twin=twin,
            tune=tuner(model, args.seed, watch, twin),
            watch=watch,
            drive=Drive(model, watch=watch, cache=cache),
            cache=cache,
        )
    book.turn("")
    passed = [after - before for after, before in zip(now(), began, strict=True)]
    times = dict(book.times)
    wall, cpu = times["whole"]
    book.write()
    asked = None if cache is None else cache.misses
    if cache is not None:
        cache.close()
    if args.report is not None:
        write(args.report, page_of(report))
    if args.json:
        found = {"seconds": wall, "cpu_seconds": cpu, "times": times, "asked": asked, "partial": report.partial}
        print(json.dumps({**found, "report": report.to_json()}, default=str))
    else:
        print(rows_of(report))
        for name, (seconds, of_cpu) in times.items():
            print(f"{name:14} {seconds / 60:6.1f} minutes {of_cpu / 60:6.1f} of CPU")
        known = "" if asked is None else f", {asked:,} asks that were not on record"
        print(f"this run: {passed[0] / 60:.1f} minutes, {passed[1] / 60:.1f} of CPU, {report.tokens:,} tokens{known}")
    return int(report.partial)


if __name__ == "__main__":
    sys.exit(main())
