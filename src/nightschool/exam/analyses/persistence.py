"""persistence: after a first mistake, does the rest go worse?

Half of a right answer is put into the model's mouth, once as it is and once with its last step wrong, and the model
goes on by itself. What it gets right of the steps behind, over the same items, is what a mistake costs; how soon it is
on the true path again is how long it lasts. For worlds that can mark the steps of an answer (`world.marks`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nightschool.drive import Job
from nightschool.errors import BadSpec
from nightschool.exam.analysis import Sitting
from nightschool.exam.finding import Cell, Drawing, Finding, Series
from nightschool.exam.rungs.asking import whole
from nightschool.items import Item, Noise, Sampling, Score, Task, Trace
from nightschool.ports import Ability
from nightschool.prompts.render import answer_of
from nightschool.stats import bootstrap_difference, clustered_rate
from nightschool.think.single import Single

_BETWEEN = re.compile(r"(\s*[,;\n]\s*)")
_LEAST = 10


@dataclass(frozen=True, slots=True)
class _Planted:
    """An item with what is put into the model's mouth: `steps` steps, the last of them right or wrong."""

    item: Item
    right: str
    wrong: str
    steps: int


class Persistence:
    """Steps right behind a planted mistake, and behind the same steps without it. items: at most. Raises BadSpec."""

    name = "persistence"
    title = "What a mistake brings"
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE,))
    asks = True

    def __init__(self, items: int = 100) -> None:
        if items < _LEAST:
            raise BadSpec(f"persistence: items is at least {_LEAST}, not {items}")
        self.items = items

    def look(self, sitting: Sitting) -> Finding | str:
        """Return what follows a mistake."""
        room = sitting.room
        if not hasattr(room.world, "marks") or room.run is None:
            return f"{room.world.spec} has no steps that could be marked"
        planted = self._plant(sitting)
        if len(planted) < _LEAST:
            return f"a mistake can be planted in {len(planted)} answers; it takes {_LEAST} with three steps or more"
        found = {}
        for kind in ("right", "wrong"):
            jobs = [self._job(sitting, each, kind) for each in planted]
            found[kind] = [_behind(sitting, each, kind, t) for each, t in zip(planted, room.run(jobs), strict=True)]
        both = [(a, b) for a, b in zip(found["right"], found["wrong"], strict=True) if a and b]
        if len(both) < _LEAST:
            return f"only {len(both)} of {len(planted)} answers went on with steps that could be read"
        return self._finding(sitting, [a for a, _ in both], [b for _, b in both], len(planted))

    def _plant(self, sitting: Sitting) -> list[_Planted]:
        room, found = sitting.room, []
        others = [item for item in room.items if item.target is not None]
        for i, item in enumerate(others[: self.items]):
            pieces = _BETWEEN.split(str(item.target))  # step, separator, step, ...
            steps = len(pieces[::2]) // 2
            if len(pieces[::2]) < 3:
                continue
            right = "".join(pieces[: 2 * steps - 1])
            for other in (*others[i + 1 :], *others[:i]):
                theirs = _BETWEEN.split(str(other.target))[::2]
                if len(theirs) < steps:
                    continue
                wrong = "".join((*pieces[: 2 * steps - 2], theirs[steps - 1]))
                marks = tuple(room.world.marks(item, wrong))  # type: ignore[attr-defined]  # `look` asked for them
                if marks == (True,) * (steps - 1) + (False,):
                    found.append(_Planted(item, right + pieces[2 * steps - 1], wrong + pieces[2 * steps - 1], steps))
                    break
        return found

    def _job(self, sitting: Sitting, each: _Planted, kind: str) -> Job:
        room = sitting.room
        prompt = room.world.pose(each.item, room.wording)
        given = (each.right if kind == "right" else each.wrong).rstrip()
        whole = answer_of(room.wording, replace(each.item, target=given))
        begun = whole[: whole.rindex(given) + len(given)]  # what a worked example has before its answer, not behind it
        stop = tuple(text for text in room.wording.stop if text not in begun)
        task = Task(
            each.item,
            replace(prompt, prefill=prompt.prefill + begun),
            Sampling(room.world.max_answer_tokens, 0.0, stop=stop),
            room.adapter,
        )
        return Job(Single(), task, Noise((room.seed, "persistence", kind, each.item.id)))

    def _finding(
        self, sitting: Sitting, right: Sequence[Sequence[float]], wrong: Sequence[Sequence[float]], planted: int
    ) -> Finding:
        rng = sitting.rng(self.name)
        lost = bootstrap_difference(
            [[sum(run) / len(run)] for run in right], [[sum(run) / len(run)] for run in wrong], rng
        )
        table: list[tuple[Cell, ...]] = []
        curves: dict[str, list[tuple[float, Score]]] = {"right": [], "wrong": []}
        for place in range(max(map(len, (*right, *wrong)))):
            cells: list[Cell] = [f"+{place + 1}"]
            for kind, runs in (("right", right), ("wrong", wrong)):
                there = [[run[place]] for run in runs if len(run) > place]
                score = clustered_rate(there) if there else None
                cells.append("–" if score is None else _text(score))
                if score is not None:
                    curves[kind].append((place + 1.0, score))
            table.append((*cells, sum(len(run) > place for run in wrong)))
        back = sum(any(run) for run in wrong)
        verdict = (
            "a mistake brings more of them" if lost.high < 0
            else "that a mistake brings more of them is not shown" if lost.low <= 0
            else "the rest goes better behind the mistake"
        )  # fmt: skip
        return Finding(
            self.name,
            self.title,
            f"Behind a planted mistake {-100 * lost.value:.0f} points fewer of the steps are right than behind the "
            f"same steps without it ({-100 * lost.high:.0f} to {-100 * lost.low:.0f}): {verdict}.",
            (
                f"{len(wrong)} of {planted} planted answers could be read both times; {back} of them came back to the "
                "true path at some step.",
            ),
            ("step", "behind right steps", "behind a mistake", "runs"),
            tuple(table),
            (
                Drawing(
                    "lines", "steps right behind the plant", "steps behind", "right", rate=True,
                    series=tuple(
                        Series(
                            f"behind {'right steps' if kind == 'right' else 'a mistake'}",
                            tuple((x, s.value) for x, s in curves[kind]),
                            tuple((x, s.low, s.high) for x, s in curves[kind]),
                            "strong" if kind == "wrong" else "muted",
                        )
                        for kind in curves
                    ),
                ),
            ),
            {"difference": [lost.value, lost.low, lost.high], "runs": len(wrong), "came_back": back},
        )  # fmt: skip


def _behind(sitting: Sitting, each: _Planted, kind: str, trace: Trace) -> tuple[float, ...]:
    """Return for each step behind the plant whether it is right; nothing where none could be read."""
    best = whole(trace.best)
    if best is None:
        return ()
    begun = each.right if kind == "right" else each.wrong
    more = best.answer
    said = begun + (more if more.startswith("\n") else more.lstrip(" ,;"))
    marks = tuple(sitting.room.world.marks(each.item, said))  # type: ignore[attr-defined]
    return tuple(float(mark) for mark in marks[each.steps :])


def _text(score: Score) -> str:
    return f"{score.value:.0%} ({score.low:.0%} to {score.high:.0%})"
