"""soft-prompt, bias-only, lora-truths, full-tuning: what comes out when more and more of the model may learn.

Each learns the answers of the same practice items in the same steps, in the room's wording, and then answers greedily.
Beside each stand its controls:

    random labels    the same tuning, the answers of practice shuffled: what the form alone gives
    random weights   the same tuning of the same architecture with its weights shuffled: what the training gives
                     without anything that was learned before

What was in the model comes with few examples and stays behind with neither control; what the training put there needs
many examples, or does as well on shuffled weights (`exam.analyses.elicited`). Full tuning is sat with all examples
alone.
Ref: lester2021; zaken2022; hu2021; hewitt2019.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nightschool.asks import CriticRole
from nightschool.errors import BadSpec, NightschoolError, StopRequested
from nightschool.exam.rung import Absent, Done, Line, Part, Plan, Room, Said
from nightschool.exam.rungs.asking import line, part
from nightschool.exam.rungs.head import CURVE
from nightschool.items import Item, Lesson, Noise, Split
from nightschool.ports import Ability
from nightschool.prompts.render import answer_of

NEVER = "these weights are made for the exam and thrown away; nightschool sleep makes weights to keep"


class TunedRung:
    """Rows `NAME/n=16`, ... each with its controls.

    name: of the rung; way: of tuning, as `train.tuner` calls it; n: most practice items; curve: whether fewer are tried
    as well; controls: whether rows stand beside its controls. Raises BadSpec.
    """

    needs: frozenset[Ability] = frozenset((Ability.SAMPLE, Ability.TRAIN))
    critics: frozenset[CriticRole] = frozenset()
    trained = True

    def __init__(self, name: str, way: str, n: int, *, curve: bool = True, controls: bool = True) -> None:
        if n < CURVE[0]:
            raise BadSpec(f"{name}: n is at least {CURVE[0]} practice items, not {n}")
        self.name, self.way, self.n, self.curve, self.controls = name, way, n, curve, controls

    def plan(self, room: Room) -> Plan:
        """Return nothing to ask of the model as it is, or why it cannot be tuned."""
        why = self._why_not(room)
        return Plan() if why is None else Plan(absent=(Absent(self.name, why),))

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return a row for each number of examples and each control, after the tuning."""
        if self._why_not(room) is not None:
            return ()
        items = practice(room, self.n)
        sizes = [n for n in CURVE if n < len(items)] if self.curve else []
        lines = []
        for n in (*sizes, len(items)):
            rng = np.random.default_rng(Noise((room.seed, "random labels", room.world.spec, n)).key())
            own = lessons(room, items[:n])
            lines.append(self._row(room, f"{self.name}/n={n}", own, twin=False))
            if self.controls:
                shuffled = lessons(room, items[:n], rng.permutation(n).tolist())
                lines.append(self._row(room, f"{self.name}/n={n},random labels", shuffled, twin=False))
                if room.twin is not None:
                    lines.append(self._row(room, f"{self.name}/n={n},random weights", own, twin=True))
        return lines

    def _why_not(self, room: Room) -> str | None:
        if room.tuned is None:
            return "this model cannot be trained here"
        if room.adapter is not None:
            return "the weights of a night are not tuned further by an exam; --night none tunes the bare model"
        found = practice(room, self.n)
        if len(found) < CURVE[0]:
            return f"tuning needs {CURVE[0]} practice items with known answers; there are {len(found)}"
        posed = part(room, self.name, room.wording)
        return posed.reason if isinstance(posed, Absent) else None

    def _row(self, room: Room, name: str, learned: Sequence[Lesson], *, twin: bool) -> Line:
        posed = part(room, name, room.wording)
        assert isinstance(posed, Part)  # `_why_not` says so otherwise
        assert room.tuned is not None
        try:
            traces = room.tuned(self.way, learned, posed.jobs, twin)
        except StopRequested:
            raise
        except NightschoolError as error:  # a lesson that does not fit, a loss that is no number: the row says so
            said = tuple(Said(job.task.item, str(job.task.prompt), (), missing=str(error)) for job in posed.jobs)
            return Line(name, said, None, never=NEVER)
        return replace(line(posed, traces), way=None, never=NEVER)


def practice(room: Room, n: int) -> list[Item]:
    """Return the practice items with known answers that a tuning learns: the first of the seed, so that n nest."""
    return [item for item in room.world.items(Split.PRACTICE, n, room.seed) if item.target is not None]


def lessons(room: Room, items: Sequence[Item], order: Sequence[int] | None = None) -> tuple[Lesson, ...]:
    """Return a lesson for each item: its answer after its prompt, or with `order` the answer of another one."""
    taught = []
    for i, item in enumerate(items):
        other = items[i if order is None else order[i]]
        answer = answer_of(room.wording, replace(item, target=other.target))
        taught.append(Lesson(room.world.pose(item, room.wording), answer, "expert", frozenset((item.key, other.key))))
    return tuple(taught)


def soft_prompt(n: int = 256, curve: bool = True, controls: bool = True) -> TunedRung:
    """Return the rung that learns embeddings in front of the prompt. Raises BadSpec."""
    return TunedRung("soft-prompt", "soft-prompt", n, curve=curve, controls=controls)


def bias_only(n: int = 256, curve: bool = True, controls: bool = True) -> TunedRung:
    """Return the rung that learns biases; in models without them, the norms' scales and added biases."""
    return TunedRung("bias-only", "bias-only", n, curve=curve, controls=controls)


def lora_truths(n: int = 256, curve: bool = True, controls: bool = True) -> TunedRung:
    """Return the rung that learns low-rank updates on the truths of practice (`lora` learns what search solved)."""
    return TunedRung("lora-truths", "lora", n, curve=curve, controls=controls)


def full_tuning(n: int = 256, controls: bool = True) -> TunedRung:
    """Return the rung that learns everything, with all examples only."""
    return TunedRung("full-tuning", "full-tuning", n, curve=False, controls=controls)
