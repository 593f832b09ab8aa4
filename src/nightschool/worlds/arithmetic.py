"""Arithmetic: one operation, or several with every step written out.

Shows the difference between what a model knows at once and what it can work out: one step is a lookup, several are a
thought that can go wrong at every step. Exact truth, a verifier that works the sum out for itself, a step critic.

The leak key is the fact family: 31 + 12, 12 + 31, 43 - 12 and 43 - 31 are in one split. All steps of a longer
calculation are facts of its own split, so that no practised step is an exam item of the one-step world either.
Results are whole numbers, never negative, and divisions come out even.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

from nightschool.errors import BadSpec
from nightschool.items import Item, Noise, Split, Wording, split_of
from nightschool.ports import Critic, Expert
from nightschool.prompts import built_in
from nightschool.worlds.calculation import Step, Worked, WorkedSoFar, expression, results_of, steps_of, working
from nightschool.worlds.dice import Dice
from nightschool.worlds.drawn import Drawn
from nightschool.worlds.limits import flag, whole

_SIGNS = "+-*/"
_TRIES = 30


class Arithmetic(Drawn):
    """A world of calculations with numbers of at most `digits` digits.

    ops: the signs that occur, out of + - * /; steps: operations in one item; shown: whether a calculation of several
    steps is to be written out (with steps=1 there is nothing to write out). Raises BadSpec.
    """

    def __init__(self, digits: int = 2, ops: str = "+-", steps: int = 1, shown: bool = True) -> None:
        _refuse(digits, ops, steps, shown)
        self.digits, self.ops, self.steps = digits, "".join(s for s in _SIGNS if s in ops), steps
        self.shown = shown and steps > 1
        self.spec = f"arithmetic:digits={digits},ops={self.ops},steps={steps}"
        if steps > 1 and not shown:
            self.spec += ",shown=false"
        self.wordings: Sequence[Wording] = built_in("arithmetic-steps" if self.shown else "arithmetic")
        self.reference: Critic = Worked(self.shown)
        self.verifier: Critic | None = self.reference  # the input determines the answer
        self.step_critic: Critic | None = WorkedSoFar(self.shown)
        self.expert: Expert | None = Calculator(self.shown)
        longest = digits * (steps + 1 if "*" in self.ops else 1) + len(str(steps))
        self.max_answer_tokens = steps * (3 * longest + 10) + 8 if self.shown else longest + 12

    def levels(self) -> Sequence[Arithmetic]:
        """Return one sign and one digit, then all signs, then more digits, then more steps, ending with this world."""
        sizes = [(1, self.ops[0], 1)] if len(self.ops) > 1 else []
        sizes += [(digits, self.ops, 1) for digits in range(1, self.digits + 1)]
        sizes += [(self.digits, self.ops, steps) for steps in range(2, self.steps + 1)]
        worlds = [Arithmetic(digits, ops, steps, self.shown or self.steps == 1) for digits, ops, steps in sizes]
        return (*worlds[:-1], self)

    def beyond(self) -> Mapping[str, Arithmetic]:
        """Return where the same skill is asked for past this world: more steps, longer numbers, other signs."""
        found = {"wider range": Arithmetic(self.digits + 1, self.ops, self.steps, self.shown or self.steps == 1)}
        if self.steps > 1:
            found["longer"] = Arithmetic(self.digits, self.ops, self.steps + 1, self.shown)
        if others := "".join(sign for sign in _SIGNS if sign not in self.ops):
            found["other symbols"] = Arithmetic(self.digits, others, self.steps, self.shown or self.steps == 1)
        return found

    def babble(self, item: Item, noise: Noise) -> str:
        """Return an answer of the right form, its results being those of other sums of the same size."""
        dice = Dice(noise)
        lines, value = [], None
        for step in steps_of(item.inputs["expression"]):
            left = step.left if value is None else value
            value = self._step(dice, self._number(dice), step.sign).result
            lines.append(f"{left} {step.sign} {step.right} = {value}")
        return "; ".join(lines) if self.shown else str(value)

    def marks(self, item: Item, answer: str) -> tuple[bool, ...]:
        """Return for each step written out whether its result is the true one there; none where steps are not shown."""
        if not self.shown:
            return ()
        wanted = [step.result for step in steps_of(item.inputs["expression"])]
        return tuple(a == b for a, b in zip(wanted, results_of(answer), strict=False))

    def _number(self, dice: Dice) -> int:
        return 1 + dice.below(10 ** dice.between(1, self.digits) - 1)  # short numbers as often as long ones

    def _step(self, dice: Dice, left: int, sign: str) -> Step:
        right = self._number(dice)
        if sign == "-":
            right = dice.between(0, left) if right > left else right
        elif sign == "/":
            right = dice.pick(_divisors(left, 10**self.digits - 1))
        return Step(left, sign, right)

    def _first(self, dice: Dice) -> Step:
        left, sign = self._number(dice), dice.pick(self.ops)
        if sign == "/":
            right = 1 + dice.below(10**self.digits - 1)
            return Step(right * self._number(dice), sign, right)
        return self._step(dice, left, sign)

    def _draw(self, dice: Dice) -> Item | None:
        steps = [self._first(dice)]
        split = _split_of_fact(steps[0].family)
        while len(steps) < self.steps:
            more = (self._step(dice, steps[-1].result, dice.pick(self.ops)) for _ in range(_TRIES))
            step = next((step for step in more if _split_of_fact(step.family) is split), None)
            if step is None:
                return None
            steps.append(step)
        if len(steps) > 1 and split_of(_key(steps)) is not split:
            return None
        asked = expression(steps)
        numbers = [steps[0].left, *(step.right for step in steps)]
        target = working(steps) if self.shown else str(steps[-1].result)
        inputs = {"expression": asked, "numbers": ", ".join(map(str, numbers))}
        return Item(id=asked, inputs=inputs, target=target, key=_key(steps))


class Calculator:
    """An expert: works calculations out."""

    def __init__(self, shown: bool) -> None:
        self.shown = shown
        if shown:
            self.between = "; "

    def demonstrate(self, item: Item) -> str:
        """Return the steps written out, or the result alone where that is what is asked."""
        steps = steps_of(item.inputs["expression"])
        return working(steps) if self.shown else str(steps[-1].result)


@lru_cache(maxsize=100_000)  # small numbers come again and again
def _split_of_fact(family: str) -> Split:
    return split_of(f"arithmetic {family}")


def _divisors(number: int, most: int) -> list[int]:
    """Return the divisors of `number` from 2 to `most`, or 1 alone where it has none."""
    small = [d for d in range(1, math.isqrt(number) + 1) if number % d == 0]
    return sorted(d for d in {*small, *(number // d for d in small)} if 1 < d <= most) or [1]


def _key(steps: Sequence[Step]) -> str:
    return "arithmetic " + "; ".join(step.family for step in steps)


def _refuse(digits: int, ops: str, steps: int, shown: bool) -> None:
    whole("arithmetic", digits=(digits, 1, 6), steps=(steps, 1, 12))
    if not isinstance(ops, str) or not ops or set(ops) - set(_SIGNS):
        raise BadSpec(f"arithmetic: ops are some of {_SIGNS}, not {ops!r}")
    flag("arithmetic", shown=shown)
