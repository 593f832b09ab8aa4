"""Knowledge edits on one explanation each: `python benchmarks/sleep_edits.py [--families 4] [--json FILE]`.

Each fact about invented people is told once, in one plain sentence. Three ways of knowing it then, in one run:

night        one night over the sentences: self-study, rehearsal, gate
fine-tuning  the sentences alone, for as many steps at the same rate (nothing is rehearsed, nothing refused)
in-context   nothing is learned: the sentences about the family stand in the prompt

success      direct questions, right
paraphrase   in other words, right
portability  the other way round, and over two facts, right
kept         of 250 sums those that were right before: still right
locality     100 of these sums, and 100 questions about other people, apart: the answer is, letter for letter, what it
             was before, right or wrong; for in-context, what it is without the sentences in front of it

The paraphrased questions share no phrasing with any lesson; no question of the exam is in any. Wilson intervals, 95%.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nightschool.drive import Drive, Job
from nightschool.items import Item, Noise, Prompt, Sampling, Split, Task
from nightschool.models.resolve import open_model
from nightschool.paths import write_durably
from nightschool.remember.memory import Memory
from nightschool.sleep.gate.looking import answers
from nightschool.sleep.lessons.study import study
from nightschool.sleep.nights.ledger import Ledger
from nightschool.sleep.plan import NightPlan
from nightschool.stats import wilson
from nightschool.think.single import Single
from nightschool.worlds.facts import Facts, households, item_of
from nightschool.worlds.household import Household
from nightschool.worlds.open import open_world
from sleep_facts import Lines, exam, held, kept_or_passing, overridden

SUMS, LETTERS = 250, 100
MEASURES = {"success": ("direct",), "paraphrase": ("paraphrased",), "portability": ("reversed", "two-hop")}
Asked = list[tuple[Item, Prompt]]


def shown(families: Sequence[Household], kinds: Sequence[str]) -> Asked:
    """Return the questions of `kinds` behind the sentences that answer them."""
    world = Facts(shown=True)
    items = [item_of(one, q, one.statements) for one in families for kind in kinds for q in one.questions(kind)]
    return [(item, world.pose(item, world.wordings[0])) for item in items]


def strangers(families: Sequence[Household], told: Sequence[Household], *, front: bool) -> Asked:
    """Return 100 direct questions about other families, behind sentences of those told where `front` says so."""
    world = Facts(shown=front)
    asked = [(one, q) for one in families for q in one.questions("direct")][:100]
    items = [item_of(one, q, told[i % len(told)].statements if front else ()) for i, (one, q) in enumerate(asked)]
    return [(item, world.pose(item, world.wordings[0])) for item in items]


def sums(told: Sequence[Household], *, front: bool) -> Asked:
    world = open_world("arithmetic")
    way = next(each for each in world.wordings if each.name == "calculator")
    found = []
    for i, item in enumerate(world.items(Split.EXAM, SUMS, 0)):
        prompt = world.pose(item, way)
        if front:
            before = " ".join(told[i % len(told)].statements)
            prompt = (
                replace(prompt, text=f"{before}\n{prompt.text}")
                if prompt.text is not None
                else Prompt(
                    (
                        replace(prompt.messages[0], content=f"{before}\n{prompt.messages[0].content}"),
                        *prompt.messages[1:],
                    )
                )
            )
        found.append((item, prompt))
    return found


def said(drive: Drive, some: Asked, adapter: str | None) -> list[str]:
    sampling = Sampling(max_tokens=12, temperature=0.0, stop=("\n",))
    jobs = [Job(Single(), Task(item, prompt, sampling, adapter), Noise(("edit", item.id))) for item, prompt in some]
    return [trace.best.answer if trace.best else "" for trace in drive.run(jobs)]


def rated(
    drive: Drive, posed: dict[str, Asked], adapter: str | None, added: Asked, others: Asked, before: Sequence[str]
) -> dict[str, Any]:
    """Return how the weights `adapter` answer `posed`, and how they answer sums and questions about others that were
    answered with `before`."""
    found: dict[str, Any] = {}
    for measure, some in posed.items():
        right = answers(drive, some, Facts().reference, adapter, tokens=12)
        found[measure] = score(sum(right.values()), len(right))
    now = said(drive, [*added, *others], adapter)
    verifier = open_world("arithmetic").reference
    rights = [
        [verifier.judge(item, text).passed for (item, _), text in zip(added, some, strict=False)]
        for some in (before, now)
    ]
    found["kept"] = score(sum(a and b for a, b in zip(*rights, strict=True)), sum(rights[0]))
    same = [a == b for a, b in zip(now, before, strict=True)]
    found["locality of sums"] = score(sum(same[:LETTERS]), LETTERS)
    found["locality of others"] = score(sum(same[len(added) :]), len(others))
    return found


def score(right: int, n: int) -> dict[str, Any]:
    measured = wilson(right, n)
    return {"right": right, "n": n, "low": measured.low, "high": measured.high}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", choices=[split.value for split in Split], default="exam")
    parser.add_argument("--families", type=int, default=4, help="five facts each")
    parser.add_argument("--plan", nargs="*", default=[], metavar="NAME=VALUE", help="of the plan of a night")
    parser.add_argument("--kept", type=Path, help="a folder in which what was stopped goes on")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()

    everybody = households(Split(given.split), given.families + 20, given.seed)
    told, others = everybody[: given.families], everybody[given.families :]
    questions = exam(told)
    bare = {name: [each for kind in kinds for each in questions[kind]] for name, kinds in MEASURES.items()}
    local = sums(told, front=False), strangers(others, told, front=False)
    model: Any = open_model(given.model)
    drive = Drive(model)
    before = said(drive, [*local[0], *local[1]], None)
    results: dict[str, Any] = {}
    if given.kept and (given.kept / "results.json").exists():
        results = json.loads((given.kept / "results.json").read_text(encoding="utf-8"))
    if "in-context" not in results:
        front = sums(told, front=True), strangers(others, told, front=True)
        posed = {name: shown(told, kinds) for name, kinds in MEASURES.items()}
        results["in-context"] = rated(drive, posed, None, *front, before)
    plan = overridden(NightPlan(), given.plan)
    sentences = [Memory(text, 0.0) for one in told for text in one.statements]
    for arm in ("night", "fine-tuning"):
        if arm in results:
            continue
        if arm == "fine-tuning":
            few = sum(len(study(memory, ("whole", "completion"))) for memory in sentences)
            steps = results["night"]["steps"] - plan.settle
            plan = replace(
                plan, kinds=("whole", "completion"), rehearsal=0.0, learned=0.0, watched_items=10, text_tokens=0,
                passes=max(1, steps) * plan.batch / few,
            )  # fmt: skip
        with kept_or_passing(given.kept, arm) as folder:
            lines = Lines(quiet=True, folder=folder if given.kept else None)
            ledger = Ledger(folder / "nights")
            if not ledger.nights(model.identity):
                held(drive, told, questions, plan, lines, folder)
            wall, cpu = lines.spent()
            (night,) = ledger.nights(model.identity)
            model.load_adapter(ledger.adapter(night))
            results[arm] = rated(drive, bare, night.adapter, *local, before) | {
                "steps": night.steps, "accepted": night.accepted, "reason": night.reason, "wall_s": wall, "cpu_s": cpu,
            }  # fmt: skip
        if given.kept:
            write_durably(given.kept / "results.json", json.dumps(results))
    print(f"{len(sentences)} facts, one sentence each")
    for arm, found in results.items():
        rates = "; ".join(
            f"{name} {each['right'] / each['n']:.1%} ({each['low']:.1%} to {each['high']:.1%}, n = {each['n']})"
            for name, each in found.items() if isinstance(each, dict)
        )  # fmt: skip
        more = f"; {found['steps']} steps, {found['cpu_s']:.0f} CPU s" if "steps" in found else ""
        print(f"  {arm:11} {rates}{more}")
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))
    model.close()


if __name__ == "__main__":
    main()
