"""The same exam over a family: what grows with size, how, and what a larger size merely makes easier to ask for.

    accuracy       the plain question; all or nothing
    nats           of the right whole answer behind the same prompt, item by item: no threshold in it (`truth-rank`)
    from one step  what the error of a single step foretells for the whole answer (`horizon`)
    share          of what few-shot adds to the control, the part that the plain question already reaches
    failures       how far from the truth they are when they happen

Every member sits the same rungs in the same wordings: prompts are given equal effort, which the finding checks. Whether
something grows smoothly or as a switch is `stats.growth`; a switch in the accuracy beside a smooth measure was in the
threshold.
Ref: schaeffer2023.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nightschool.errors import UsageError
from nightschool.exam.compare import adjusted, compare
from nightschool.exam.family import (
    PLAIN,
    Member,
    bounds_alone,
    control_of,
    far_off,
    few_shot_of,
    from_one_step,
    most_taught,
    nats_of,
    reached,
    row_named,
    ways_of,
)
from nightschool.exam.finding import Cell, Drawing, Finding, Series
from nightschool.exam.result import Comparison, Row
from nightschool.items import Noise, Score
from nightschool.stats.growth import Growth, growth


def scaling(family: Sequence[Member], seed: int = 0, axis: str = "parameters") -> Finding:
    """Return what grows over `family`, smallest first. Raises UsageError for fewer than two, or unlike exams."""
    if len(family) < 2:
        raise UsageError("a family has two members at least")
    if len({member.report.task for member in family}) > 1:
        raise UsageError("the members of a family sit the same task")
    family = sorted(family, key=lambda member: member.size)
    rows = [row_named(member, PLAIN) for member in family]
    if any(row is None for row in rows):
        raise UsageError(f"every member must have sat {PLAIN}; add it to the rungs")
    plain = [row for row in rows if row is not None]
    shapes = _shapes(family, plain, seed)
    table: list[tuple[Cell, ...]] = []
    facts: list[dict[str, Any]] = []
    for member, row in zip(family, plain, strict=True):
        few, control = few_shot_of(member.report, family), control_of(member.report)
        share = None if few is None or control is None else reached(control, row, few, seed)
        foretold = from_one_step(member, row)
        nats, far = nats_of(member.report), far_off(member.report, row)
        table.append(
            (member.name, f"{member.size:,.0f}", _rate(control), _rate(row), _rate(few), _share(share),
             "–" if nats is None else f"{np.mean(list(nats.values())):.2f}",
             "–" if foretold is None else f"{foretold.value:.0%} ({foretold.low:.0%} to {foretold.high:.0%})",
             "–" if far is None else f"{far[0]:.2f} nats, rank {far[1]:.0f}")
        )  # fmt: skip
        facts.append({
            "name": member.name, "size": member.size, "control": _plain(control), "plain": _plain(row),
            "few_shot": _plain(few), "share": None if share is None else [share.value, share.low, share.high],
            "nats": None if nats is None else float(np.mean(list(nats.values()))),
            "from_one_step": None if foretold is None else [foretold.value, foretold.low, foretold.high],
            "failures": None if far is None else list(far),
        })  # fmt: skip
    tuned = _tuned_against_prompted(family, seed)
    return Finding(
        "scaling",
        "What size brings",
        _sentence(shapes, family),
        (*_notes(shapes, family, axis), *(_tuned_note(one) for one in tuned)),
        ("member", axis, "control", "plain question", "few-shot", "share reached unshown", "nats to the truth",
         "foretold from one step", "failures lie at"),
        tuple(table),
        _drawings(family, plain, axis),
        {
            "members": facts,
            "shapes": {
                name: {"shape": g.shape, "difference": [g.difference.value, g.difference.low, g.difference.high],
                       "rise": [g.rise.value, g.rise.low, g.rise.high], "before": family[g.place].name}
                for name, g in shapes.items()
            },
            "tuned_against_prompted": [
                [t.first, t.second, t.difference, t.low, t.high, t.adjusted] for t in tuned
            ],
            "prompts_tried": {member.name: ways_of(member.report) for member in family},
        },
    )  # fmt: skip


def _shapes(family: Sequence[Member], plain: Sequence[Row], seed: int) -> dict[str, Growth]:
    """Return how accuracy and nats grow, where there are enough sizes and items to tell."""
    found: dict[str, Growth] = {}
    sizes = [member.size for member in family]
    told = [nats_of(member.report) for member in family]
    measured: dict[str, list[Mapping[str, float]]] = {"accuracy": [row.outcomes() for row in plain]}
    if all(each is not None for each in told):
        measured["nats"] = [each for each in told if each is not None]
    for name, each in measured.items():
        common = [item for item in each[0] if all(item in other for other in each)]
        rng = np.random.default_rng(Noise((seed, "growth", name)).key())
        try:
            found[name] = growth(sizes, [[other[item] for other in each] for item in common], rng)
        except ValueError:
            continue  # too few sizes or items: the notes say so
    return found


def _tuned_against_prompted(family: Sequence[Member], seed: int) -> tuple[Comparison, ...]:
    """Return each tuned smaller member against the best prompt of each larger one, adjusted together.

    The prompt is the best on these very items, which favours the larger member.
    """
    found = []
    for place, small in enumerate(family):
        tuned = most_taught(small.report, ("lora-truths", "full-tuning"))
        for large in family[place + 1 :] if tuned is not None else ():
            asked = [row for row in large.report.rungs if row.recommendable and not row.trained and row.way is not None]
            best = max(asked, key=lambda row: row.accuracy or 0.0, default=None)
            if best is not None and tuned is not None:
                one = compare(_named(best, large), _named(tuned, small), seed)
                found += [] if one is None else [one]
    return adjusted(found)


def _named(row: Row, member: Member) -> Row:
    return replace(row, name=f"{member.name}: {row.name}")


def _sentence(shapes: Mapping[str, Growth], family: Sequence[Member]) -> str:
    if "accuracy" not in shapes:
        return f"Over {len(family)} members; whether it grows as a switch takes four sizes and 20 items."
    found = shapes["accuracy"]
    said = {
        "flat": "Accuracy is not shown to grow with size",
        "smooth": "Accuracy grows smoothly",
        "switch-like": f"Accuracy grows as a switch, before {family[found.place].name}",
        "undecided": "Accuracy grows, and whether smoothly or as a switch is not shown",
    }[found.shape]
    if "nats" not in shapes:
        return f"{said} ({found.levels[0]:.0%} to {found.levels[-1]:.0%})."
    nats = shapes["nats"]
    beside = {
        "flat": "does not grow", "smooth": "grows smoothly", "switch-like": "is a switch as well",
        "undecided": "grows, how is not shown",
    }[nats.shape]  # fmt: skip
    if nats.shape == "switch-like" and found.shape != "switch-like":
        beside = f"is a switch before {family[nats.place].name}"
    threshold = ": the switch is in the threshold" if (found.shape, nats.shape) == ("switch-like", "smooth") else ""
    return (
        f"{said} ({found.levels[0]:.0%} to {found.levels[-1]:.0%}); the probability of the right answer {beside} "
        f"({nats.levels[0]:.2f} to {nats.levels[-1]:.2f} nats){threshold}."
    )


def _notes(shapes: Mapping[str, Growth], family: Sequence[Member], axis: str) -> list[str]:
    notes = [
        f"{name}: {g.shape}; the step foretells held-out items {g.difference.value:+.3f} nats better than a line over "
        f"log {axis} ({g.difference.low:+.3f} to {g.difference.high:+.3f})."
        for name, g in shapes.items()
    ]
    efforts = {tuple(ways_of(member.report)) for member in family}
    count = len(ways_of(family[0].report))
    notes.append(
        f"Every member was asked in the same {count} ways, none chosen for one of them."
        if len(efforts) == 1
        else "Not every member could be asked in the same ways: what is compared is what all of them sat."
    )
    if bounded := [member.name for member in family if bounds_alone(member.report)]:
        notes.append(
            f"{', '.join(bounded)}: the likeliest tokens are listed there and no answer is weighed, which gives bounds "
            "and no nats to the truth."
        )
    notes.append(
        "Share reached unshown: (plain question - control) / (few-shot - control); where few-shot is not above the "
        "control there is none."
    )
    return notes


def _tuned_note(one: Comparison) -> str:
    p = "" if one.adjusted is None else f", p = {one.adjusted:.2g}"
    return (
        f"{one.second} against {one.first}: {100 * one.difference:+.0f} points ({100 * one.low:+.0f} to "
        f"{100 * one.high:+.0f}{p})."
    )


def _drawings(family: Sequence[Member], plain: Sequence[Row], axis: str) -> tuple[Drawing, ...]:
    xs = [math.log10(member.size) for member in family]
    ways = {PLAIN: list(plain)}
    for name, rows in (("few-shot", [few_shot_of(m.report, family) for m in family]),
                       ("control", [control_of(m.report) for m in family])):  # fmt: skip
        if all(row is not None for row in rows):
            ways[name] = [row for row in rows if row is not None]
    kinds: dict[str, Any] = {PLAIN: "strong", "few-shot": "trained", "control": "dashed"}
    lines = tuple(
        Series(
            name,
            tuple((x, row.accuracy or 0.0) for x, row in zip(xs, rows, strict=True)),
            tuple((x, row.low or 0.0, row.high or 0.0) for x, row in zip(xs, rows, strict=True)),
            kinds[name],
        )
        for name, rows in ways.items()
    )
    foretold = [from_one_step(member, row) for member, row in zip(family, plain, strict=True)]
    if all(each is not None for each in foretold):
        points = tuple((x, each.value) for x, each in zip(xs, foretold, strict=True) if each is not None)
        lines += (Series("foretold from one step", points, kind="muted"),)
    drawn = [Drawing("lines", "right by size", f"log10 of {axis}", "right", rate=True, series=lines)]
    told = [nats_of(member.report) for member in family]
    if all(each is not None for each in told):
        means = tuple((x, float(np.mean(list((each or {}).values())))) for x, each in zip(xs, told, strict=True))
        drawn.append(
            Drawing("lines", "nats to the right answer by size", f"log10 of {axis}", "nats",
                    series=(Series("nats", means),))
        )  # fmt: skip
    return tuple(drawn)


def _rate(row: Row | None) -> str:
    return "–" if row is None else f"{row.accuracy:.0%} ({row.low:.0%} to {row.high:.0%})"


def _share(score: Score | None) -> str:
    return "–" if score is None else f"{score.value:.0%} ({score.low:.0%} to {score.high:.0%})"


def _plain(row: Row | None) -> list[float | None] | None:
    return None if row is None else [row.accuracy, row.low, row.high]
