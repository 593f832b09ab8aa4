"""elicited: was it in the model, or was it put there?

A head on frozen states answers with few examples only what the states already tell. The verdicts, in this order:

    absent     even with all examples the head is not above the same head with shuffled answers
    elicited   with at most `few` examples it is above that, and above a head on shuffled weights
    untold     it is above that, and there is nothing to hold it against: the twin of shuffled weights is missing
    taught     it is above chance, but needs many examples, or shuffled weights do as well: the training made it

All tests are paired over the exam's items and adjusted together by Holm. Where a test is missing, or the items are too
few to show a difference of ten points, the sentence says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from nightschool.errors import BadSpec
from nightschool.exam.analysis import Sitting
from nightschool.exam.compare import adjusted, compare
from nightschool.exam.finding import Cell, Drawing, Finding, Series
from nightschool.exam.result import Comparison, Row
from nightschool.ports import Ability
from nightschool.stats import items_to_see

Kind = Literal["absent", "elicited", "untold", "taught"]
_NAMES: Mapping[str, str] = {"": "head", "random labels": "shuffled answers", "random weights": "shuffled weights"}
_NAME = re.compile(r"head/n=(\d+)(?:,(random labels|random weights))?")


class Elicited:
    """The learning curve of the head beside its controls, and what it says. few: examples that count as few."""

    name = "elicited"
    title = "In the model, or put there"
    needs: frozenset[Ability] = frozenset()
    asks = False

    def __init__(self, few: int = 64) -> None:
        if few < 1:
            raise BadSpec(f"elicited: few is at least 1, not {few}")
        self.few = few

    def look(self, sitting: Sitting) -> Finding | str:
        """Return the curves and the verdict."""
        curves = curves_of(sitting.rows)
        if "" not in curves or "random labels" not in curves:
            return "it takes the rung head, with its controls"
        kind, tests = verdict(curves, self.few, sitting.room.seed)
        most = max(curves[""])
        needed = items_to_see(0.10, 0.3)
        n = curves[""][most].n
        notes = list(dict.fromkeys(f"{each.second} against {each.first}: {_points(each)}." for each in tests))
        if n < needed:
            notes.append(f"{n} items hardly show a difference of 10 points; {needed} would.")
        sizes = sorted(curves[""])
        table: list[tuple[Cell, ...]] = [
            (
                str(size),
                *(_rate(curves.get(control, {}).get(size)) for control in ("", "random labels", "random weights")),
            )
            for size in sizes
        ]
        kinds: dict[str, Literal["strong", "muted", "dashed"]] = {
            "": "strong", "random labels": "dashed", "random weights": "muted",
        }  # fmt: skip
        return Finding(
            self.name,
            self.title,
            _SENTENCES[kind].format(few=self.few, best=curves[""][most].accuracy or 0.0, n=most),
            tuple(notes),
            ("examples", "head", "shuffled answers", "shuffled weights"),
            tuple(table),
            (
                Drawing(
                    "lines", "accuracy by number of examples", "practice items", "right", rate=True,
                    series=tuple(_series(_NAMES[c], curves[c], kinds[c]) for c in _NAMES if c in curves),
                ),
            ),
            {"verdict": kind, "tests": [[t.first, t.second, t.difference, t.adjusted] for t in tests]},
        )  # fmt: skip


_SENTENCES: Mapping[Kind, str] = {
    "absent": "Absent from the states: with {n} examples a head gets no more than with shuffled answers.",
    "elicited": "Elicited: the frozen states tell it within {few} examples, and shuffled weights do not ({best:.0%} "
    "with {n}).",
    "untold": "Elicited or taught: what the head gets with {few} examples is in its states ({best:.0%} with {n}), and "
    "without a twin of shuffled weights nobody can say whether learning put it there.",
    "taught": "Taught rather than found: what the head gets ({best:.0%} with {n}) takes many examples, or needs "
    "none of what the weights have learned.",
}


def curves_of(rows: Mapping[str, Row]) -> dict[str, dict[int, Row]]:
    """Return the head's rows by control (empty for the head itself) and number of examples."""
    curves: dict[str, dict[int, Row]] = {}
    for name, row in rows.items():
        match = _NAME.fullmatch(name)
        if match is not None and row.accuracy is not None:
            curves.setdefault(match[2] or "", {})[int(match[1])] = row
    return curves


def verdict(curves: Mapping[str, Mapping[int, Row]], few: int, seed: int = 0) -> tuple[Kind, tuple[Comparison, ...]]:
    """Return the verdict and the tests that it rests on: each control against the head, adjusted together."""
    own, labels, weights = curves[""], curves["random labels"], curves.get("random weights", {})
    most = max(own)
    small = max((size for size in own if size <= few), default=None)
    wanted = [(labels.get(most), own[most])]
    if small is not None:
        wanted += [(labels.get(small), own[small]), (weights.get(small), own[small])]
    found = [compare(first, second, seed) if first is not None else None for first, second in wanted]
    family = iter(adjusted(found))
    tests = [next(family) if each is not None else None for each in found]
    better = [
        each is not None and each.difference > 0 and (each.adjusted or 0.0) <= 0.05 and each.low > 0 for each in tests
    ]
    told = tuple(each for each in tests if each is not None)
    if not better[0] and not (len(better) > 1 and better[1]):
        return "absent", told
    if len(better) < 3 or not better[1]:
        return "taught", told
    if tests[2] is None:
        return "untold", told
    return ("elicited" if better[2] else "taught"), told


def _series(name: str, rows: Mapping[int, Row], kind: Literal["strong", "muted", "dashed"]) -> Series:
    points = tuple((float(size), rows[size].accuracy or 0.0) for size in sorted(rows))
    band = tuple((float(size), rows[size].low or 0.0, rows[size].high or 0.0) for size in sorted(rows))
    return Series(name, points, band if kind == "strong" else (), kind)


def _rate(row: Row | None) -> str:
    return "–" if row is None or row.accuracy is None else f"{row.accuracy:.0%} ({row.low:.0%} to {row.high:.0%})"


def _points(one: Comparison) -> str:
    p = "" if one.adjusted is None else f", p = {one.adjusted:.2g}"
    return f"{100 * one.difference:+.0f} points ({100 * one.low:+.0f} to {100 * one.high:+.0f}{p})"
