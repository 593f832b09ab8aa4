"""code-style: the task as code, as models have read it: a session, a documentation, a test."""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.asks import CriticRole
from nightschool.exam.rung import Absent, Done, Line, Plan, Room
from nightschool.exam.rungs.asking import part, planned
from nightschool.exam.rungs.zero_shot import read_each, styled
from nightschool.ports import Ability


class CodeStyle:
    """Greedy answers to the task posed as code: rows `code-style` and `code-style/NAME`."""

    name = "code-style"
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE,))
    critics: frozenset[CriticRole] = frozenset()
    trained = False

    def plan(self, room: Room) -> Plan:
        """Return a part for each wording of the style code."""
        named = styled(room, self.name, "code")
        if not named:
            return Plan(absent=(Absent(self.name, f"{room.world.spec} has no wording of the style code"),))
        return planned([part(room, name, wording) for name, wording in named])

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return a row for each code wording."""
        return read_each(done)
