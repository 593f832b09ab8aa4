"""What one night makes of 50 new facts: `python benchmarks/sleep_facts.py [--json FILE] [--split exam]`.

Ten invented families, five statements each, are put into a memory store; then one night is held over it, and questions
about them are asked closed-book: nothing is recalled and nothing is shown. No question of the exam is in any lesson,
letter by letter; the paraphrased ones share no phrasing with them. Beside them are asked, after the night: reversed and
two-hop questions, watched arithmetic, and plain text. Constants were tuned on families of the practice split of other
seeds; the exam split is for the figure.

    direct       Where does Gomis Brelell live?
    paraphrased  A letter for Gomis Brelell has to be sent to which town?

Where it is stopped, the same command goes on with the lessons, if `--kept FOLDER` is given. With `--so-far` it is asked
what it knew at its last checkpoint, and does not go on.

Ways, with --arms: `night` as it is held; `plain`, the statements alone and no rehearsal, for as many steps.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nightschool.drive import Drive
from nightschool.items import Item, Prompt, Split, Wording
from nightschool.models.resolve import open_model
from nightschool.paths import write_durably
from nightschool.ports import World
from nightschool.remember.keep import keep
from nightschool.remember.memory import Memory
from nightschool.remember.store.sqlite import SqliteStore
from nightschool.sleep.consolidate import MemoryNight, sleep_over
from nightschool.sleep.gate.looking import answers, look, paired
from nightschool.sleep.lessons.study import asked
from nightschool.sleep.nights.ledger import Ledger
from nightschool.sleep.plan import NightPlan
from nightschool.sleep.sleeper import Sleeper
from nightschool.stats import Paired, difference, wilson
from nightschool.train.between import between
from nightschool.train.lora import Learner
from nightschool.worlds.facts import Facts, households, item_of
from nightschool.worlds.household import Household
from nightschool.worlds.open import open_world

KINDS = ("direct", "paraphrased", "reversed", "two-hop")
ARMS = {
    "night": {},
    "plain": {"kinds": ("whole", "completion"), "rehearsal": 0.0},
}


class Lines:
    """Says what goes on, a line a stage, with seconds.

    folder: where these are written down, so that those of a call that was stopped count as well.
    """

    def __init__(self, *, quiet: bool = False, folder: Path | None = None) -> None:
        self.steps, self.quiet = 0, quiet
        self._path = folder / "spent.json" if folder is not None else None
        known = self._path is not None and self._path.exists()
        wall, cpu = json.loads(self._path.read_text(encoding="utf-8")) if self._path and known else (0.0, 0.0)
        self._wall, self._cpu = wall - time.perf_counter(), cpu - time.process_time()

    def spent(self) -> tuple[float, float]:
        """Return wall and CPU seconds since the beginning, and write them down."""
        found = self._wall + time.perf_counter(), self._cpu + time.process_time()
        if self._path is not None:
            write_durably(self._path, json.dumps(found))
        return found

    def stage(self, name: str, total: float | None = None, unit: str = "") -> None:
        """Say that a stage begins."""
        self.say(name)

    def advance(self, amount: float = 1.0, **facts: Any) -> None:
        """Say the loss of every tenth step."""
        if "loss" in facts:
            self.steps += 1
            if self.steps % 10 == 0:
                self.say(f"  step {self.steps}: loss {facts['loss']}")

    def say(self, text: str) -> None:
        """Say `text`, with wall and CPU seconds since the beginning."""
        wall, cpu = self.spent()
        if not self.quiet:
            print(f"{wall:7.0f} s {cpu:7.0f} CPU s  {text}", flush=True)


@contextmanager
def kept_or_passing(kept: Path | None, arm: str) -> Iterator[Path]:
    """Yield the folder of an arm: in `kept`, so that a night that was stopped goes on, or one that is thrown away."""
    if kept is None:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
    else:
        (kept / arm).mkdir(parents=True, exist_ok=True)
        yield kept / arm


def overridden(plan: NightPlan, settings: Sequence[str]) -> NightPlan:
    """Return `plan` with what NAME=VALUE settings say; a value is read as JSON, lists become tuples."""
    pairs = dict(each.split("=", 1) for each in settings)
    values = {name: json.loads(value) for name, value in pairs.items()}
    return replace(plan, **{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})


def exam(families: Sequence[Household]) -> dict[str, list[tuple[Item, Prompt]]]:
    world = Facts()
    found: dict[str, list[tuple[Item, Prompt]]] = {}
    for kind in KINDS:
        items = [item_of(one, question, ()) for one in families for question in one.questions(kind)]
        found[kind] = [(item, world.pose(item, world.wordings[0])) for item in items]
    return found


def sat(drive: Drive, questions: dict[str, list[tuple[Item, Prompt]]], adapter: str | None) -> dict[str, Any]:
    rates = {}
    for kind, some in questions.items():
        right = answers(drive, some, Facts().reference, adapter, tokens=12)
        score = wilson(sum(right.values()), len(right))
        rates[kind] = {"right": sum(right.values()), "n": len(right), "low": score.low, "high": score.high}
    return rates


def held(
    drive: Drive, families: Sequence[Household], questions: dict[str, list[tuple[Item, Prompt]]], plan: NightPlan,
    lines: Lines, folder: Path,
) -> MemoryNight:  # fmt: skip
    """Tell what is so of `families` and return the night that is held over it, in `folder`."""
    model: Any = drive.model
    with SqliteStore(folder / "memories.sqlite") as store:
        known = {memory.content for memory in store.each()}  # where the night was begun before
        for i, text in enumerate(text for one in families for text in one.statements):
            if text not in known:
                keep(store, Memory(text, float(i)))

        def pupils(wakes: Any) -> Any:
            return lambda checkpoint: Learner.resume(model, checkpoint) if checkpoint else Learner.fresh(model)

        return sleep_over(
            Sleeper(
                store=store, drive=drive, ledger=Ledger(folder / "nights"), plan=plan, watched=watched(),
                watch=lines, now=1000.0, created=datetime.now(UTC).isoformat(timespec="seconds"),
                clock=time.perf_counter, pupils=pupils, between=between,
                examined=frozenset(asked(prompt) for some in questions.values() for _, prompt in some),
            )
        )  # fmt: skip


def so_far(model: Any, folder: Path, questions: dict[str, list[tuple[Item, Prompt]]], plan: NightPlan) -> None:
    """Print what a night that was stopped in `folder` knew at its last checkpoint; no gate has seen it."""
    path = next(folder.glob("nights/unfinished/*/learner-*.safetensors"))
    learner = Learner.resume(model, path)
    model.load_adapter(adapter := learner.save(folder / "so-far"))
    print(f"after {learner.steps} steps, before settling and the gate:")
    drive = Drive(model)
    for kind, found in sat(drive, questions, adapter.name).items():
        print(f"  {kind:12} {found['right'] / found['n']:6.1%} ({found['low']:.1%} to {found['high']:.1%}, "
              f"n = {found['n']})", flush=True)  # fmt: skip
    seen = [
        look(drive, watched(), name, items=plan.watched_items, text_tokens=0, seed=plan.seed).tasks
        for name in (None, adapter.name)
    ]
    for name in seen[0]:
        change = difference(Paired.of(*paired(seen[0][name], seen[1][name])))
        rates = [sum(each[name].values()) / len(each[name]) for each in seen]
        print(f"  {name}: {rates[0]:.1%} to {rates[1]:.1%} (change {change.low:+.1%} to {change.high:+.1%})")


def watched() -> list[tuple[World, Wording]]:
    """Return the sums that no night may lose."""
    arithmetic = open_world("arithmetic")
    return [(arithmetic, next(each for each in arithmetic.wordings if each.name == "calculator"))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", choices=[split.value for split in Split], default="exam")
    parser.add_argument("--families", type=int, default=10, help="five facts each")
    parser.add_argument("--arms", default="night")
    parser.add_argument("--plan", nargs="*", default=[], metavar="NAME=VALUE", help="of the plan of a night")
    parser.add_argument("--kept", type=Path, help="a folder in which what was stopped goes on")
    parser.add_argument("--so-far", action="store_true", help="ask what a night that was stopped in --kept knew")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()

    families = households(Split(given.split), given.families, given.seed)
    questions = exam(families)
    plan = overridden(NightPlan(), given.plan)
    results: dict[str, Any] = {"cores": os.cpu_count(), "seed": given.seed, "split": given.split}
    for arm in given.arms.split(","):
        model: Any = open_model(given.model)
        drive = Drive(model)
        mine = replace(plan, **ARMS[arm])
        with kept_or_passing(given.kept, arm) as folder:
            if given.so_far:
                so_far(model, folder, questions, mine)
                model.close()
                continue
            lines = Lines(folder=folder if given.kept else None)
            night = held(drive, families, questions, mine, lines, folder)
            wall, cpu = lines.spent()
            assert night.night is not None, night.reason
            assert night.taught is not None
            assert night.decision is not None
            lines.say(f"gate: {'accepted' if night.accepted else 'refused'}: {night.reason}")
            lines.say("exam, after the night")
            after = sat(drive, questions, night.night.adapter)
            lines.say("exam, before the night")
            before = sat(drive, questions, None)
        results[arm] = {
            "before": before, "after": after, "accepted": night.accepted, "reason": night.reason,
            "memories": len(night.evening.selection.chosen), "lessons": len(night.evening.selection.lessons),
            "dropped": night.evening.dropped, "steps": len(night.taught.losses), "stopped": night.taught.stopped,
            "loss": night.taught.losses[-1], "wall_s": round(wall), "cpu_s": round(cpu), "seconds": night.seconds,
            "watched": [
                {"name": f.name, "before": f.before, "after": f.after, "low": f.low, "counts": f.counts}
                for f in night.decision.watched
            ],
        }  # fmt: skip
        show(arm, results[arm])
        if given.json:
            given.json.write_text(json.dumps(results, indent=1, default=str))
        model.close()


def show(arm: str, found: dict[str, Any]) -> None:
    print(
        f"{arm}: {found['memories']} memories, {found['lessons']} lessons ({found['dropped']} left out, which the "
        f"exam asks), {found['steps']} steps; {found['wall_s']} s wall, {found['cpu_s']} s CPU"
    )
    for kind in KINDS:
        one, two = found["before"][kind], found["after"][kind]
        print(
            f"  {kind:12} {one['right'] / one['n']:6.1%} to {two['right'] / two['n']:6.1%} "
            f"({two['low']:.1%} to {two['high']:.1%}, n = {two['n']})"
        )
    for each in found["watched"]:
        print(f"  {each['name']}: {each['before']:.3f} to {each['after']:.3f}")


if __name__ == "__main__":
    main()
