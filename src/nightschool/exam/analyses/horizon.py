"""horizon: how far work of many steps gets before it breaks, and whether it comes back.

For worlds that can say of each step of an answer whether it is right (`world.marks`). Each way of the exam has its
own error, recovery and horizons, so that what thinking and critics add is seen in steps and not in a rate alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nightschool.exam.analysis import Sitting
from nightschool.exam.finding import Cell, Drawing, Finding, Series
from nightschool.exam.result import Row
from nightschool.items import Item, Score
from nightschool.ports import Ability
from nightschool.stats.steps import Horizon, Place, TwoState, by_step, horizon, two_state

LEVELS = (0.5, 0.8)


class HorizonAnalysis:
    """Error of a step, recovery, measured survival beside (1 - e)^n, and the horizons at 50% and 80%."""

    name = "horizon"
    title = "How far it gets"
    needs: frozenset[Ability] = frozenset()
    asks = False

    def look(self, sitting: Sitting) -> Finding | str:
        """Return the steps of every way that answers each item once."""
        world = sitting.room.world
        if not hasattr(world, "marks"):
            return f"{world.spec} has no steps that could be marked"
        items = {item.id: item for item in sitting.room.items}
        runs = {
            name: read
            for name, row in sitting.rows.items()
            if row.accuracy is not None and not row.spread and row.rung != "control"
            if len(read := marked(world.marks, row, items)) >= 2
        }
        if not runs:
            return "no answer has steps that could be read"
        if max(len(run) for read in runs.values() for run in read) < 2:
            return "answers have a single step: there is no way to go on"
        return self._finding(sitting, runs)

    def _finding(self, sitting: Sitting, runs: Mapping[str, list[tuple[bool, ...]]]) -> Finding:
        table: list[tuple[Cell, ...]] = []
        facts: dict[str, object] = {}
        models: dict[str, TwoState] = {}
        for name, read in runs.items():
            models[name] = model = two_state(read)
            rng = sitting.rng(f"{self.name} {name}")
            half, most = (horizon(read, level, rng) for level in LEVELS)
            answers = sum(bool(record.answers) for record in sitting.rows[name].records)
            recovery = "" if model.recovery is None else _score(model.recovery.value, *_ends(model.recovery))
            table.append(
                (name, _score(model.error.value, *_ends(model.error)), recovery, _steps(half), _steps(most),
                 f"{len(read)} of {answers}")
            )  # fmt: skip
            facts[name] = {
                "error": [model.error.value, *_ends(model.error)],
                "recovery": None if model.recovery is None else [model.recovery.value, *_ends(model.recovery)],
                "horizons": {str(h.level): [h.steps, h.low, h.high, h.extrapolated] for h in (half, most)},
                "read": len(read),
            }
        shown = "zero-shot" if "zero-shot" in runs else next(iter(runs))
        best = min(models, key=lambda name: models[name].error.value)
        places = by_step(runs[shown])
        notes = [
            "A step counts as right when the state after it is the true one. Answers whose steps cannot be read are "
            "left out here, and are failures in the table of ways.",
            _persistence(models[shown], shown),
        ]
        return Finding(
            self.name,
            self.title,
            f"{best} makes the fewest mistakes: {models[best].error.value:.1%} of its steps go wrong, so that a run is "
            f"faultless half of the time for {_steps(horizon(runs[best], 0.5, sitting.rng('best')))} steps.",
            tuple(note for note in notes if note),
            ("way", "error of a step", "recovery", "50% horizon", "80% horizon", "runs read"),
            tuple(table),
            (self._drawing(shown, places, models[shown]),),
            facts,
        )

    @staticmethod
    def _drawing(shown: str, places: Sequence[Place], model: TwoState) -> Drawing:
        steps = [0, *(place.step for place in places)]
        right = tuple((float(place.step), place.right.value) for place in places)
        survived = tuple((float(place.step), place.survived) for place in places)
        band = tuple((float(place.step), place.right.low, place.right.high) for place in places)
        return Drawing(
            "lines", f"{shown}: how many runs are right after each step", "steps", "runs", rate=True,
            series=(
                Series("state right", ((0.0, 1.0), *right), ((0.0, 1.0, 1.0), *band)),
                Series("no mistake so far", ((0.0, 1.0), *survived), kind="trained"),
                Series("(1 − e)ⁿ", tuple((float(n), model.survives(n)) for n in steps), kind="dashed"),
                Series("two states", tuple((float(n), model.right_at(n)) for n in steps), kind="muted"),
            ),
        )  # fmt: skip


def marked(marks: object, row: Row, items: Mapping[str, Item]) -> list[tuple[bool, ...]]:
    """Return the marks of each record's one answer, those without any left out.

    A search that goes step by step and ended before the last of them failed there: whatever it drew was not passed.
    """
    assert callable(marks)
    found = []
    stepwise = row.way is not None and row.way.strategy.partition(":")[0] == "chain"
    for record in row.records:
        if len(record.answers) == 1 and record.item in items:
            item = items[record.item]
            run = tuple(bool(mark) for mark in marks(item, record.answers[0]))
            if stepwise and len(run) < len(marks(item, item.target or "")):
                run = (*run, False)
            if run:
                found.append(run)
    return found


def _persistence(model: TwoState, name: str) -> str:
    """Return whether mistakes bring mistakes: the error after a wrong state beside the error after a right one."""
    if model.recovery is None:
        return ""
    after, before = 1 - model.recovery.value, model.error.value
    sure = 1 - model.recovery.high > model.error.high
    verdict = "mistakes persist" if sure else "that mistakes bring mistakes is not shown"
    seen = f"a wrong state is followed by a wrong one {after:.0%} of the time, a right one {before:.0%}"
    return f"In {name}, {seen}: {verdict}."


def _ends(score: Score) -> tuple[float, float]:
    return score.low, score.high


def _score(value: float, low: float, high: float) -> str:
    return f"{value:.1%} ({low:.1%} to {high:.1%})"


def _steps(found: Horizon) -> str:
    """Return a horizon in words."""
    end = "more" if found.high is None else f"{found.high:.1f}"
    if found.steps is None:
        return f"over {found.low:.0f}"
    told = ", beyond what was run" if found.extrapolated else ""
    return f"{found.steps:.1f} ({found.low:.1f} to {end}{told})"
