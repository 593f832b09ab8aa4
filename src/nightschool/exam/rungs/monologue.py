"""monologue: the plain question with room to think aloud before the answer."""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.asks import CriticRole
from nightschool.exam.rung import Done, Line, Plan, Room
from nightschool.exam.rungs.asking import part, planned
from nightschool.exam.rungs.zero_shot import read_each
from nightschool.ports import Ability
from nightschool.think.monologue import Monologue


class MonologueRung:
    """One greedy answer in the room's wording, after at most `tokens` tokens of thinking aloud, behind k examples.

    Raises BadSpec for numbers that make no sense.
    """

    name = "monologue"
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE,))
    critics: frozenset[CriticRole] = frozenset()
    trained = False

    def __init__(self, tokens: int = 96, k: int = 0) -> None:
        self.search, self.tokens, self.k = Monologue(tokens), tokens, k

    def plan(self, room: Room) -> Plan:
        """Return one search for each item."""
        name = f"{self.name},k={self.k}" if self.k else self.name
        return planned([part(room, name, room.wording, search=self.search, k=self.k)])

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return the one row."""
        return read_each(done)
