"""Paired comparisons: rows of one exam with its plain question, and the same row before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nightschool.exam.result import Comparison, ExamReport, Row
from nightschool.items import Noise
from nightschool.stats import Paired, bootstrap_difference, difference, holm, mcnemar


def compare(first: Row, second: Row, seed: int = 0) -> Comparison | None:
    """Return `second` against `first` over the items that both have an outcome for; None where there is none.

    All-or-nothing outcomes get McNemar's mid-p test and Tango's interval; shares of several draws or wordings get a
    clustered bootstrap interval, drawn from `seed`.
    Ref: fagerland2013; tango1998; field2007.
    """
    before, after = first.outcomes(), second.outcomes()
    common = [item for item in before if item in after]
    if not common:
        return None
    a, b = [before[item] for item in common], [after[item] for item in common]
    if all(outcome in (0.0, 1.0) for outcome in (*a, *b)):
        paired = Paired.of([bool(x) for x in a], [bool(x) for x in b])
        score, p = difference(paired), mcnemar(paired)
        return Comparison(
            first.name, second.name, score.n, score.value, score.low, score.high, paired.gained, paired.lost, p
        )
    if len(common) < 2:
        return None
    rng = np.random.default_rng(Noise((seed, "bootstrap", first.name, second.name)).key())
    score = bootstrap_difference([[x] for x in a], [[x] for x in b], rng)
    return Comparison(first.name, second.name, score.n, score.value, score.low, score.high, test="clustered bootstrap")


def with_plain(rows: Sequence[Row], seed: int = 0) -> tuple[Comparison, ...]:
    """Return each measured row against the plain question, and where that was not measured against the first that was,
    adjusted for their number.
    """
    measured = sorted((row for row in rows if row.accuracy is not None), key=lambda row: row.name != "zero-shot")
    return adjusted([compare(measured[0], row, seed) for row in measured[1:]] if measured else [])


def before_after(before: ExamReport, after: Sequence[Row], seed: int = 0) -> tuple[Comparison, ...]:
    """Return each row of `after` against the row of the same name before, over the same items, adjusted.

    The comparison is of items by their ids: only those that both reports hold take part.
    """
    names = {row.name: row for row in before.rungs}
    return adjusted([compare(names[row.name], row, seed) for row in after if row.name in names])


def adjusted(found: Sequence[Comparison | None]) -> tuple[Comparison, ...]:
    """Return the comparisons that there are, with their p-values adjusted by Holm. Ref: holm1979."""
    there = [each for each in found if each is not None]
    tested = [each.p_value for each in there if each.p_value is not None]
    family = iter(holm(tested))
    return tuple(each if each.p_value is None else replace(each, adjusted=next(family)) for each in there)
