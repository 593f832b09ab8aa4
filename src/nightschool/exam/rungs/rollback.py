"""rollback: one step after another, each seen by the step critic, and taken back where nothing goes on behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nightschool.asks import CriticRole
from nightschool.errors import BadSpec
from nightschool.exam.rung import Done, Line, Plan, Room
from nightschool.exam.rungs.asking import part, planned
from nightschool.exam.rungs.zero_shot import read_each
from nightschool.items import Split
from nightschool.ports import Ability, Search, World
from nightschool.think.chain import Chain
from nightschool.think.single import Single
from nightschool.think.steps import ENDS
from nightschool.think.steps import Split as Apart


class RollbackRung:
    """Rows `rollback/unchecked` (one draw), `rollback/checked` (a step that the critic does not pass is drawn again)
    and `rollback` (after `tries` of them in vain the step in front is taken back, too), after k worked examples.

    All sample at `temperature`, so that critic and rollback are told apart from chance; the latter two draw at most `n`
    steps, and what ends the answer is judged by the verifier, where there is one. A step ends as those of worked
    answers do: at a line's end, a semicolon or a comma, and where there is none of them with every token.

    Raises BadSpec for numbers that make no sense. Ref: yao2023 (depth-first, with pruning).
    """

    name = "rollback"
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE,))
    critics: frozenset[CriticRole] = frozenset(("step",))
    trained = False

    def __init__(self, n: int = 64, tries: int = 4, k: int = 0, temperature: float = 1.0) -> None:
        if n < 1 or tries < 1 or k < 0 or not temperature > 0:
            raise BadSpec(
                f"rollback: n and tries are at least 1, k at least 0 and temperature above 0 (what is drawn again must "
                f"be able to differ), not n={n}, tries={tries}, k={k}, temperature={temperature}"
            )
        self.n, self.tries, self.k, self.temperature = n, tries, k, temperature

    def plan(self, room: Room) -> Plan:
        """Return the three searches of each item."""
        apart = ends(room.world, room.seed)
        tokens = 1 if apart == "tokens" else 0
        ways: dict[str, Search[Any]] = {
            "rollback/unchecked": Single(),
            "rollback/checked": Chain(self.n, apart, tokens, self.n),
            "rollback": Chain(self.n, apart, tokens, self.tries),
        }
        last = f",k={self.k}" if self.k else ""
        return planned(
            [
                part(
                    room,
                    name + last,
                    room.wording,
                    search=search,
                    k=self.k,
                    temperature=self.temperature,
                    also=("verifier",) if search.needs else (),
                )
                for name, search in ways.items()
            ]
        )

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return a row for each."""
        return read_each(done)


def ends(world: World, seed: int) -> Apart:
    """Return what a step of a worked answer in `world` ends with."""
    worked = [item.target or "" for item in world.items(Split.PRACTICE, 3, seed)]
    kinds: tuple[Apart, ...] = ("line", "semicolon", "comma")
    return next((kind for kind in kinds if any(end in text for text in worked for end in ENDS[kind])), "tokens")
