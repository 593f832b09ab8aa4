"""Calculations: expressions that are worked out from left to right, and the critics that check the working.

An expression has brackets exactly where left to right would otherwise be wrong, so folding its numbers and signs in
order gives its value: `(3 + 4) * 2 - 5`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nightschool.items import Item, Verdict
from nightschool.ports import Sight

_TOKEN = re.compile(r"\d+|[+\-*/]")
_END_OF_STEP = re.compile(r"[;,\n]")


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on whole numbers: `left sign right = result`."""

    left: int
    sign: str
    right: int

    @property
    def result(self) -> int:
        """Return the result; a division is made to come out even."""
        match self.sign:
            case "+":
                return self.left + self.right
            case "-":
                return self.left - self.right
            case "*":
                return self.left * self.right
        return self.left // self.right

    @property
    def family(self) -> str:
        """Return what names every fact that this one gives away: 31 + 12, 12 + 31, 43 - 12 and 43 - 31 are one."""
        sign = "+" if self.sign in "+-" else "*"
        parts = (self.left, self.right) if self.sign in "+*" else (self.right, self.result)
        return f"{min(parts)} {sign} {max(parts)}"

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right} = {self.result}"


def expression(steps: Sequence[Step]) -> str:
    """Return `steps` as one expression, with as few brackets as left to right allows."""
    text = str(steps[0].left)
    for before, step in zip((None, *steps), steps, strict=False):
        if before is not None and before.sign in "+-" and step.sign in "*/":
            text = f"({text})"
        text += f" {step.sign} {step.right}"
    return text


def steps_of(text: str) -> tuple[Step, ...]:
    """Return the steps of an expression. Raises ValueError for anything else.

    >>> [str(step) for step in steps_of("(3 + 4) * 2")]
    ['3 + 4 = 7', '7 * 2 = 14']
    """
    first, *rest = _TOKEN.findall(text) or ["?"]
    if not first.isdigit() or not rest or len(rest) % 2:
        raise ValueError(f"not an expression: {text!r}")
    steps, value = [], int(first)
    for sign, right in zip(rest[::2], rest[1::2], strict=True):
        steps.append(Step(value, sign, int(right)))
        value = steps[-1].result
    return tuple(steps)


def working(steps: Sequence[Step]) -> str:
    """Return the steps written out, with each result: `3 + 4 = 7; 7 * 2 = 14`."""
    return "; ".join(map(str, steps))


def results_of(answer: str) -> list[int | None]:
    """Return what stands behind the equals sign of each step of an answer, None where that is no number.

    >>> results_of("3 + 4 = 7; 7 * 2 = about 14; and so on")
    [7, None]
    """
    parts = [part.rpartition("=")[2].strip() for part in _END_OF_STEP.split(answer.removesuffix(".")) if "=" in part]
    return [int(part) if re.fullmatch(r"[+-]?\d{1,40}", part) else None for part in parts]


class Worked:
    """The verifier of calculations: works the item's `expression` out for itself.

    shown: whether the steps must be written out. score: the share of steps (or 1 for the result alone) that are right.
    """

    name = "worked"
    sight = Sight.VERIFIER
    timeout_s = None

    def __init__(self, shown: bool) -> None:
        self.shown = shown

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict, with the first step that is wrong as feedback."""
        steps = steps_of(item.inputs["expression"])
        given = [_squeeze(part) for part in _END_OF_STEP.split(answer.strip().removesuffix(".")) if part.strip()]
        if not self.shown:
            right = len(given) == 1 and given[0] in (str(steps[-1].result), _squeeze(_line(item, steps)))
            return Verdict.of(right, "" if right else "This is not the right number, or not the number alone.")
        good = 0
        for step, text in zip(steps, given, strict=False):
            if text != _squeeze(str(step)):
                return Verdict(good / len(steps), False, f"Step {good + 1} is wrong or not written as a + b = c.")
            good += 1
        if len(given) > len(steps):
            return Verdict(0.5, False, "Write nothing after the last step.")
        if good < len(steps):
            return Verdict(good / len(steps), False, f"Write every step: there are {len(steps)}.")
        return Verdict.of(True)


class WorkedSoFar:
    """The step critic of calculations: passed while the answer can still become right.

    score: (steps complete and right + 1) / (steps + 1), or 0.
    """

    name = "worked-so-far"
    sight = Sight.VERIFIER
    timeout_s = None

    def __init__(self, shown: bool) -> None:
        self.shown = shown

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return whether the right answer begins like `answer`."""
        steps = steps_of(item.inputs["expression"])
        so_far = _squeeze(_END_OF_STEP.sub(";", answer))
        wanted = [_squeeze(working(steps))] if self.shown else [str(steps[-1].result), _squeeze(_line(item, steps))]
        if not any(text.startswith(so_far) for text in wanted):
            return Verdict.of(False, "This can no longer become right.")
        done = so_far.count(";") + (so_far in wanted)
        return Verdict((done + 1) / (len(steps) + 1) if self.shown else (1 + (so_far in wanted)) / 2, True)


def _line(item: Item, steps: Sequence[Step]) -> str:
    return f"{item.inputs['expression']} = {steps[-1].result}"


def _squeeze(text: str) -> str:
    return "".join(text.split())
