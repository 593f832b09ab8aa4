"""What is read off one member of a family: rows by their part, and measures without a threshold in them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from nightschool.exam.result import ExamReport, Row
from nightschool.items import Noise, Score

PLAIN = "zero-shot"
_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Member:
    """One of the family. size: parameters, or steps of learning; steps: of the right answer to each item, by id, where
    answers have steps.
    """

    name: str
    size: float
    report: ExamReport
    steps: Mapping[str, int] | None = None


def reached(control: Row, plain: Row, few: Row, seed: int = 0) -> Score | None:
    """Return which share of what `few` adds to `control` the plain question reaches, over the items that all have.

    The interval is a bootstrap over items; None where few-shot is not above the control in 19 of 20 resamples, since
    there is nothing then to have a share of.
    """
    rows = [each.outcomes() for each in (control, plain, few)]
    common = [item for item in rows[0] if all(item in row for row in rows)]
    if len(common) < 2:
        return None
    values = np.array([[row[item] for item in common] for row in rows])
    rng = np.random.default_rng(Noise((seed, "share", plain.name, few.name)).key())
    means = values[:, rng.integers(0, len(common), (_RESAMPLES, len(common)))].mean(axis=2)
    added = means[2] - means[0]
    if (added <= 0).mean() > 0.05:
        return None
    shares = (means[1] - means[0])[added > 0] / added[added > 0]
    whole = values.mean(axis=1)
    low, high = np.quantile(shares, [0.025, 0.975])
    return Score(float((whole[1] - whole[0]) / (whole[2] - whole[0])), float(low), float(high), len(common))


def row_named(member: Member, name: str) -> Row | None:
    """Return the measured row of that name, or None."""
    return next((row for row in member.report.rungs if row.name == name and row.accuracy is not None), None)


def control_of(report: ExamReport) -> Row | None:
    """Return the best control: what is asked is shown by no more than by any of them."""
    there = [row for row in report.rungs if row.rung == "control" and row.accuracy is not None]
    return max(there, key=lambda row: row.accuracy or 0.0, default=None)


def few_shot_of(report: ExamReport, family: Sequence[Member]) -> Row | None:
    """Return the few-shot row with most examples that every member has."""
    shared = set.intersection(
        *({row.name for row in each.report.rungs if row.rung == "few-shot" and row.accuracy is not None}
          for each in family)
    )  # fmt: skip
    there = [row for row in report.rungs if row.name in shared and len(row.name.partition("k=")[2])]
    return max(there, key=lambda row: int(row.name.partition("k=")[2]), default=None)


def most_taught(report: ExamReport, rungs: Sequence[str]) -> Row | None:
    """Return the row with most examples of the first of `rungs` that was sat."""
    for rung in rungs:
        there = {}
        for row in report.rungs:
            name, _, count = row.name.partition("/n=")
            if name == rung and count.isdigit() and row.accuracy is not None:
                there[int(count)] = row
        if there:
            return there[max(there)]
    return None


def _weights(report: ExamReport) -> list[list[Any]] | None:
    """Return [item, rank of the first token, its probability, probability of the whole, ...] of each item; None where
    nothing was weighed: bounds tell of no whole answer.
    """
    told = next((each for each in report.findings if each.name == "truth-rank" and each.facts), None)
    return None if told is None or told.facts.get("bounds") else list(told.facts["items"])


def bounds_alone(report: ExamReport) -> bool:
    """Return whether the model could only list likely tokens, so that the truth's probability is a bound."""
    return any(each.name == "truth-rank" and each.facts.get("bounds") for each in report.findings)


def nats_of(report: ExamReport) -> dict[str, float] | None:
    """Return -log p of the right whole answer to each item."""
    told = _weights(report)
    return None if told is None else {each[0]: -math.log(max(float(each[3]), 1e-300)) for each in told}


def far_off(report: ExamReport, plain: Row) -> tuple[float, float, int] | None:
    """Return of the failed items the mean nats to the truth, the median rank of its first token, and their number."""
    told, outcomes = _weights(report), plain.outcomes()
    failed = [each for each in told or () if outcomes.get(each[0], 1.0) < 1]
    if not failed:
        return None
    nats = [-math.log(max(float(each[3]), 1e-300)) for each in failed]
    return sum(nats) / len(nats), float(median(each[1] for each in failed)), len(failed)


def from_one_step(member: Member, plain: Row) -> Score | None:
    """Return the accuracy that the error of one step foretells, errors being alike and final: the mean of (1 - e)^n."""
    told = next((each for each in member.report.findings if each.name == "horizon" and PLAIN in each.facts), None)
    if told is None or not member.steps:
        return None
    lengths = [member.steps[item] for item in plain.outcomes() if item in member.steps]
    if not lengths:
        return None
    value, high, low = (float(np.mean([(1 - e) ** n for n in lengths])) for e in told.facts[PLAIN]["error"])
    return Score(value, low, high, len(lengths))


def ways_of(report: ExamReport) -> list[str]:
    """Return the names of all rows that were asked for, controls left out: how much effort prompts were given."""
    return sorted(
        row.name for row in report.rungs if not row.trained and row.rung != "control" and row.accuracy is not None
    )
