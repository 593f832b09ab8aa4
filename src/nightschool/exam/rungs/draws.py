"""Many draws of one prompt, at several widths: the first draws of the same run, so that widths are compared fairly."""

from __future__ import annotations

from nightschool.asks import CriticRole
from nightschool.errors import BadSpec
from nightschool.exam.rung import Plan, Room
from nightschool.exam.rungs.asking import part, planned
from nightschool.ports import Ability
from nightschool.think.best_of_n import BestOfN


def widths(n: int) -> tuple[int, ...]:
    """Return 1, 4, 16, ... up to n, and n itself.

    >>> widths(16), widths(10), widths(1)
    ((1, 4, 16), (1, 4, 10), (1,))
    """
    found = []
    width = 1
    while width < n:
        found.append(width)
        width *= 4
    return (*found, n)


class ManyDraws:
    """n draws for each item, after k worked examples: what a rung that reads them at several widths begins with.

    They are judged as they come, by the verifier, or by the reference where there is none. Rungs of the same n, k and
    temperature get the same draws, so that vote and search share them. Raises BadSpec for numbers that make no sense.
    """

    name: str
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE,))
    critics: frozenset[CriticRole] = frozenset()  # a world without a verifier has its draws judged all the same
    trained = False

    def __init__(self, n: int = 16, k: int = 0, temperature: float = 1.0) -> None:
        if n < 1 or k < 0 or not temperature > 0:
            raise BadSpec(
                f"{self.name}: n is at least 1, k at least 0 and temperature above 0 (equal draws cannot be searched), "
                f"not n={n}, k={k}, temperature={temperature}; type {self.name}:n=16"
            )
        self.n, self.k, self.temperature = n, k, temperature

    def plan(self, room: Room) -> Plan:
        """Return n draws for each item."""
        search = BestOfN(self.n, critic="verifier" if room.world.verifier is not None else "reference")
        return planned([part(room, self.name, room.wording, search=search, k=self.k, temperature=self.temperature)])

    def called(self, row: str) -> str:
        """Return the name of a row, with the number of worked examples where there are any."""
        return f"{row},k={self.k}" if self.k else row
