"""prompt-noise: how much of the accuracy is luck with the format.

At least fifty formats that mean the same are put to the items, each item to each format being one cell of a grid. A
fifth of the cells tells the worst, the median and the best within their intervals (`stats.spread`), because the calls
go where they decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nightschool.drive import Job
from nightschool.errors import BadSpec
from nightschool.exam.analysis import Sitting
from nightschool.exam.finding import Cell, Drawing, Finding
from nightschool.exam.formats import formats
from nightschool.exam.rungs.asking import lacking, whole
from nightschool.items import Noise, Sampling, Score, Task, Wording
from nightschool.ports import Ability
from nightschool.stats.spread import Cells, Spread, explore
from nightschool.think.single import Single


@dataclass
class _Missing(Exception):
    """Cells without an answer that was judged: the grid cannot be told from what is left."""

    count: int


class PromptNoise:
    """Worst, median and best accuracy over many formats of the same question.

    formats: how many; share: of all cells of the grid that may be asked. Raises BadSpec.
    """

    name = "prompt-noise"
    title = "How much is luck with the format"
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE,))
    asks = True

    def __init__(self, formats: int = 60, share: float = 0.2) -> None:
        if formats < 3 or not 0 < share <= 1:
            raise BadSpec(
                f"prompt-noise: formats is at least 3 and share above 0 and at most 1, not {formats}, {share}"
            )
        self.formats, self.share = formats, share

    def look(self, sitting: Sitting) -> Finding | str:
        """Return the spread, with the formats at its ends."""
        room = sitting.room
        able = [
            wording
            for wording in room.world.wordings
            if wording.style == "words" and lacking(room, room.world.pose(room.items[0], wording)) is None
        ]
        if room.run is None or not able:
            return "no wording in words can be put to this model"
        if int(self.share * len(room.items)) < 2:
            enough = int(2 / self.share) + 1
            return f"{len(room.items)} items are too few for a share of {self.share:.0%}; {enough} are enough"
        ways = formats(able, self.formats, room.seed)
        rng = sitting.rng(self.name)
        try:
            found = explore(len(ways), len(room.items), lambda cells: self._look(sitting, ways, cells), rng, self.share)
        except _Missing as missing:
            return f"{missing.count} answers are missing or were not judged, and a grid with holes is no grid"
        return self._finding(ways, found)

    def _look(self, sitting: Sitting, ways: Sequence[Wording], cells: Cells) -> list[float]:
        room, jobs = sitting.room, []
        for way, number in cells:
            item, wording = room.items[number], ways[way]
            sampling = Sampling(room.world.max_answer_tokens, 0.0, stop=wording.stop)
            task = Task(item, room.world.pose(item, wording), sampling, room.adapter)
            jobs.append(Job(Single(), task, Noise((room.seed, self.name, item.id, wording.id))))
        assert room.run is not None
        answers = [whole(trace.best) for trace in room.run(jobs)]
        there = [(job.task.item, each.answer) for job, each in zip(jobs, answers, strict=True) if each is not None]
        passed = [float(each) for each in sitting.grade(there) if each is not None]
        if len(passed) < len(jobs):
            raise _Missing(len(jobs) - len(passed))
        return passed

    def _finding(self, ways: Sequence[Wording], found: Spread) -> Finding:
        own = {wording.name: score for wording, score in zip(ways, found.ways, strict=True) if "~" not in wording.name}
        ends = [("worst", found.likely_worst, found.worst), ("best", found.likely_best, found.best)]
        table: list[tuple[Cell, ...]] = [
            (name, _text(score), ways[way].name, _shown(ways[way])) for name, way, score in ends
        ]
        table.insert(1, ("median", _text(found.median), "", ""))
        return Finding(
            self.name,
            self.title,
            f"Over {len(ways)} formats that mean the same, accuracy runs from {found.worst.value:.0%} to "
            f"{found.best.value:.0%}, {found.median.value:.0%} in the middle.",
            (f"Told from {found.calls:,} of {len(ways) * found.best.n:,} cells ({found.share:.0%}).",),
            ("", "accuracy", "format", "as it is put"),
            tuple(table),
            (
                Drawing(
                    "strip", "accuracy of every format",
                    parts={
                        "worst": _part(found.worst), "median": _part(found.median), "best": _part(found.best),
                        **{name: _part(score) for name, score in own.items()},
                    },
                ),
            ),
            {
                "worst": _part(found.worst), "median": _part(found.median), "best": _part(found.best),
                "share": found.share, "calls": found.calls,
                "formats": {way.name: _part(score) for way, score in zip(ways, found.ways, strict=True)},
            },
        )  # fmt: skip


def _shown(wording: Wording) -> str:
    text = wording.document or "\n".join(filter(None, (wording.system, wording.user)))
    return text.replace("\n", " ⏎ ")


def _part(score: Score) -> tuple[float, float, float]:
    return score.value, score.low, score.high


def _text(score: Score) -> str:
    return f"{score.value:.0%} ({score.low:.0%} to {score.high:.0%})"
