"""calibration: does the model know when it is right?

Signs of confidence, where they are to be had: the probability of the answer's own tokens; how many draws agree with the
commonest one; what the model says when it is shown its answer and asked whether it is right (`stated`); and what it
says before it answers, asked whether it can (`ahead`). A temperature is fitted on practice items and judged on the
exam's (`practice`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nightschool.drive import Job
from nightschool.errors import BadSpec
from nightschool.exam.analysis import Sitting, left_out
from nightschool.exam.finding import Cell, Drawing, Finding, Kind, Series
from nightschool.exam.rung import Part
from nightschool.exam.rungs.asking import whole
from nightschool.exam.weighing import Weighing, logp_of
from nightschool.items import Item, Message, Noise, Prompt, Sampling, Score, Split, Task, Thought, Trace
from nightschool.ports import Ability
from nightschool.stats.calibration import brier, calibration_error, reliability, scaled, selective, temperature
from nightschool.think.single import Single

_LEAST = 20
_ASKED = "Is this answer right? Answer yes or no."
_AHEAD = "Do you know the right answer to this? Do not answer it. Say yes or no."


@dataclass(frozen=True, slots=True)
class _Sure:
    """Confidences with outcomes, of exam items and of practice items. failed: answers that the critic failed on."""

    confidence: list[float]
    right: list[bool]
    failed: int = 0
    practice: tuple[list[float], list[bool]] | None = None


class Calibration:
    """Reliability, Brier score and calibration error of each sign of confidence, before and after a temperature.

    practice: practice items that the plain question is put to, to fit the temperature on (0: none); stated: whether the
    model is also asked about its own answers; ahead: whether it is asked before it answers, without seeing any.
    Raises BadSpec.
    """

    name = "calibration"
    title = "Does it know when it is right"
    needs: frozenset[Ability] = frozenset()

    def __init__(self, practice: int = 0, stated: bool = False, ahead: bool = False) -> None:
        if practice < 0 or (0 < practice < _LEAST):
            raise BadSpec(f"calibration: practice is 0, or {_LEAST} items and more, not {practice}")
        self.practice, self.stated, self.ahead = practice, stated, ahead
        self.asks = practice > 0 or stated or ahead

    def look(self, sitting: Sitting) -> Finding | str:
        """Return what each sign of confidence is worth."""
        signs: dict[str, _Sure] = {}
        if "zero-shot" in sitting.done:
            practised = self._practise(sitting, sitting.done["zero-shot"][0])
            signs["probability of the answer"] = _of_tokens(sitting, sitting.done["zero-shot"][1], practised)
            if self.stated:
                signs["stated"] = self._state(sitting, sitting.done["zero-shot"][1])
            if self.ahead:
                signs["stated before answering"] = self._state(sitting, sitting.done["zero-shot"][1], ahead=True)
        drawn = next((sitting.done[name] for name in ("vote", "search") if name in sitting.done), None)
        if drawn is not None:
            signs["agreement of draws"] = _of_draws(sitting, drawn[1])
        signs = {name: sure for name, sure in signs.items() if len(sure.right) >= _LEAST}
        if not signs:
            return (
                f"no sign of confidence is known for {_LEAST} answers or more (log-probabilities, or draws to compare)"
            )
        if len(alike := {right for sure in signs.values() for right in sure.right}) == 1:
            what = "right" if alike == {True} else "wrong"
            return f"all answers are {what}: whether it knows which are right cannot be told"
        return self._finding(sitting, signs)

    def _practise(self, sitting: Sitting, part: Part) -> Sequence[Trace]:
        """Return the plain question put to practice items."""
        room = sitting.room
        if not self.practice or room.run is None:
            return ()
        wording = next(w for w in room.world.wordings if w.name == part.way.wording)
        jobs = []
        for item in room.world.items(Split.PRACTICE, self.practice, room.seed):
            task = Task(
                item,
                room.world.pose(item, wording),
                Sampling(room.world.max_answer_tokens, 0.0, stop=wording.stop),
                room.adapter,
            )
            jobs.append(Job(Single(), task, Noise((room.seed, "calibration", item.id))))
        return room.run(jobs)

    def _state(self, sitting: Sitting, traces: Sequence[Trace], ahead: bool = False) -> _Sure:
        """Return how sure the model says it is, as the probability of yes against no, of its answer or of the question.

        Ref: kadavath2022, sec. 3 and 5.
        """
        room = sitting.room
        asked: list[tuple[Item, str]] = []
        jobs = []
        for trace in traces:
            best = whole(trace.best)
            if best is None or room.run is None or not {Ability.WEIGH, Ability.CHAT} <= room.abilities:
                continue
            shown = trace.task.prompt.text or "\n".join(
                m.content for m in trace.task.prompt.messages if m.role == "user"
            )
            asks = _AHEAD if ahead else f"Proposed answer: {best.answer.strip()}\n\n{_ASKED}"
            turn = Message("user", f"{shown}\n\n{asks}")
            task = Task(trace.task.item, Prompt((turn,)), Sampling(1), room.adapter)
            jobs.append(
                Job(Weighing(("yes", "no", "Yes", "No")), task, Noise((room.seed, "stated", ahead, trace.task.item.id)))
            )
            asked.append((trace.task.item, best.answer))
        told = room.run(jobs) if jobs and room.run is not None else []
        known = [(pair, trace) for pair, trace in zip(asked, told, strict=True) if len(trace.thoughts) == 4]
        return _judged(sitting, [pair for pair, _ in known], [_yes(trace.thoughts) for _, trace in known])

    def _finding(self, sitting: Sitting, signs: dict[str, _Sure]) -> Finding:
        table: list[tuple[Cell, ...]] = []
        facts: dict[str, object] = {}
        curves: list[Series] = [Series("as sure as right", ((0.0, 0.0), (1.0, 1.0)), kind="dashed")]
        buys: list[Series] = []
        errors: dict[str, Score] = {}
        kinds: tuple[Kind, ...] = ("strong", "trained", "muted", "dashed")
        for kind, (name, sure) in zip(kinds, signs.items(), strict=False):
            rng = sitting.rng(f"{self.name} {name}")
            errors[name] = error = calibration_error(sure.confidence, sure.right, rng)
            square = brier(sure.confidence, sure.right, rng)
            t, after = _cooled(sure)
            left = None if after is None else calibration_error(after, sure.right, rng)
            surest = _surest_half(selective(sure.confidence, sure.right))
            table.append(
                (name, _text(error), _text(square), None if t is None else round(t, 2), _text(left) if left else None,
                 f"{sum(sure.right) / len(sure.right):.0%}", f"{surest:.0%}", len(sure.right))
            )  # fmt: skip
            facts[name] = {
                "error": [error.value, error.low, error.high], "brier": [square.value, square.low, square.high],
                "temperature": t, "error_after": None if left is None else [left.value, left.low, left.high],
                "right_in_surest_half": surest, "n": len(sure.right),
            }  # fmt: skip
            bins = reliability(sure.confidence, sure.right)
            curves.append(
                Series(
                    name,
                    tuple((each.confidence, each.right.value) for each in bins),
                    tuple((each.confidence, each.right.low, each.right.high) for each in bins),
                    kind,
                )
            )
            buys.append(Series(name, tuple(selective(sure.confidence, sure.right)), kind=kind))
        best = min(errors, key=lambda name: errors[name].value)
        notes = ["Calibration error is the root mean square over groups of equal size, less what chance alone adds."]
        if self.practice:
            notes.append("The temperature was fitted on practice items and is judged on these.")
        for name, sure in signs.items():
            notes += left_out(sure.failed, sure.failed + len(sure.right), f"answers ({name})")
        return Finding(
            self.name,
            self.title,
            f"{best[0].upper()}{best[1:]} is off by {100 * errors[best].value:.0f} points "
            f"(95% interval {100 * errors[best].low:.0f} to {100 * errors[best].high:.0f}).",
            tuple(notes),
            ("sign", "calibration error", "Brier", "temperature", "error after it", "right", "right, surer half", "n"),
            tuple(table),
            (
                Drawing("lines", "how sure, and how often right", "confidence", "right", True, series=tuple(curves)),
                Drawing("lines", "what declining buys", "share answered, surest first", "right", rate=True,
                        series=tuple(buys)),
            ),
            facts,
        )  # fmt: skip


def _of_tokens(sitting: Sitting, traces: Sequence[Trace], practised: Sequence[Trace]) -> _Sure:
    exam, practice = _probable(sitting, traces), _probable(sitting, practised)
    told = (practice.confidence, practice.right) if len(practice.right) >= _LEAST else None
    return replace(exam, practice=told)


def _probable(sitting: Sitting, traces: Sequence[Trace]) -> _Sure:
    """Return the probability of each whole answer, and whether it is right."""
    answers = [(trace.task.item, whole(trace.best)) for trace in traces]
    known = [(item, best.answer, best.logp) for item, best in answers if best is not None and best.logp is not None]
    return _judged(
        sitting, [(item, answer) for item, answer, _ in known], [math.exp(min(logp, 0.0)) for _, _, logp in known]
    )


def _judged(sitting: Sitting, pairs: Sequence[tuple[Item, str]], confidence: Sequence[float]) -> _Sure:
    """Return the confidences in answers with whether these are right, without those that the critic failed on."""
    passed = sitting.grade(pairs)
    known = [(sure, right) for sure, right in zip(confidence, passed, strict=True) if right is not None]
    return _Sure([sure for sure, _ in known], [right for _, right in known], len(passed) - len(known))


def _of_draws(sitting: Sitting, traces: Sequence[Trace]) -> _Sure:
    """Return how many draws agree with the commonest, and whether that is right. Ref: wang2022."""
    pairs, shares = [], []
    for trace in traces:
        said = Counter(thought.answer.strip() for thought in trace.thoughts if whole(thought) is not None)
        if said.total() >= 4:
            answer, count = said.most_common(1)[0]
            pairs.append((trace.task.item, answer))
            shares.append(count / said.total())
    return _judged(sitting, pairs, shares)


def _yes(thoughts: Sequence[Thought]) -> float:
    """Return P(yes) / (P(yes) + P(no)), capitals counting together."""
    yes, no = (sum(math.exp(logp_of(t)) for t in thoughts if t.answer.lower() == word) for word in ("yes", "no"))
    return yes / (yes + no) if yes + no > 0 else 0.5


def _cooled(sure: _Sure) -> tuple[float | None, list[float] | None]:
    if sure.practice is None:
        return None, None
    t = temperature(*sure.practice)
    return t, scaled(sure.confidence, t)


def _surest_half(curve: Sequence[tuple[float, float]]) -> float:
    return next(right for share, right in curve if share >= 0.5)


def _text(score: Score) -> str:
    return f"{score.value:.3f} ({score.low:.3f} to {score.high:.3f})"
