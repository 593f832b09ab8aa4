"""elicited: was it in the model, or was it put there?

Each way that trains (a head on frozen states, a soft prompt, biases, LoRA, everything) is held against its two
controls: the same training with shuffled answers, and of shuffled weights. The verdicts on a way, in this order
(chance is the share of the commonest answer):

    elicited   with at most `few` examples it is above that with shuffled answers, and above that of shuffled weights,
               each by at least `margin`; or shuffled answers do as well and are above chance and above shuffled
               weights: what they cannot teach was there, and the form alone brought it out
    absent     even with all examples it is not above the same training with shuffled answers
    untold     it is above that, and there is nothing to hold it against: the twin of shuffled weights is missing
    taught     it is above chance, but needs many examples, or shuffled weights do as well: the training made it

What one way elicits is in the model, whatever the others fail to find. All tests are paired over the exam's items and
adjusted together by Holm. Where a test is missing, or the items are too few to show a difference of ten points, the
sentence says so. The margin was fixed on planted skills, and judged on others (`benchmarks/exam_of_exam.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from nightschool.errors import BadSpec
from nightschool.exam.analysis import Sitting
from nightschool.exam.compare import adjusted, compare
from nightschool.exam.finding import Cell, Drawing, Finding, Series
from nightschool.exam.result import Comparison, Row
from nightschool.items import Item
from nightschool.ports import Ability
from nightschool.stats import items_to_see

Kind = Literal["absent", "elicited", "untold", "taught"]
Curves = Mapping[str, Mapping[int, Row]]
_ORDER: tuple[Kind, ...] = ("elicited", "untold", "taught", "absent")  # what the whole says: the best that a way says
_NAMES: Mapping[str, str] = {"": "", "random labels": "shuffled answers", "random weights": "shuffled weights"}
_NAME = re.compile(
    r"(head|agent|soft-prompt|bias-only|lora-truths|full-tuning)/n=(\d+)(?:,(random labels|random weights))?"
)


class Elicited:
    """The learning curves of what trains beside its controls, and what they say.

    few: examples that count as few; margin: the least difference, in [0, 1], that counts. Raises BadSpec.
    """

    name = "elicited"
    title = "In the model, or put there"
    needs: frozenset[Ability] = frozenset()
    asks = False

    def __init__(self, few: int = 64, margin: float = 0.1) -> None:
        if few < 1 or not 0 <= margin < 1:
            raise BadSpec(f"elicited: few is at least 1 and margin in [0, 1), not {few} and {margin}")
        self.few, self.margin = few, margin

    def look(self, sitting: Sitting) -> Finding | str:
        """Return the curves and the verdicts."""
        ways = {way: curves for way, curves in curves_of(sitting.rows).items() if {"", "random labels"} <= set(curves)}
        if not ways:
            return "it takes the rung head or one that tunes, with its controls"
        chance = chance_of(sitting.room.items)
        if (guessed := sitting.rows.get("agent/random moves")) is not None:
            chance = max(chance, guessed.high or 0.0)
        found = verdicts(ways, self.few, self.margin, sitting.room.seed, chance)
        kind = min((each for each, _ in found.values()), key=_ORDER.index)
        best = [way for way, (each, _) in found.items() if each == kind]
        tops = {way: ways[way][""][max(ways[way][""])] for way in best}
        shown = max(best, key=lambda way: tops[way].accuracy or 0.0)
        top = tops[shown]
        notes = [f"{way}: {each}." for way, (each, _) in found.items()] if len(found) > 1 else []
        tests = [test for _, each in found.values() for test in each]
        notes += dict.fromkeys(f"{test.second} against {test.first}: {_points(test)}." for test in tests)
        notes += _untrained(sitting.rows)
        if top.n < (needed := items_to_see(0.10, 0.3)):
            notes.append(f"{top.n} items hardly show a difference of 10 points; {needed} would.")
        table: list[tuple[Cell, ...]] = [
            (way, str(n), *(_rate(curves.get(control, {}).get(n)) for control in _NAMES))
            for way, curves in ways.items()
            for n in sorted(curves[""])
        ]
        return Finding(
            self.name,
            self.title,
            _SENTENCES[kind].format(
                way=shown,
                few=self.few,
                best=top.accuracy or 0.0,
                n=top.n,
                all=max(ways[shown][""]),
                twin=_beside(ways[shown]),
            ),
            tuple(notes),
            ("way", "examples", "right", "shuffled answers", "shuffled weights"),
            tuple(table),
            tuple(_drawing(way, curves) for way, curves in ways.items()),
            {
                "verdict": kind,
                "ways": {way: each for way, (each, _) in found.items()},
                "tests": [[t.first, t.second, t.difference, t.adjusted] for t in tests],
            },
        )


_SENTENCES: Mapping[Kind, str] = {
    "absent": "Absent: with {all} examples nothing that was trained gets more than with shuffled answers.",
    "elicited": "Elicited: within {few} examples {way} brings out what shuffled weights do not give ({best:.0%} of {n} "
    "items with {all}{twin}).",
    "untold": "Elicited or taught: {way} gets it with {few} examples ({best:.0%} of {n} items with {all}), and without "
    "a twin of shuffled weights nobody can say whether learning put it there.",
    "taught": "Taught rather than found: what {way} gets ({best:.0%} of {n} items with {all}) takes many examples, or "
    "needs none of what the weights have learned.",
}


def _beside(curves: Curves) -> str:
    """Return what shuffled weights reach with all examples, where they were sat."""
    twin = curves.get("random weights", {}).get(max(curves[""]))
    return "" if twin is None or twin.accuracy is None else f"; from shuffled weights {twin.accuracy:.0%}"


def curves_of(rows: Mapping[str, Row]) -> dict[str, dict[str, dict[int, Row]]]:
    """Return the measured rows by way, control (empty for the way itself) and number of examples."""
    found: dict[str, dict[str, dict[int, Row]]] = {}
    for name, row in rows.items():
        match = _NAME.fullmatch(name)
        if match is not None and row.accuracy is not None:
            found.setdefault(match[1], {}).setdefault(match[3] or "", {})[int(match[2])] = row
    return found


def verdicts(
    ways: Mapping[str, Curves], few: int, margin: float = 0.1, seed: int = 0, chance: float = 1.0
) -> dict[str, tuple[Kind, tuple[Comparison, ...]]]:
    """Return the verdict on each way and its tests: each control against the way, all ways adjusted together.

    chance: of a right answer to who knows the form alone; at 1 the form alone is never enough.
    """
    wanted: list[tuple[str, str, Comparison]] = []
    for way, curves in ways.items():
        own, labels, weights = curves[""], curves["random labels"], curves.get("random weights", {})
        most, small = max(own), max((size for size in own if size <= few), default=None)
        pairs = {"most": (labels.get(most), own[most])}
        if small is not None:
            pairs |= {"labels": (labels.get(small), own[small]), "weights": (weights.get(small), own[small])}
            if small in labels and (labels[small].low or 0.0) > chance:
                pairs["form"] = (weights.get(small), labels[small])
        for name, (first, second) in pairs.items():
            test = compare(first, second, seed) if first is not None else None
            wanted += [] if test is None else [(way, name, test)]
    tests = adjusted([test for _, _, test in wanted])
    told: dict[str, dict[str, Comparison]] = {way: {} for way in ways}
    for (way, name, _), test in zip(wanted, tests, strict=True):
        told[way][name] = test
    return {way: (_verdict(each, margin), tuple(each.values())) for way, each in told.items()}


def chance_of(items: Sequence[Item]) -> float:
    """Return the share of the commonest known answer, 1 where none is known."""
    counts = Counter(item.target for item in items if item.target is not None)
    return max(counts.values()) / counts.total() if counts else 1.0


def _verdict(tests: Mapping[str, Comparison], margin: float) -> Kind:
    if all(name in tests and _above(tests[name], margin) for name in ("form", "weights")):
        return "elicited"
    above = {name: _above(test, 0.0) for name, test in tests.items()}
    if not above.get("most", False) and not above.get("labels", False):
        return "absent"
    if "labels" not in tests or not _above(tests["labels"], margin):
        return "taught"
    if "weights" not in tests:
        return "untold"
    return "elicited" if _above(tests["weights"], margin) else "taught"


def _above(test: Comparison, margin: float) -> bool:
    return test.difference >= margin and test.low > 0 and (test.adjusted or 0.0) <= 0.05


def _untrained(rows: Mapping[str, Row]) -> list[str]:
    """Return what the best way without training reaches, beside which elicited must be seen."""
    asked = [row for row in rows.values() if not row.trained and row.accuracy is not None and row.recommendable]
    if not asked:
        return []
    best = max(asked, key=lambda row: row.accuracy or 0.0)
    return [f"Without any training {best.name} reaches {_rate(best)}."]


def _drawing(way: str, curves: Curves) -> Drawing:
    kinds: dict[str, Literal["strong", "muted", "dashed"]] = {
        "": "strong", "random labels": "dashed", "random weights": "muted",
    }  # fmt: skip
    series = tuple(_series(_NAMES[c] or way, curves[c], kinds[c]) for c in _NAMES if c in curves)
    return Drawing("lines", f"{way}: accuracy by examples", "practice items", "right", rate=True, series=series)


def _series(name: str, rows: Mapping[int, Row], kind: Literal["strong", "muted", "dashed"]) -> Series:
    points = tuple((float(size), rows[size].accuracy or 0.0) for size in sorted(rows))
    band = tuple((float(size), rows[size].low or 0.0, rows[size].high or 0.0) for size in sorted(rows))
    return Series(name, points, band if kind == "strong" else (), kind)


def _rate(row: Row | None) -> str:
    return "–" if row is None or row.accuracy is None else f"{row.accuracy:.0%} ({row.low:.0%} to {row.high:.0%})"


def _points(one: Comparison) -> str:
    p = "" if one.adjusted is None else f", p = {one.adjusted:.2g}"
    return f"{100 * one.difference:+.0f} points ({100 * one.low:+.0f} to {100 * one.high:+.0f}{p})"
