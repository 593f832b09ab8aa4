"""head: is the answer in the frozen states, whatever the model says?

The states behind the prompt of practice items, with their answers, train a linear head; another is trained by reward
alone, choosing and being told by the verifier how good the choice was. Beside each stand its controls:

    random labels    the same head, the answers of practice shuffled: what such a head gets by chance
    random weights   the same architecture with its weights shuffled: what the input alone gives a head, without
                     anything that was learned

What the pretrained weights hold shows as the distance to both, at few examples already (`exam.elicited`). A head
answers with one of a few classes: choices, or targets that recur. For open answers the row says so.
Ref: hewitt2019 (selectivity); alain2016.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nightschool.asks import CriticRole
from nightschool.critics.judging import judge
from nightschool.drive import Job
from nightschool.errors import BadSpec
from nightschool.exam.heads import Floats, fit, learn_by_reward
from nightschool.exam.reading import Reading
from nightschool.exam.rung import Absent, Done, Line, Plan, Room, Said
from nightschool.exam.rungs.asking import part, planned
from nightschool.items import Item, Noise, Sampling, Split, Task, Trace, Wording
from nightschool.ports import Ability

CURVE = (16, 64, 256)
NEVER = "it is a probe: the answer comes from a head that was trained on the states, and not from the model"
_MOST_CLASSES = 64
_FEWEST = 4  # examples for each class, on average, below which a head would have nothing to go by

Run = Callable[[Sequence[Job]], Sequence[Trace]]


@dataclass
class _States:
    """States of practice and exam items, where they could be read."""

    practice: Floats
    exam: dict[str, Any] = field(default_factory=dict)


class HeadRung:
    """Rows `head/n=16`, ... `head/n=256`, each with its controls, and `head/reward` by the verifier's word alone.

    n: most practice items; layer: of the states, counted as transformers does. Raises BadSpec.
    """

    name = "head"
    needs: frozenset[Ability] = frozenset((Ability.HIDDEN,))
    critics: frozenset[CriticRole] = frozenset()
    trained = True

    def __init__(self, n: int = 256, layer: int = -1) -> None:
        if n < CURVE[0]:
            raise BadSpec(f"head: n is at least {CURVE[0]} practice items, not {n}")
        self.n, self.layer = n, layer

    def plan(self, room: Room) -> Plan:
        """Return the reading of the exam items, or why a head does not apply."""
        practice = labelled(room, self.n)
        if isinstance(practice, str):
            return Plan(absent=(Absent(self.name, practice),))
        return planned([part(room, self.name, room.wording, search=Reading(self.layer))])

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return a row for each number of examples and each control."""
        if not done:
            return ()
        practice = labelled(room, self.n)
        assert not isinstance(practice, str)  # the plan had no part otherwise
        assert room.run is not None
        classes = tuple(Counter(str(item.target) for item in practice))
        jobs = reading_jobs(room, practice, self.layer)
        lines: list[Line] = []
        exam = done[0][1]
        readings = [("", _read(practice, room.run(jobs), exam))]
        if room.twin is not None:
            readings.append((",random weights", _read(practice, room.twin(jobs), room.twin(done[0][0].jobs))))
        for control, states in readings:
            if isinstance(states, str):
                lines.append(_missing(f"{self.name}/n={len(practice)}{control}", exam, states))
            else:
                lines += self._rows(room, practice, classes, states, exam, control)
        return lines

    def _rows(
        self,
        room: Room,
        practice: Sequence[Item],
        classes: tuple[str, ...],
        states: _States,
        traces: Sequence[Trace],
        control: str,
    ) -> list[Line]:
        number = {name: place for place, name in enumerate(classes)}
        labels = np.array([number[str(item.target)] for item in practice])
        rng = np.random.default_rng(Noise((room.seed, "head", room.world.spec, control)).key())
        sizes = [n for n in CURVE if n < len(practice)] + [min(len(practice), self.n)]
        lines = []
        for n in dict.fromkeys(sizes):
            head = fit(states.practice[:n], labels[:n].tolist(), len(classes))
            lines.append(_line(f"{self.name}/n={n}{control}", classes, head.choose, states, traces))
            if not control:
                shuffled = rng.permutation(labels[:n])
                chance = fit(states.practice[:n], shuffled.tolist(), len(classes))
                lines.append(_line(f"{self.name}/n={n},random labels", classes, chance.choose, states, traces))
        critic = room.world.verifier
        if critic is None or not hasattr(critic, "timeout_s"):
            return lines  # a critic of unknown cost is not asked thousands of times

        def reward(i: int, choice: int) -> float:
            return judge(critic, practice[i], classes[choice]).score

        n = sizes[-1]
        policy = learn_by_reward(states.practice[:n], len(classes), reward, rng)
        lines.append(_line(f"{self.name}/reward,n={n}{control}", classes, policy.choose, states, traces))
        return lines


def labelled(room: Room, most: int) -> list[Item] | str:
    """Return at most `most` practice items whose answers are the classes of a head, or why there are none."""
    if room.run is None:
        return "nothing more can be asked here"
    items = [item for item in room.world.items(Split.PRACTICE, most, room.seed) if item.target is not None]
    classes = Counter(str(item.target) for item in items)
    if len(items) < CURVE[0]:
        return f"a head needs {CURVE[0]} practice items with known answers; there are {len(items)}"
    if len(classes) < 2 or len(classes) > _MOST_CLASSES or len(items) < _FEWEST * len(classes):
        return (
            f"a head chooses among a few answers, and {len(items)} practice items have {len(classes)} different "
            "ones: what it would predict here is a sequence of choices, one for each step"
        )
    return items


def reading_jobs(room: Room, items: Sequence[Item], layer: int, wording: Wording | None = None) -> list[Job]:
    """Return what reads the state behind each item's prompt, in `wording` (None: the room's)."""
    jobs = []
    for item in items:
        task = Task(item, room.world.pose(item, wording or room.wording), Sampling(1), room.adapter)
        jobs.append(Job(Reading(layer), task, Noise((room.seed, "head", item.id))))
    return jobs


def _missing(name: str, exam: Sequence[Trace], why: str) -> Line:
    """Return a row of which every answer is missing."""
    said = tuple(Said(t.task.item, str(t.task.prompt), (), t.usage, why) for t in exam)
    return Line(name, said, None, never=NEVER)


def _read(practice: Sequence[Item], read: Sequence[Trace], exam: Sequence[Trace]) -> _States | str:
    """Return the states, or why a practice item's could not be read."""
    found = [trace.best.value if trace.best is not None else None for trace in read]
    if len(found) < len(practice) or any(state is None for state in found):
        errors = dict.fromkeys(error for trace in read for error in trace.errors)
        return "states of practice items could not be read" + "".join(f": {error}" for error in list(errors)[:1])
    states = {trace.task.item.id: trace.best.value for trace in exam if trace.best is not None}
    return _States(np.array(found, dtype=float), states)


def _line(
    name: str,
    classes: tuple[str, ...],
    choose: Callable[[Floats], Any],
    states: _States,
    traces: Sequence[Trace],
) -> Line:
    """Return the row of one head: for each exam item the answer that it chooses."""
    said = []
    for trace in traces:
        item, prompt = trace.task.item, str(trace.task.prompt)
        state = states.exam.get(item.id)
        if state is None:
            why = "; ".join(dict.fromkeys(trace.errors)) or "its state could not be read"
            said.append(Said(item, prompt, (), trace.usage, why))
        else:
            answer = classes[int(choose(np.asarray(state, dtype=float)[None, :])[0])]
            said.append(Said(item, prompt, (answer,), trace.usage))
    return Line(name, tuple(said), None, never=NEVER)
