"""curation: how many draws it takes for one that is accepted, and what more draws would contain.

What many draws will contain is told from a quarter of them, and checked against all. Items differ in how hard they are,
so a single rate for all would promise far too much (`stats.curation`).
"""

from __future__ import annotations

from nightschool.exam.analysis import Sitting, left_out
from nightschool.exam.finding import Cell, Drawing, Finding, Series
from nightschool.items import Thought, Trace
from nightschool.ports import Ability
from nightschool.stats import pass_at_k
from nightschool.stats.curation import Ratio, curation_ratio, fit_ability
from nightschool.think.standing import is_answer

_PARTS = ("search", "vote")  # both make the same draws where their parameters agree


class Curation:
    """Draws for each accepted answer, by the verifier and in truth, and the curve of best-of-n, told and measured."""

    name = "curation"
    title = "What selection costs"
    needs: frozenset[Ability] = frozenset()
    asks = False

    def look(self, sitting: Sitting) -> Finding | str:
        """Return the ratios with their intervals and the curve."""
        name = next((name for name in _PARTS if name in sitting.done), None)
        if name is None:
            return "it takes the draws of the rung search or vote"
        traces = [trace for trace in sitting.done[name][1] if _draws(trace)]
        width = max((len(_draws(trace)) for trace in traces), default=0)
        drawn = [trace for trace in traces if len(_draws(trace)) == width]
        pairs = [(trace.task.item, thought.answer) for trace in drawn for thought in _draws(trace)]
        passed = iter(sitting.grade(pairs))
        graded = [(trace, [next(passed) for _ in range(width)]) for trace in drawn]
        judged = [(trace, [each for each in row if each is not None]) for trace, row in graded if None not in row]
        whole, right = [trace for trace, _ in judged], [row for _, row in judged]
        if width < 4 or len(whole) < 2:
            return "it takes four draws or more of two items or more, all of them judged"
        found: dict[str, Ratio] = {"right in truth": curation_ratio([sum(row) for row in right], [width] * len(whole))}
        accepted = [[_accepted(thought) for thought in _draws(trace)] for trace in whole]
        if all(each is not None for row in accepted for each in row):
            counts = [sum(bool(each) for each in row) for row in accepted]
            found["accepted by the verifier"] = curation_ratio(counts, [width] * len(whole))
        return self._finding(right, width, found, left_out(len(drawn) - len(whole), len(drawn), "items"))

    def _finding(
        self, right: list[list[bool]], width: int, found: dict[str, Ratio], unjudged: tuple[str, ...]
    ) -> Finding:
        few = max(2, width // 4)
        ability = fit_ability([sum(row[:few]) for row in right], [few] * len(right))
        rate = sum(map(sum, right)) / (width * len(right))
        places = sorted({*(n for n in (1, 2, 4, 8, 16, 32, 64, 128) if n <= width), width})
        measured = [(n, sum(pass_at_k(width, sum(row), n) for row in right) / len(right)) for n in places]
        told = [(n, ability.pass_at(n)) for n in (*places, 2 * width, 4 * width)]
        naive = [(n, 1 - (1 - rate) ** n) for n in places]
        worst = max(abs(told[i][1] - measured[i][1]) for i in range(len(places)))
        true = found["right in truth"]
        sentence = (
            f"It takes {_count(true.value)} draws for one right answer (95% interval {_count(true.low)} to "
            f"{'no end' if true.high is None else _count(true.high)})."
            if true.value is not None
            else f"No draw was right: one right answer takes more than {true.low:.0f} draws."
        )
        rows: list[tuple[Cell, ...]] = [(name, r.value, r.low, r.high, r.n) for name, r in found.items()]
        return Finding(
            self.name,
            self.title,
            sentence,
            (
                f"What up to {width} draws contain, told from the first {few} of each item, differs by at most "
                f"{100 * worst:.1f} points from what they did contain; {4 * width} draws would contain a right answer "
                f"to {told[-1][1]:.0%} of the items, {ability.never:.0%} being out of reach.",
                *unjudged,
            ),
            ("", "draws for one", "from", "to", "items"),
            tuple(rows),
            (
                Drawing(
                    "lines", "items with a right answer among n draws", "draws", "items", rate=True,
                    series=(
                        Series("measured", tuple((float(n), y) for n, y in measured)),
                        Series(f"told from {few} draws", tuple((float(n), y) for n, y in told), kind="trained"),
                        Series("if all items were alike", tuple((float(n), y) for n, y in naive), kind="dashed"),
                    ),
                ),
            ),
            {
                "ratios": {name: [r.value, r.low, r.high] for name, r in found.items()},
                "measured": measured, "told": told, "told_from": few, "largest_error": worst,
            },
        )  # fmt: skip


def _draws(trace: Trace) -> list[Thought]:
    return [thought for thought in trace.thoughts if is_answer(thought) and thought.finish != "cancelled"]


def _accepted(thought: Thought) -> bool | None:
    verdict = thought.verdict
    return verdict.passed if verdict is not None and verdict.error is None else None


def _count(count: float) -> str:
    return f"{count:.1f}" if count < 20 else f"{count:,.0f}"
