"""Structural models: variables that follow from others and from noise of their own, and what-ifs about them.

`structural` makes a program out of equations. The noise of each variable is a choice, so that `infer(..., do=...)`
carries it into the other world: abduction, action, prediction. Ref: pearl2009, 7.1.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from nightschool.errors import UsageError
from nightschool.society.generative import Call
from nightschool.society.potentials import exactly
from nightschool.society.primitives import categorical
from nightschool.society.program import Program


@dataclass(frozen=True, slots=True, eq=False)
class Equation:
    """One discrete variable: table[parents' values..., noise] is its value; logits[k] are those of its noise."""

    parents: tuple[str, ...]
    table: torch.Tensor
    logits: torch.Tensor


def structural(equations: Mapping[str, Equation], name: str = "structural") -> Program:
    """Return the program of `equations`: each variable at its name, its noise at `noise of NAME`.

    Raises UsageError for parents that are not there, or that lead round in a circle.
    """
    order = _ordered(equations)

    def body() -> Generator[tuple[str, Call], Any, Mapping[str, torch.Tensor] | None]:
        values: dict[str, torch.Tensor] = {}
        for variable in order:
            equation = equations[variable]
            noise = yield f"noise of {variable}", categorical(equation.logits)
            places = tuple(values[parent] for parent in equation.parents)
            values[variable] = yield variable, exactly(equation.table[(*places, noise)])
        return None

    return Program(body, name)


def _ordered(equations: Mapping[str, Equation]) -> Sequence[str]:
    done: list[str] = []
    waiting = list(equations)
    while waiting:
        ready = [name for name in waiting if set(equations[name].parents) <= set(done)]
        if not ready:
            raise UsageError(
                f"the equations of {', '.join(waiting)} need each other or a variable that is not there; "
                "a structural model goes one way"
            )
        done += ready
        waiting = [name for name in waiting if name not in ready]
    return done
