"""Understood: the same skill where nothing was practised: longer, in a wider range, with other symbols.

What was only memorised stays with what was shown; what was understood carries over. A world says where its skill would
be asked for past itself (`beyond`); exam items of those places are asked plainly, before and after, item by item.
Ref: anil2022 (length).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from nightschool.critics.judging import judge
from nightschool.drive import Job
from nightschool.exam.compare import adjusted, compare
from nightschool.exam.finding import Cell, Drawing, Finding
from nightschool.exam.measure import measure
from nightschool.exam.result import Comparison, Record, Row
from nightschool.items import Item, Noise, Sampling, Split, Task, Trace, Wording
from nightschool.ports import World
from nightschool.think.single import Single

Run = Callable[[Sequence[Job]], Sequence[Trace]]


def beyond(
    world: World, wording: Wording, run: Run, before: str | None, after: str | None, *, items: int = 48, seed: int = 0
) -> Finding | str:
    """Return what the plain question gets past what was practised, by both weights, item by item.

    `after` of None asks the weights `before` alone. Returns in words why there is nothing.
    """
    places: Mapping[str, World] = {"as practised": world, **getattr(world, "beyond", dict)()}
    if len(places) < 2:
        return f"{world.spec} says of no other place where the same skill would be asked for"
    weights = {"before": before} if after is None else {"before": before, "after": after}
    jobs: dict[tuple[str, str], list[Job]] = {}
    for name, place in places.items():
        way = next((each for each in place.wordings if each.name == wording.name), None)
        asked = place.items(Split.EXAM, items, seed)
        if way is None or len(asked) < 2:
            continue
        for when, adapter in weights.items():
            jobs[name, when] = [_job(place, way, item, adapter, seed) for item in asked]
    traces = iter(run([job for group in jobs.values() for job in group]))  # all at once: a wide batch costs little more
    rows: dict[str, list[Row]] = {}
    for (name, when), group in jobs.items():
        rows.setdefault(name, []).append(_row(places[name], [next(traces) for _ in group], f"{name}: {when}"))
    rows = {name: found for name, found in rows.items() if all(row.accuracy is not None for row in found)}
    if len(rows) < 2:
        return "nothing was answered where the same skill would be asked for"
    tests = adjusted([compare(found[0], found[1], seed) for found in rows.values() if len(found) > 1])
    changes: dict[str, Comparison] = {test.first.removesuffix(": before"): test for test in tests}
    return _beyond_finding(places, rows, changes)


def _beyond_finding(
    places: Mapping[str, World], rows: Mapping[str, Sequence[Row]], changes: Mapping[str, Comparison]
) -> Finding:
    table: list[tuple[Cell, ...]] = [
        (name, places[name].spec, *map(_rate, found), *(() if name not in changes else (_change(changes[name]),)))
        for name, found in rows.items()
    ]
    others = [name for name in rows if name != "as practised"]
    if changes:
        shown = {name: one for name, one in changes.items() if one.adjusted is None or one.adjusted <= 0.05}
        gained = [name for name in others if name in shown and shown[name].low > 0]
        lost = [name for name in others if name in shown and shown[name].high < 0]
        sentence = (
            f"What was practised carries over to {_listed(gained)}" if gained
            else "What was practised is not shown to carry over to anything beyond it"
        )  # fmt: skip
        sentence += f"; {_listed(lost)} got worse." if lost else "."
    else:
        best = max(others, key=lambda name: rows[name][0].accuracy or 0.0)
        sentence = f"Beyond what the task asks, {best} is done best: {_rate(rows[best][0])}."
    last = ("change",) if changes else ()
    weights = ("right before", "after") if len(next(iter(rows.values()))) > 1 else ("right",)
    return Finding(
        "beyond", "Understood", sentence,
        ("The same skill past what was practised, asked plainly of exam items there; changes are paired, and "
         "one is called so where its p-value, adjusted for all places, is at most 0.05.",) if changes else (),
        ("where", "task", *weights, *last),
        tuple(table),
        (Drawing("strip", "right, past what was practised", parts={
            name: (found[-1].accuracy or 0.0,) * 3 for name, found in rows.items()}),),
        {
            name: {
                "task": places[name].spec, "n": found[0].n,
                "right": [[row.accuracy, row.low, row.high] for row in found],
                "change": None if name not in changes else
                [changes[name].difference, changes[name].low, changes[name].high, changes[name].adjusted],
            }
            for name, found in rows.items()
        },
    )  # fmt: skip


def _job(place: World, way: Wording, item: Item, adapter: str | None, seed: int) -> Job:
    sampling = Sampling(place.max_answer_tokens, 0.0, stop=way.stop)
    return Job(
        Single(), Task(item, place.pose(item, way), sampling, adapter), Noise((seed, "beyond", place.spec, item.id))
    )


def _row(place: World, traces: Sequence[Trace], name: str) -> Row:
    records = []
    for trace in traces:
        item, best = trace.task.item, trace.best
        if best is None or best.finish in ("cancelled", "error"):
            records.append(Record(item.id, "", (), None, missing="no answer came back"))
            continue
        verdict = judge(place.reference, item, best.answer)
        outcome = None if verdict.error is not None else float(verdict.passed)
        records.append(Record(item.id, "", (best.answer,), outcome, missing=verdict.error))
    score = measure(records)
    told = Row(name, "beyond", n=score.n if score else 0, records=tuple(records))
    return told if score is None else replace(told, accuracy=score.value, low=score.low, high=score.high)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _rate(row: Row) -> str:
    return f"{row.accuracy:.0%} ({row.low:.0%} to {row.high:.0%})"


def _change(one: Comparison) -> str:
    p = "" if one.adjusted is None else f", p = {one.adjusted:.2g}"
    return f"{100 * one.difference:+.0f} ({100 * one.low:+.0f} to {100 * one.high:+.0f}{p})"
