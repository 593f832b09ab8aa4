"""Each part of a night on and off, at equal steps: `python benchmarks/sleep_parts.py [--families 2] [--kept FILE]`.

Facts about invented people are taught for as many gradient steps on as many lessons in every arm; then direct,
paraphrased, reversed and two-hop questions are asked closed-book, sums are done, and plain text is read.

all            every kind of self-study; half of a batch the old self's distributions
no-KIND        without lessons of that kind: question, reversal, completion, backward, whole
no-rehearsal   nothing of the old self
no-anchor      what the old self said, as tokens and not as distributions
model, both    questions that the model wrote, in place of those of templates, or beside them

What is kept in --kept is not done again. No question that is asked is in any lesson.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nightschool.drive import Drive
from nightschool.items import Lesson, Split
from nightschool.models.resolve import open_model
from nightschool.paths import write_durably
from nightschool.remember.memory import Memory
from nightschool.sleep.evening.select import Candidate
from nightschool.sleep.gate.looking import answers
from nightschool.sleep.gate.text_loss import text_loss
from nightschool.sleep.gate.watch_text import chunks, prose, python_docs
from nightschool.sleep.lessons.rehearsal import general_prompts, rehearse
from nightschool.sleep.lessons.self_written import write
from nightschool.sleep.lessons.study import KINDS as STUDIED
from nightschool.sleep.lessons.study import asked, study, without
from nightschool.sleep.plan import NightPlan
from nightschool.sleep.teach import teach
from nightschool.train.lora import Learner
from nightschool.train.settings import LoraSettings
from nightschool.worlds.facts import households
from nightschool.worlds.household import Household
from nightschool.worlds.open import open_world
from sleep_facts import KINDS, Lines, exam, overridden, sat

ARMS = ("all", *(f"no-{kind}" for kind in STUDIED), "no-rehearsal", "no-anchor", "model", "both")


class Bench:
    """One model, what it is taught and what it is asked."""

    def __init__(self, model: Any, families: Sequence[Household], plan: NightPlan) -> None:
        self.model, self.drive, self.plan = model, Drive(model), plan
        self.questions = exam(families)
        self.never = frozenset(asked(prompt) for some in self.questions.values() for _, prompt in some)
        self.memories = [Memory(text, float(i)) for i, text in enumerate(t for f in families for t in f.statements)]
        world = open_world("arithmetic")
        way = next(each for each in world.wordings if each.name == "calculator")
        self.world, self.way = world, way
        self.sums = [(item, world.pose(item, way)) for item in world.items(Split.EXAM, plan.watched_items, plan.seed)]
        self.pieces = chunks([*prose(), *python_docs()], model.count_tokens, plan.text_tokens)
        prompts = [(prompt, min(most, plan.rehearsed_tokens)) for prompt, most in general_prompts()]
        some = world.items(Split.PRACTICE, 60, plan.seed)
        prompts += [(world.pose(item, way), world.max_answer_tokens) for item in some]
        self.old = rehearse(self.drive, plan.seed, prompts=prompts)
        self.steps = plan.steps_for(len(self.lessons("all")), older=False)
        self.before = self.seen(None)

    def lessons(self, arm: str) -> list[Lesson]:
        """Return what `arm` is taught."""
        kinds = [kind for kind in STUDIED if arm != f"no-{kind}"]
        made = [Candidate(memory, tuple(without(study(memory, kinds), self.never))) for memory in self.memories]
        if arm in ("model", "both"):
            found = write(self.drive, made, self.never, self.plan.seed, None, both=arm == "both")
            print(f"{arm}: wrote {found.asked} questions, kept {found.kept}; templates for {found.weak} of {len(made)}")
            made = list(found.candidates)
        return [lesson for each in made for lesson in each.lessons]

    def seen(self, adapter: str | None) -> dict[str, Any]:
        """Return what the weights named by `adapter` can do."""
        right = answers(
            self.drive,
            self.sums,
            self.world.reference,
            adapter,
            tokens=self.world.max_answer_tokens,
            stop=self.way.stop,
        )
        nats = text_loss(self.drive, self.pieces, adapter).mean
        return {**sat(self.drive, self.questions, adapter), "sums": sum(right.values()) / len(right), "nats": nats}

    def taught(self, arm: str) -> dict[str, Any]:
        """Return what `arm` brought."""
        lessons = self.lessons(arm)
        rehearsal = 0.0 if arm == "no-rehearsal" else self.plan.rehearsal
        plan = replace(self.plan, rehearsal=rehearsal, learned=0.0)
        plan = replace(plan, passes=self.steps * plan.batch * plan.fresh_share(older=False) / len(lessons))
        wall, cpu = time.perf_counter(), time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            settings = LoraSettings(anchored=arm != "no-anchor")
            made = teach(
                lambda _: Learner.fresh(self.model, settings, plan.seed), lessons, plan, Path(folder),
                rehearsal=self.old if rehearsal else (), watch=Lines(quiet=True), clock=time.perf_counter,
            )  # fmt: skip
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            self.model.load_adapter(made.adapter)
            return {**self.seen(made.adapter.name), "lessons": len(lessons), "steps": len(made.losses),
                    "wall_s": wall, "cpu_s": cpu}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", choices=[split.value for split in Split], default="exam")
    parser.add_argument("--families", type=int, default=2, help="five facts each")
    parser.add_argument("--arms", default=",".join(ARMS))
    parser.add_argument("--plan", nargs="*", default=[], metavar="NAME=VALUE", help="of the plan of a night")
    parser.add_argument("--kept", type=Path)
    given = parser.parse_args()
    plan = overridden(NightPlan(seed=given.seed, text_tokens=5000), given.plan)
    found: dict[str, Any] = {}
    if given.kept and given.kept.exists():
        found = json.loads(given.kept.read_text(encoding="utf-8"))
    model: Any = open_model(given.model)
    bench = Bench(model, households(Split(given.split), given.families, given.seed), plan)
    for arm in given.arms.split(","):
        if arm not in found:
            found[arm] = bench.taught(arm)
            if given.kept:
                write_durably(given.kept, json.dumps(found))
        each = found[arm]
        rates = ", ".join(f"{kind} {each[kind]['right']}/{each[kind]['n']}" for kind in KINDS)
        print(
            f"{arm:14} {each['steps']} steps, {each['lessons']} lessons: {rates}; sums "
            f"{bench.before['sums']:.1%} to {each['sums']:.1%}; text {each['nats'] - bench.before['nats']:+.3f} nats; "
            f"{each['cpu_s']:.0f} CPU s", flush=True,
        )  # fmt: skip
    model.close()


if __name__ == "__main__":
    main()
