"""control: prompts without any task information. What a model gets right here, it was not told to do."""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.asks import CriticRole
from nightschool.exam.rung import Absent, Done, Line, Plan, Room
from nightschool.exam.rungs.asking import part, planned
from nightschool.exam.rungs.zero_shot import read_each, styled
from nightschool.ports import Ability


class Control:
    """Greedy answers to prompts that show the inputs and do not say what is wanted. Never recommended."""

    name = "control"
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE,))
    critics: frozenset[CriticRole] = frozenset()
    trained = False

    def plan(self, room: Room) -> Plan:
        """Return a part for each control wording of the world."""
        named = styled(room, self.name, "control")
        if not named:
            return Plan(absent=(Absent(self.name, f"{room.world.spec} has no wording of the style control"),))
        return planned([part(room, name, wording) for name, wording in named])

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return a row for each control wording."""
        return read_each(done, "it is a control: the prompt does not say what is wanted")
