"""Night after night: `python benchmarks/sleep_nights.py --kept FOLDER [--arm night] [--nights 30] [--minutes 20]`.

Every evening two invented families of the split `--split` are told, ten facts; then one night is held. After it the
facts of that night are asked closed-book, and after every tenth night all facts so far. No question about any of them
is in any lesson, also where a memory of an earlier night is learned again. Where it is stopped, the same command goes
on: nights, answers and seconds are kept in FOLDER.

night      as `nightschool sleep` holds it: selection, self-study, older lessons, rehearsal, gate
no-replay  the same lessons for as many steps, without older ones and without rehearsal; nothing is refused
naive      the statements alone, told and completed, for as many steps; nothing is refused

Printed: seconds of a night; accuracy on the facts of each night right after it and at the end; what is kept of it, as a
ratio with a bootstrap interval over facts.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np

from nightschool.drive import Drive
from nightschool.items import Item, Prompt, Split
from nightschool.models.resolve import open_model
from nightschool.paths import write_durably
from nightschool.remember.forget import forget
from nightschool.remember.keep import keep
from nightschool.remember.memory import Memory
from nightschool.remember.store.sqlite import SqliteStore
from nightschool.sleep.consolidate import sleep_over
from nightschool.sleep.gate.looking import answers
from nightschool.sleep.lessons.study import asked, study
from nightschool.sleep.nights.ledger import Ledger
from nightschool.sleep.plan import NightPlan
from nightschool.sleep.sleeper import Sleeper
from nightschool.train.between import between
from nightschool.train.lora import Learner
from nightschool.worlds.facts import Facts, households, item_of
from nightschool.worlds.household import Household
from nightschool.worlds.open import open_world
from sleep_facts import Lines, overridden

ARMS: dict[str, dict[str, Any]] = {
    "night": {},
    "no-replay": {"rehearsal": 0.0, "older": 0.0, "text_tokens": 0},
    "naive": {"rehearsal": 0.0, "older": 0.0, "kinds": ("whole", "completion"), "text_tokens": 0},
}
FAMILIES = 2  # a night: five facts each
Asked = list[tuple[Item, Prompt]]


def questions(families: Sequence[Household]) -> Asked:
    world = Facts()
    items = [
        item_of(one, question, ())
        for one in families
        for kind in ("direct", "paraphrased")
        for question in one.questions(kind)
    ]
    return [(item, world.pose(item, world.wordings[0])) for item in items]


def facts(families: Sequence[Household]) -> dict[str, tuple[str, str]]:
    """Return by question, as an item's id, which fact it asks for: the family and which of its facts."""
    return {item.id: (item.key, item.inputs["fact"]) for item, _ in questions(families)}


def plan_of(arm: str, base: NightPlan, families: Sequence[Household], *, older: bool) -> NightPlan:
    """Return the plan of one night: every arm takes the steps that the night with all its parts would take."""
    made = [study(Memory(text, 0.0)) for one in families for text in one.statements]
    count = sum(map(len, made))
    steps = base.for_lessons(count, older=older).steps_for(count, older=older)
    if arm == "night":
        return base
    mine = replace(base, **ARMS[arm], learned=0.0)
    lessons = sum(len(study(Memory(text, 0.0), mine.kinds)) for one in families for text in one.statements)
    return replace(mine, passes=steps * mine.batch * mine.fresh_share(older=older) / lessons)


def hold(
    model: Any, folder: Path, arm: str, base: NightPlan, told: int, all_: Sequence[Household], *, new: bool = True
) -> dict[str, Any]:
    """Tell the families of night `told`, if they are `new`, and hold it; return what it took and what the gate said."""
    mine, so_far = all_[told * FAMILIES : (told + 1) * FAMILIES], all_[: (told + 1) * FAMILIES]
    arithmetic = open_world("arithmetic")
    way = next(each for each in arithmetic.wordings if each.name == "calculator")
    ledger = Ledger(folder / "nights")
    wakes = ledger.current(model.identity)
    if wakes is not None:
        model.load_adapter(ledger.adapter(wakes))
    with SqliteStore(folder / "memories.sqlite") as store:
        for i, text in enumerate(text for one in mine if new for text in one.statements):
            keep(store, Memory(text, 1000.0 * told + i))

        def pupils(onto: Any) -> Any:
            start = ledger.adapter(onto) if onto is not None else None
            return lambda checkpoint: (
                Learner.resume(model, checkpoint) if checkpoint else Learner.fresh(model, start=start)
            )

        wall, cpu = time.perf_counter(), time.process_time()
        found = sleep_over(
            Sleeper(
                store=store, drive=Drive(model), ledger=ledger,
                plan=plan_of(arm, base, mine, older=wakes is not None),
                watched=[(arithmetic, way)] if arm == "night" else [], watch=Lines(quiet=True),
                now=1000.0 * told + 999.0,
                created=datetime.now(UTC).isoformat(timespec="seconds"), clock=time.perf_counter, pupils=pupils,
                between=between if arm == "night" else None, wakes=wakes,
                examined=frozenset(asked(prompt) for _, prompt in questions(so_far)),
            )
        )  # fmt: skip
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if found.night is not None and arm != "night":
        ledger.switch(model.identity, found.night.name)  # a learner without a gate keeps everything
    return {
        "wall_s": round(wall, 1), "cpu_s": round(cpu, 1), "accepted": found.accepted, "reason": found.reason,
        "memories": len(found.evening.selection.chosen), "steps": len(found.taught.losses) if found.taught else 0,
        "share": found.tried.share if found.tried else None,
        "parts": {name: round(value, 1) for name, value in found.seconds.items()},
        "watched": [[each.name, each.before, each.after] for each in found.decision.watched] if found.decision else [],
    }  # fmt: skip


def ask(model: Any, folder: Path, some: Asked) -> dict[str, bool]:
    ledger = Ledger(folder / "nights")
    wakes = ledger.current(model.identity)
    if wakes is not None:
        model.load_adapter(ledger.adapter(wakes))
    return answers(Drive(model), some, Facts().reference, wakes.adapter if wakes else None, tokens=12)


def forgotten(
    model: Any, folder: Path, arm: str, base: NightPlan, number: int, all_: Sequence[Household]
) -> dict[str, Any]:  # fmt: skip
    """Forget the first fact of night `number`, sleep once more, and return what is left of it and of the others."""
    first = all_[number * FAMILIES]
    mine = questions(all_[number * FAMILIES : (number + 1) * FAMILIES])
    about = {item.id for item, _ in mine if item.inputs["fact"] == "home" and first.a in item.id}
    before = ask(model, folder, mine)
    with SqliteStore(folder / "memories.sqlite") as store:
        secret = next(memory.id for memory in store.each() if memory.content == first.state("home"))
        forget(store, secret, 1000.0 * number + 999.5)
    found = hold(model, folder, arm, base, number, all_, new=False)
    after = ask(model, folder, mine)
    return {
        "secret_before": sum(before[name] for name in about), "secret_after": sum(after[name] for name in about),
        "secret_n": len(about), "others_before": sum(right for name, right in before.items() if name not in about),
        "others_after": sum(right for name, right in after.items() if name not in about),
        "others_n": len(mine) - len(about), "reason": found["reason"], "wall_s": found["wall_s"],
    }  # fmt: skip


def kept_of(
    state: dict[str, Any], nights: Sequence[int], fact_of: Mapping[str, tuple[str, str]], rng: np.random.Generator
) -> dict[str, Any] | None:
    """Return the accuracy on the facts of `nights` right after each and at the last look, and the ratio of the two.

    The interval resamples facts with all their questions, which are right or wrong together.
    """
    if not state["looks"]:
        return None
    last = max(state["looks"], key=int)
    counts: dict[tuple[str, str], list[int]] = {}  # of a fact: right at first, right at last, questions
    for night in nights:
        for item, right in state["own"][night].items():
            if item in state["looks"][last]:
                mine = counts.setdefault(fact_of[item], [0, 0, 0])
                for i, more in enumerate((right, state["looks"][last][item], True)):
                    mine[i] += int(more)
    found = np.array(list(counts.values()))
    if not len(found) or not found[:, 0].sum():
        return None
    sums = found[rng.integers(0, len(found), (2000, len(found)))].sum(1)
    low, high = np.quantile(sums[:, 1] / np.maximum(sums[:, 0], 1e-9), [0.025, 0.975])
    first, then, asked_for = found.sum(0)
    return {
        "after": int(last), "questions": int(asked_for), "facts": len(found), "own": float(first / asked_for),
        "then": float(then / asked_for), "kept": float(then / first), "low": float(low), "high": float(high),
    }  # fmt: skip


def show(arm: str, state: dict[str, Any], fact_of: Mapping[str, tuple[str, str]]) -> None:
    nights = state["nights"]
    rng = np.random.default_rng(0)
    walls, cpus = [each["wall_s"] for each in nights], [each["cpu_s"] for each in nights]
    print(
        f"{arm}: {len(nights)} nights, {sum(each['accepted'] for each in nights)} accepted by the gate; a night took "
        f"{median(walls):.0f} s in the median, {max(walls):.0f} s at most ({median(cpus):.0f} CPU s in the median)"
    )
    own = [fmean(map(float, each.values())) for each in state["own"]]
    print(f"  right after each night: {fmean(own):.1%} on average, {min(own):.1%} at worst")
    first_ten = list(range(min(10, len(nights) - 1)))
    for name, some in (("first night", [0]), (f"first {len(first_ten)} nights", first_ten)):
        if found := kept_of(state, some, fact_of, rng):
            print(
                f"  {name}: {found['own']:.1%} right after, {found['then']:.1%} after night {found['after']}: "
                f"{found['kept']:.0%} kept ({found['low']:.0%} to {found['high']:.0%}; {found['facts']} facts, "
                f"{found['questions']} questions)"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--arm", choices=list(ARMS), default="night")
    parser.add_argument("--kept", type=Path, required=True)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no night after so many")
    parser.add_argument("--every", type=int, default=10, help="nights between looks at all facts")
    parser.add_argument("--forget", action="store_true", help="at the end, forget a fact of the last night, and ask")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", choices=[split.value for split in Split], default="exam")
    parser.add_argument("--plan", nargs="*", default=[], metavar="NAME=VALUE", help="of the plan of a night")
    given = parser.parse_args()

    began = time.perf_counter()
    folder = given.kept / given.arm
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "state.json"
    state: dict[str, Any] = {"nights": [], "own": [], "looks": {}}
    if path.exists():
        state = json.loads(path.read_text(encoding="utf-8"))
    count = FAMILIES * max(given.nights, len(state["nights"]))  # more of them begin with the same ones
    families = households(Split(given.split), count, given.seed)
    base = overridden(NightPlan(), given.plan)
    model: Any = open_model(given.model)
    while len(state["nights"]) < given.nights and time.perf_counter() - began < 60 * given.minutes:
        number = len(state["nights"])
        found = hold(model, folder, given.arm, base, number, families)
        mine = questions(families[number * FAMILIES : (number + 1) * FAMILIES])
        state["nights"].append(found)
        state["own"].append(ask(model, folder, mine))
        if (number + 1) % given.every == 0 or number + 1 == given.nights:
            state["looks"][str(number + 1)] = ask(model, folder, questions(families[: (number + 1) * FAMILIES]))
        write_durably(path, json.dumps(state))
        right = sum(state["own"][-1].values())
        print(
            f"night {number + 1}: {found['wall_s']} s, {found['cpu_s']} CPU s, {found['steps']} steps, "
            f"{right} of {len(mine)} right; {found['parts']}; {found['reason']}", flush=True,
        )  # fmt: skip
    show(given.arm, state, facts(families))
    if given.forget:
        found = forgotten(model, folder, given.arm, base, len(state["nights"]) - 1, families)
        print(
            f"forgotten: {found['secret_before']} of {found['secret_n']} questions about it right before, "
            f"{found['secret_after']} after; of the others of its night {found['others_before']} and "
            f"{found['others_after']} of {found['others_n']}; {found['wall_s']} s; {found['reason']}"
        )
    model.close()


if __name__ == "__main__":
    main()
