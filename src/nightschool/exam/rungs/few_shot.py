"""few-shot: worked examples before the question. They are truth from practice items, and the report says so."""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.asks import CriticRole
from nightschool.errors import BadSpec
from nightschool.exam.rung import Done, Line, Plan, Room
from nightschool.exam.rungs.asking import part, planned
from nightschool.exam.rungs.zero_shot import read_each
from nightschool.ports import Ability

SHOTS = (1, 3, 8)


class FewShot:
    """Greedy answers after k worked examples, for k of 1, 3 and 8, or the one k given. Smaller k nest in larger.

    Raises BadSpec for k below zero.
    """

    name = "few-shot"
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE,))
    critics: frozenset[CriticRole] = frozenset()
    trained = False

    def __init__(self, k: int = 0) -> None:
        if k < 0:
            raise BadSpec(f"few-shot: k is how many worked examples to show, not {k}; type few-shot:k=3")
        self.shots = (k,) if k else SHOTS

    def plan(self, room: Room) -> Plan:
        """Return a part for each number of examples."""
        return planned([part(room, f"{self.name}/k={k}", room.wording, k=k) for k in self.shots])

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return a row for each number of examples."""
        return read_each(done)
