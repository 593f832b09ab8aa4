"""The game of 24, step by step: two numbers become one, until one is left. What can still be made, and the critics.

Steps are written `8 - 4 = 4, 7 - 1 = 6, 4 * 6 = 24`. Every result is a whole number and not negative; a division comes
out even.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nightschool.items import Item, Verdict
from nightschool.ports import Sight

Numbers = tuple[int, ...]
_STEP = re.compile(r"(\d{1,9})([+\-*/])(\d{1,9})=(\d{1,18})", re.ASCII)
_SIGNS = {"×": "*", "·": "*", "x": "*", "÷": "/", "−": "-", "–": "-"}


@dataclass(frozen=True, slots=True)
class Move:
    """One step: `left sign right = result`."""

    left: int
    sign: str
    right: int
    result: int

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right} = {self.result}"


def results(left: int, right: int) -> Iterator[Move]:
    """Yield what can be made of two numbers, in this order."""
    yield Move(left, "+", right, left + right)
    if left >= right:
        yield Move(left, "-", right, left - right)
    yield Move(left, "*", right, left * right)
    if right and left % right == 0:
        yield Move(left, "/", right, left // right)


def moves(numbers: Sequence[int]) -> list[Move]:
    """Return every step that there is, without doubles."""
    found: dict[Move, None] = {}
    for i, left in enumerate(numbers):
        for j, right in enumerate(numbers):
            if i != j:
                found.update(dict.fromkeys(results(left, right)))
    return list(found)


def after(numbers: Numbers, move: Move) -> Numbers | None:
    """Return the numbers after `move`, sorted; None where its numbers are not there."""
    left = list(numbers)
    for number in (move.left, move.right):
        if number not in left:
            return None
        left.remove(number)
    return tuple(sorted([*left, move.result]))


@lru_cache(maxsize=200_000)
def solution(numbers: Numbers, goal: int) -> tuple[Move, ...] | None:
    """Return steps from `numbers` (sorted) to `goal`, None where there are none."""
    if len(numbers) == 1:
        return () if numbers[0] == goal else None
    for move in moves(numbers):
        rest = after(numbers, move)
        assert rest is not None
        behind = solution(rest, goal)
        if behind is not None:
            return (move, *behind)
    return None


def written(steps: Sequence[Move]) -> str:
    """Return the steps as an answer."""
    return ", ".join(map(str, steps))


def question(item: Item) -> tuple[Numbers, int]:
    """Return the numbers, sorted, and the goal of an item. Raises LookupError, ValueError for an item without them."""
    return tuple(sorted(int(number) for number in item.inputs["numbers"].split(","))), int(item.inputs["goal"])


def _parts(answer: str) -> list[str]:
    text = answer.strip().removesuffix(".")
    for sign, plain in _SIGNS.items():
        text = text.replace(sign, plain)
    return ["".join(part.split()) for part in re.split(r"[,;\n]", text)]


def _follow(parts: Sequence[str], numbers: Numbers) -> tuple[Numbers, int, str]:
    """Return the numbers that are left, how many steps were right, and what is wrong with the next one."""
    for done, part in enumerate(parts):
        if len(numbers) == 1:
            return numbers, done, "Write nothing after the last step."
        match = _STEP.fullmatch(part)
        if match is None:
            return numbers, done, f"Step {done + 1} is not written as a + b = c."
        move = Move(int(match[1]), match[2], int(match[3]), int(match[4]))
        rest = after(numbers, move)
        if rest is None:
            return numbers, done, f"Step {done + 1} takes numbers that are not there: there are {_said(numbers)}."
        if move not in list(results(move.left, move.right)):
            return numbers, done, f"Step {done + 1} is calculated wrong, or gives no whole number."
        numbers = rest
    return numbers, len(parts), ""


def _said(numbers: Numbers) -> str:
    return ", ".join(map(str, numbers))


class Made24:
    """The verifier: passed when right steps use every number once and end at the goal.

    score: half for the share of steps that are right, a quarter more when all numbers are used up.
    """

    name = "game24"
    sight = Sight.VERIFIER
    timeout_s = None

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict, with the first thing that is wrong as feedback."""
        numbers, goal = question(item)
        parts = [part for part in _parts(answer) if part]
        if not parts:
            return Verdict.of(False, "Write the steps, such as: 8 - 4 = 4, 4 * 6 = 24")
        rest, done, wrong = _follow(parts, numbers)
        share = 0.5 * done / (len(numbers) - 1)
        if wrong:
            return Verdict(min(share, 0.5), False, wrong)
        if len(rest) > 1:
            return Verdict(share, False, f"Not finished: {_said(rest)} are left.")
        return Verdict.of(True) if rest[0] == goal else Verdict(0.75, False, f"It makes {rest[0]}, not {goal}.")


class Still24:
    """The step critic: passed while the goal can still be made, and the step being written can still become right.

    score: (right steps + 1) / (steps + 1), or 0.
    """

    name = "game24-so-far"
    sight = Sight.VERIFIER
    timeout_s = None

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return whether the answer can still become right, and why not."""
        numbers, goal = question(item)
        *whole, last = _parts(answer)
        if last and _ends(last, whole, numbers):
            whole, last = [*whole, last], ""
        rest, done, wrong = _follow(whole, numbers)
        if wrong:
            return Verdict.of(False, wrong)
        if solution(rest, goal) is None:
            return Verdict.of(False, f"{goal} cannot be made of {_said(rest)}.")
        if last and not any(_squeezed(move).startswith(last) for move in moves(rest) if _leads(rest, move, goal)):
            return Verdict.of(False, f"Step {done + 1} leads nowhere: there are {_said(rest)}.")
        return Verdict((done + 1) / len(numbers), True)


def _ends(last: str, whole: Sequence[str], numbers: Numbers) -> bool:
    """Return whether `last`, with nothing behind it, is a whole step (its result may be cut: 1 of 12 is none)."""
    return not _follow([*whole, last], numbers)[2]


def _leads(numbers: Numbers, move: Move, goal: int) -> bool:
    rest = after(numbers, move)
    return rest is not None and solution(rest, goal) is not None


def _squeezed(move: Move) -> str:
    return "".join(str(move).split())
