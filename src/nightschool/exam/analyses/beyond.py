"""beyond: the plain question past what the task asks: longer, in a wider range, with other symbols.

For worlds that say where that is (`world.beyond`). Where the exam is sat with the weights of a night, the bare model is
asked as well, and the change is paired: what was understood carries over, and what was learned by heart does not.
"""

from __future__ import annotations

from nightschool.errors import BadSpec
from nightschool.exam.analysis import Sitting
from nightschool.exam.beyond import beyond
from nightschool.exam.finding import Finding
from nightschool.ports import Ability


class Beyond:
    """Accuracy past the task, with the bare model beside the night's. items: of each place. Raises BadSpec."""

    name = "beyond"
    title = "Understood"
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE,))
    asks = True

    def __init__(self, items: int = 48) -> None:
        if items < 2:
            raise BadSpec(f"beyond: items is at least 2, not {items}")
        self.items = items

    def look(self, sitting: Sitting) -> Finding | str:
        """Return what is right past the task."""
        room = sitting.room
        if room.run is None:
            return "nothing more can be asked here"
        return beyond(room.world, room.wording, room.run, None, room.adapter, items=self.items, seed=room.seed)
