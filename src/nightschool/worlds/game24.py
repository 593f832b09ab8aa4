"""The game of 24: make a goal out of numbers, each used once, with + - * and /.

Shows what searching ahead is worth: each step is easy, and which one leads to the goal is seen only later. Exact
verifier, exact step critic (can the goal still be made?), a difficulty that is the number of numbers.

The leak key is the multiset of the numbers with the goal.
Ref: yao2023.
"""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.errors import BadSpec
from nightschool.items import Item, Noise, Wording
from nightschool.ports import Critic, Expert
from nightschool.prompts import built_in
from nightschool.worlds.dice import Dice
from nightschool.worlds.drawn import Drawn
from nightschool.worlds.game24_steps import Made24, Still24, after, moves, question, solution, written
from nightschool.worlds.limits import whole

_MOST_GOAL = 100


class Game24(Drawn):
    """A world of `n` numbers from 1 to `high` that make `goal`; `goal=any`: each item has its own, up to 100.

    Only items that can be made are posed. Raises BadSpec for sizes that make no sense.
    """

    def __init__(self, n: int = 4, high: int = 13, goal: int | str = 24) -> None:
        _refuse(n, high, goal)
        self.n, self.high, self.goal = n, high, goal
        self.spec = f"game24:n={n},high={high},goal={goal}"
        self.wordings: Sequence[Wording] = built_in("game24")
        self.reference: Critic = Made24()
        self.verifier: Critic | None = self.reference  # the input determines what is right
        self.step_critic: Critic | None = Still24()
        self.expert: Expert | None = Solver()
        self.max_answer_tokens = (n - 1) * 18 + 8  # one token a character: `12 * 11 = 132, `, and some slack

    def levels(self) -> Sequence[Game24]:
        """Return two numbers, then more, each with any goal; then this world's own goal."""
        worlds = [Game24(n, self.high, "any") for n in range(2, self.n + 1)]
        return (*worlds[:-1], self) if self.goal == "any" else (*worlds, self)

    def babble(self, item: Item, noise: Noise) -> str:
        """Return right steps to wherever they lead."""
        dice = Dice(noise)
        numbers, _ = question(item)
        steps = []
        while len(numbers) > 1:
            steps.append(dice.pick(moves(numbers)))
            numbers = after(numbers, steps[-1]) or ()
        return written(steps)

    def _draw(self, dice: Dice) -> Item | None:
        numbers = [dice.between(1, self.high) for _ in range(self.n)]
        pool = tuple(sorted(numbers))
        goal = self._goal(dice, pool)
        steps = None if goal is None else solution(pool, goal)
        if steps is None:
            return None
        asked = ", ".join(map(str, numbers))
        key = f"game24 {' '.join(map(str, pool))} -> {goal}"
        return Item(f"{asked} -> {goal}", {"numbers": asked, "goal": str(goal)}, written(steps), key)

    def _goal(self, dice: Dice, numbers: tuple[int, ...]) -> int | None:
        if isinstance(self.goal, int):
            return self.goal
        while len(numbers) > 1:
            numbers = after(numbers, dice.pick(moves(numbers))) or ()
        return numbers[0] if 1 <= numbers[0] <= _MOST_GOAL else None


class Solver:
    """An expert: tries everything."""

    def demonstrate(self, item: Item) -> str:
        """Return steps that make the goal. Raises ValueError for an item that cannot be made."""
        steps = solution(*question(item))
        if steps is None:
            raise ValueError(f"{item.inputs['goal']} cannot be made of {item.inputs['numbers']}")
        return written(steps)


def _refuse(n: int, high: int, goal: int | str) -> None:
    whole("game24", n=(n, 2, 6), high=(high, 4, 99))
    if goal != "any" and (not isinstance(goal, int) or isinstance(goal, bool) or not 1 <= goal <= 1000):
        raise BadSpec(f"game24: goal is any, or a whole number from 1 to 1000, not {goal!r}")
    if goal != "any" and n == 2:
        raise BadSpec("game24: two numbers make few goals; write n=3 or goal=any")
