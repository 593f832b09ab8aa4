"""Work that goes on for many steps: how often a step fails, how often a run comes back, and how far it gets.

A run is a sequence of marks, one for each step: is the state right after it? Before the first step it is right. The
two-state model has an error e, the chance that a right state is followed by a wrong one, and a recovery r, the chance
that a wrong one is followed by a right one. Without recovery a run of n steps is right with (1 - e)^n.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nightschool.items import Score
from nightschool.stats.bootstrap import expanded
from nightschool.stats.rates import clustered_rate, exact_low

Run = Sequence[bool]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TwoState:
    """error: P(wrong | right before); recovery: P(right | wrong before), None where no wrong state was followed."""

    error: Score
    recovery: Score | None

    def right_at(self, step: int) -> float:
        """Return the probability that the state is right after `step` steps, with recovery. Ref: feller1968, XV.5."""
        e, r = self.error.value, self.recovery.value if self.recovery else 0.0
        if e + r == 0:
            return 1.0
        settled = r / (e + r)
        return min(max(settled + (1 - settled) * (1 - e - r) ** step, 0.0), 1.0)  # rounding can leave the interval

    def survives(self, step: int) -> float:
        """Return the probability that no step up to `step` was wrong: (1 - e)^step."""
        return float((1 - self.error.value) ** step)


def two_state(runs: Sequence[Run]) -> TwoState:
    """Return error and recovery with their intervals at the effective number of runs.

    Raises ValueError where no run has a step.
    Ref: korn1998.
    """
    after_right, after_wrong = [], []
    for run in runs:
        before = (True, *run)
        after_right.append([float(not now) for was, now in zip(before, run, strict=False) if was])
        after_wrong.append([float(now) for was, now in zip(before, run, strict=False) if not was])
    known = [each for each in after_right if each]
    if not known:
        raise ValueError("no run has a step: error and recovery cannot be told")
    wrong = [each for each in after_wrong if each]
    return TwoState(clustered_rate(known), clustered_rate(wrong) if wrong else None)


@dataclass(frozen=True, slots=True)
class Place:
    """What was measured after `step` steps. right: state right; survived: no step wrong so far; n: runs that long."""

    step: int
    right: Score
    survived: float
    n: int


def by_step(runs: Sequence[Run]) -> list[Place]:
    """Return what was measured after each step that some run reached.

    survived: the product of the shares that took each step without a first mistake, so that runs which end early are
    counted as far as they went. Ref: kaplan1958.
    """
    longest = max((len(run) for run in runs), default=0)
    found: list[Place] = []
    alive = 1.0
    for step in range(longest):
        there = [run for run in runs if len(run) > step]
        at_risk = [run for run in there if all(run[:step])]
        if at_risk:
            alive *= sum(run[step] for run in at_risk) / len(at_risk)
        right = clustered_rate([[float(run[step])] for run in there])
        found.append(Place(step + 1, right, alive, len(there)))
    return found


@dataclass(frozen=True, slots=True)
class Horizon:
    """The number of steps after which a run is still faultless with probability `level`.

    steps: log(level) / log(1 - e); None where no error was seen, and then only `low` is known. low, high: 95% interval;
    high is None where it has no end. extrapolated: longer than any run that was measured.
    """

    level: float
    steps: float | None
    low: float
    high: float | None
    extrapolated: bool


def horizon(runs: Sequence[Run], level: float, rng: np.random.Generator, resamples: int = 2000) -> Horizon:
    """Return the horizon at `level` with a bootstrap interval over runs.

    Where no step failed, the lower end comes from the largest error that so many steps do not exclude, as if every run
    counted once. Raises ValueError for a level outside (0, 1), or fewer than two runs with a step.
    Ref: clopper1934; hesterberg2015.
    """
    if not 0 < level < 1:
        raise ValueError(f"the level of a horizon is between 0 and 1, not {level}")
    first = [_before_mistake(run) for run in runs if len(run)]
    if len(first) < 2:
        raise ValueError("a horizon needs two runs or more")
    steps, wrong = np.array([s for s, _ in first], dtype=float), np.array([w for _, w in first], dtype=float)
    longest = max(len(run) for run in runs)
    if wrong.sum() == 0:
        most = 1 - exact_low(len(first), len(first))
        return Horizon(level, None, _steps(most, level), None, True)
    picks = rng.multinomial(len(first), np.full(len(first), 1 / len(first)), size=resamples)
    rates = np.clip((picks @ wrong) / (picks @ steps), 0, 1 - 1e-12)
    edge = expanded(0.025, len(first))
    low, high = (float(x) for x in np.quantile(rates, [edge, 1 - edge]))
    value = _steps(float(wrong.sum() / steps.sum()), level)
    return Horizon(
        level, value, min(_steps(high, level), value), max(_steps(low, level), value) if low > 0 else None,
        value > longest,
    )  # fmt: skip


def _before_mistake(run: Run) -> tuple[int, int]:
    """Return the steps taken from a state that was always right, and whether the last of them failed."""
    for place, right in enumerate(run):
        if not right:
            return place + 1, 1
    return len(run), 0


def _steps(error: float, level: float) -> float:
    if error <= 0:
        return math.inf
    return math.log(level) / math.log1p(-min(error, 1 - 1e-12))


def simulate(error: float, recovery: float, length: int, count: int, rng: np.random.Generator) -> list[list[bool]]:
    """Return `count` runs of `length` steps of a two-state chain, to plant what is to be found."""
    rolls = rng.random((count, length))
    runs = []
    for row in rolls:
        run, right = [], True
        for roll in row:
            right = bool(roll >= error) if right else bool(roll < recovery)
            run.append(right)
        runs.append(run)
    return runs
