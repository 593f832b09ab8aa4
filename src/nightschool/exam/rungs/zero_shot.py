"""zero-shot: the task in words, in every wording that the world has, and how much the wording matters."""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.asks import CriticRole
from nightschool.exam.rung import Done, Line, Part, Plan, Room
from nightschool.exam.rungs.asking import line, mean_line, part, planned
from nightschool.items import Wording
from nightschool.ports import Ability


class ZeroShot:
    """Greedy answers to the task in words.

    Rows: `zero-shot` in the room's wording, `zero-shot/NAME` in each other, and `zero-shot/mean` over all of them.
    wordings: how many to try at most, the room's first; 0: all.
    """

    name = "zero-shot"
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE,))
    critics: frozenset[CriticRole] = frozenset()
    trained = False

    def __init__(self, wordings: int = 0) -> None:
        self.wordings = wordings

    def plan(self, room: Room) -> Plan:
        """Return a part for each wording."""
        return planned([part(room, name, wording) for name, wording in self._named(room)])

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return a row for each wording and their mean."""
        lines = [line(each, traces) for each, traces in done]
        if len(lines) > 1:
            lines.append(mean_line(f"{self.name}/mean", lines, "it is a mean over wordings, not a way to answer"))
        return lines

    def _named(self, room: Room) -> list[tuple[str, Wording]]:
        others = [w for w in room.world.wordings if w.style == "words" and w.id != room.wording.id]
        chosen = [room.wording, *others][: self.wordings or None]
        return [(self.name if i == 0 else f"{self.name}/{w.name}", w) for i, w in enumerate(chosen)]


def styled(room: Room, name: str, style: str) -> list[tuple[str, Wording]]:
    """Return the wordings of one style with the names of their rows."""
    found = [wording for wording in room.world.wordings if wording.style == style]
    return [(name if i == 0 else f"{name}/{wording.name}", wording) for i, wording in enumerate(found)]


def read_each(done: Done, never: str | None = None) -> list[Line]:
    """Return a row for each part."""
    return [line(each, traces, never) for each, traces in done if isinstance(each, Part)]
