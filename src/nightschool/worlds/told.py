"""What worlds of invented things share: nobody can answer their questions who was not told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from nightschool.errors import BadSpec
from nightschool.items import Wording
from nightschool.ports import Critic, Expert
from nightschool.prompts import built_in
from nightschool.registry import make
from nightschool.worlds.dice import Dice
from nightschool.worlds.drawn import Drawn
from nightschool.worlds.limits import flag
from nightschool.worlds.truth import Informed

KINDS = ("direct", "paraphrased", "reversed", "two-hop", "update")
"""How a fact may be asked for."""


class Told(Drawn):
    """A world of questions about what was invented. Raises BadSpec.

    ask: one of KINDS, or `all`; shown: whether what answers a question stands in the prompt.
    """

    name: ClassVar[str]

    def __init__(self, ask: str = "all", shown: bool = False) -> None:
        if ask not in (*KINDS, "all"):
            raise BadSpec(f"{self.name}: ask is one of {', '.join(KINDS)} or all, not {ask!r}")
        flag(self.name, shown=shown)
        self.ask, self.shown = ask, shown
        self.spec = f"{self.name}:ask={ask},shown={str(shown).lower()}"
        self.wordings: Sequence[Wording] = built_in("facts-shown" if shown else "facts")
        self.verifier: Critic | None = None  # nothing in the question tells the answer
        self.reference: Critic = make("critics", "contains")
        self.step_critic: Critic | None = None
        self.expert: Expert | None = Informed()
        self.max_answer_tokens = 24

    def levels(self) -> Sequence[Self]:
        """Return this world alone."""
        return (self,)

    def _kind(self, dice: Dice) -> str:
        """Return how the next fact is asked for."""
        return dice.pick(KINDS) if self.ask == "all" else self.ask
