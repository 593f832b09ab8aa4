"""inside: is the knowledge there, although the prompt is bad?

One wording is chosen as good on tune items, and one as bad. A linear head learns from practice items in the good one,
and then reads the states of exam items in every other wording: in the one that the model does badly in, what the head
still reads is what was understood and not said. States are centred by each wording's own practice items, without their
answers: a prompt moves all states at once. Beside it stand what the model itself says, a head that learned in the very
wording that it reads, and one that learned shuffled answers.

Then the errors of each wording are laid over those of the good one. Where the items that fail are the same and fail
with the same words, one strategy is at work that the bad wording merely disturbs; where they are others, another is.
Ref: alain2016; hewitt2019.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nightschool.drive import Job
from nightschool.errors import BadSpec
from nightschool.exam.analysis import Sitting
from nightschool.exam.finding import Cell, Drawing, Finding
from nightschool.exam.heads import Floats, Head, fit
from nightschool.exam.rung import Part, Room
from nightschool.exam.rungs.asking import lacking, part, whole
from nightschool.exam.rungs.head import labelled, reading_jobs
from nightschool.items import Item, Score, Split, Trace, Wording
from nightschool.ports import Ability
from nightschool.stats import Paired, difference, mcnemar, wilson

_LEAST = 20


@dataclass(frozen=True, slots=True)
class _Told:
    """One wording over the exam items that were answered and read. said: answers; right: of them; own, moved, chance:
    what the heads read right (learned in this wording, in the good one, on shuffled answers).
    """

    wording: Wording
    said: dict[str, str]
    right: dict[str, bool]
    own: dict[str, bool]
    moved: dict[str, bool]
    chance: dict[str, bool]


class Inside:
    """What a head that learned in the best wording reads in the others, beside what the model says there.

    n: practice items that it learns from; tune: items that choose the best wording; wordings: at most; layer: of the
    states, counted as transformers does. Raises BadSpec.
    """

    name = "inside"
    title = "Known, though not said"
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE, Ability.HIDDEN))
    asks = True

    def __init__(self, n: int = 128, tune: int = 48, wordings: int = 6, layer: int = -1) -> None:
        if n < 16 or tune < 4 or wordings < 2:
            raise BadSpec(f"inside: n is at least 16, tune 4 and wordings 2, not {n}, {tune} and {wordings}")
        self.n, self.tune, self.wordings, self.layer = n, tune, wordings, layer

    def look(self, sitting: Sitting) -> Finding | str:
        """Return what is read beside what is said."""
        room = sitting.room
        practice = labelled(room, self.n)
        if isinstance(practice, str):
            return practice
        ways = self._wordings(room)
        if len(ways) < 2:
            return "it takes two wordings that the model can be given"
        tried = self._tuned(sitting, ways)
        if tried is None:
            return f"a choice takes 4 tune items with answers; {room.world.spec} has fewer"
        ways.sort(key=lambda wording: -tried[wording.id])  # stable: ties keep the world's order
        told = self._read(sitting, practice, ways)
        if told is None:
            return "states or answers could not be read"
        return self._finding(told, tried, len(room.items))

    def _wordings(self, room: Room) -> list[Wording]:
        """Return wordings in words, the room's first, and one control, as many as the model can be given."""
        item = room.items[0]
        able = [
            wording
            for wording in (room.wording, *(w for w in room.world.wordings if w.id != room.wording.id))
            if wording.style in ("words", "control") and lacking(room, room.world.pose(item, wording)) is None
        ]
        words = [wording for wording in able if wording.style == "words"]
        return [*words[: self.wordings - 1], *[w for w in able if w.style == "control"][:1]]

    def _tuned(self, sitting: Sitting, ways: Sequence[Wording]) -> dict[str, float] | None:
        """Return how often tune items are right in each wording."""
        room = sitting.room
        tune = [item for item in room.world.items(Split.TUNE, self.tune, room.seed) if item.target is not None]
        if len(tune) < 4:
            return None
        asking = replace(room, items=tuple(tune))
        told = {wording.id: [*_right(sitting, _ask(asking, wording)).values()] for wording in ways}
        return {id: sum(right) / len(right) if right else 0.0 for id, right in told.items()}

    def _read(self, sitting: Sitting, practice: Sequence[Item], ways: Sequence[Wording]) -> list[_Told] | None:
        room = sitting.room
        classes = tuple(dict.fromkeys(str(item.target) for item in practice))
        labels = [classes.index(str(item.target)) for item in practice]
        shuffled = sitting.rng(self.name).permutation(labels).tolist()
        good: Head | None = None
        found = []
        for wording in ways:
            learned = _states(room, reading_jobs(room, practice, self.layer, wording))
            exam = _states(room, reading_jobs(room, room.items, self.layer, wording))
            if len(learned) < len(practice):
                return None
            states = np.stack([learned[item.id] for item in practice])
            own, chance = fit(states, labels, len(classes)), fit(states, shuffled, len(classes))
            good = good or own
            moved = replace(good, shift=own.shift, scale=own.scale)  # where states lie is no knowledge of answers
            answers = _ask(room, wording)
            right = _right(sitting, answers)
            items = [item for item in room.items if item.id in right and item.id in exam]
            if not items:
                return None
            read = {
                name: _passes(sitting, items, exam, head, classes)
                for name, head in (("own", own), ("moved", moved), ("chance", chance))
            }
            said = {id: answer for id, (_, answer) in answers.items()}
            kept = [item.id for item in items if all(item.id in marks for marks in read.values())]
            if len(kept) < _LEAST:
                return None
            marks = ({id: each[id] for id in kept} for each in (right, *read.values()))
            found.append(_Told(wording, said, *marks))
        return found

    def _finding(self, told: Sequence[_Told], tried: Mapping[str, float], asked: int) -> Finding:
        good, others = told[0], told[1:]
        table: list[tuple[Cell, ...]] = []
        facts: dict[str, object] = {}
        for each in told:
            laid = overlap(good, each) if each is not good else None
            scores = [_rate(marks) for marks in (each.right, each.own, each.moved, each.chance)]
            table.append(
                (each.wording.name, f"{tried[each.wording.id]:.0%}", *map(_text, scores),
                 *(("–", "–") if laid is None else
                   (f"{laid['shared']:.0%} ({laid['expected']:.0%})", f"{laid['same_answer']:.0%}")))
            )  # fmt: skip
            facts[each.wording.name] = {
                "said": _plain(scores[0]), "own": _plain(scores[1]), "moved": _plain(scores[2]),
                "shuffled": _plain(scores[3]), "overlap": laid,
            }  # fmt: skip
        # By the tune items: the worst on these would be so partly by bad luck, which the head does not share.
        worst = min(others, key=lambda each: (tried[each.wording.id], each.wording.name))
        paired = Paired.of([worst.right[id] for id in worst.right], [worst.moved[id] for id in worst.right])
        above = Paired.of([worst.chance[id] for id in worst.right], [worst.moved[id] for id in worst.right])
        gap, p, known = difference(paired), mcnemar(paired), mcnemar(above)
        read = known <= 0.05 and above.gained > above.lost
        verdict = (
            "the knowledge is inside" if gap.low > 0 and p <= 0.05 and read
            else "what is read there is no more than what is said" if read
            else "nothing is read there that shuffled answers would not give"
        )  # fmt: skip
        return Finding(
            self.name,
            self.title,
            f"In the wording {worst.wording.name} the model says {_rate(worst.right).value:.0%} right, and a head that "
            f"learned in {good.wording.name} reads {_rate(worst.moved).value:.0%} ({100 * gap.value:+.0f} points, "
            f"{100 * gap.low:+.0f} to {100 * gap.high:+.0f}, p = {p:.2g}): {verdict}.",
            (
                f"{good.wording.name} and {worst.wording.name} did best and worst on tune items. The "
                "same head reads its own wording too.",
                "Shared failures: of the items that this wording fails, how many the good one fails too (if they "
                "failed independently); same words: how many of those fail with the same answer. Both high: one "
                "strategy, disturbed. Few shared: another strategy.",
                *_missing(told, asked),
            ),
            ("wording", "tune", "said", "read by its own head", "read by the good one's", "shuffled answers",
             "shared failures", "same words"),
            tuple(table),
            (
                _strip("right in each wording: said", {each.wording.name: each.right for each in told}),
                _strip(f"read by the head of {good.wording.name}", {each.wording.name: each.moved for each in told}),
            ),
            {"good": good.wording.name, "worst": worst.wording.name, "difference": _plain(gap), "p_value": p,
             "verdict": verdict, "wordings": facts},
        )  # fmt: skip


def _missing(told: Sequence[_Told], asked: int) -> tuple[str, ...]:
    """Return a note on the items that a wording has no answer for, or one that the critic failed on."""
    short = {each.wording.name: asked - len(each.right) for each in told if len(each.right) < asked}
    named = ", ".join(f"{count} in {name}" for name, count in short.items())
    return (f"Of {asked} items, those without a judged answer and state are left out: {named}.",) if short else ()


def _strip(title: str, marks: Mapping[str, Mapping[str, bool]]) -> Drawing:
    rates = {name: _rate(each).value for name, each in marks.items()}
    return Drawing("strip", title, parts={name: (rate, rate, rate) for name, rate in rates.items()})


def overlap(good: _Told, other: _Told) -> dict[str, float] | None:
    """Return how the failures of `other` lie on those of `good`; None where one of them fails nothing."""
    common = [id for id in other.right if id in good.right]
    fails = {id for id in common if not other.right[id]}
    first = {id for id in common if not good.right[id]}
    if not fails or not first:
        return None
    both = fails & first
    same = [" ".join(other.said[id].casefold().split()) == " ".join(good.said[id].casefold().split()) for id in both]
    return {
        "shared": len(both) / len(fails),
        "expected": len(first) / len(common),
        "same_answer": sum(same) / len(same) if same else 0.0,
    }


def _ask(room: Room, wording: Wording) -> dict[str, tuple[Item, str]]:
    """Return the greedy answer to each of the room's items, as the rung zero-shot asks for it, by the item's id."""
    posed = part(room, "inside", wording)
    assert isinstance(posed, Part)  # `_wordings` left out what the model cannot be given
    assert room.run is not None
    traces = room.run(posed.jobs)
    return {t.task.item.id: (t.task.item, best.answer) for t in traces if (best := whole(t.best)) is not None}


def _right(sitting: Sitting, answers: Mapping[str, tuple[Item, str]]) -> dict[str, bool]:
    passed = sitting.grade([*answers.values()])
    return {id: each for id, each in zip(answers, passed, strict=True) if each is not None}


def _states(room: Room, jobs: Sequence[Job]) -> dict[str, Floats]:
    assert room.run is not None
    traces: Sequence[Trace] = room.run(jobs)
    return {t.task.item.id: np.asarray(t.best.value, dtype=float) for t in traces if t.best is not None}


def _passes(
    sitting: Sitting, items: Sequence[Item], states: Mapping[str, Floats], head: Head, classes: Sequence[str]
) -> dict[str, bool]:
    chosen = head.choose(np.stack([states[item.id] for item in items]))
    passed = sitting.grade([(item, classes[int(place)]) for item, place in zip(items, chosen, strict=True)])
    return {item.id: each for item, each in zip(items, passed, strict=True) if each is not None}


def _rate(marks: Mapping[str, bool]) -> Score:
    return wilson(sum(marks.values()), len(marks))


def _text(score: Score) -> str:
    return f"{score.value:.0%} ({score.low:.0%} to {score.high:.0%})"


def _plain(score: Score) -> list[float]:
    return [score.value, score.low, score.high]
