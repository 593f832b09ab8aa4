"""From examples to an expression within a budget: search on some of the examples, judge on all of them.

What explains the examples that the search saw and not the others sends it back with one that it got wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nightschool.errors import UsageError
from nightschool.search.budget import Budget
from nightschool.society.expressions.enumerate import Enumerate
from nightschool.society.expressions.grammar import Grammar
from nightschool.society.expressions.space import BAD, LIMIT, Example, Space, numbers_in
from nightschool.society.expressions.terms import Term

SHOWN = 6  # examples that a search sees at first


@dataclass(frozen=True, slots=True)
class Solved:
    """What a search came to. term: the expression that explains all examples, or None; tried: expressions looked at;
    seconds: by the clock that was given; ended_by: `found`, `budget` or `exhausted`."""

    term: Term | None
    tried: int
    seconds: float
    ended_by: str


def kind_of(values: Sequence[Any]) -> str:
    """Return the kind of these values. Raises UsageError for what is none, or for two kinds in one."""
    kinds = {_kind(value) for value in values} - {""}
    if len(kinds) != 1 or not kinds <= {"int", "bool", "text", "list", "flags"}:
        raise UsageError(
            "values are all whole numbers, truths, texts, or lists of numbers or of truths, not "
            f"{', '.join(sorted(kinds)) or list(values)[:3]}"
        )
    return kinds.pop()


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        inner = {_kind(one) for one in value}
        if inner <= {"int"}:
            return "list" if inner else ""
        if inner == {"bool"}:
            return "flags"
    return repr(value)[:40]


def solve(grammar: Grammar, kind: str, examples: Sequence[Example], budget: Budget, clock: Callable[[], float],
          most: int = 60) -> Solved:  # fmt: skip
    """Return the likeliest expression that explains `examples`, or what was tried.

    budget: seconds by `clock`, and calls as expressions looked at. Raises UsageError for no example, for one input
    with two outputs, or for a number that is too large to compute with.
    """
    began, tried = clock(), 0
    for number in (number for pair in examples for value in pair for number in numbers_in(value)):
        if abs(number) >= -BAD:
            raise UsageError(f"the number {number} is too large for programs: they compute up to {LIMIT:,}")
    shown = shown_first(examples)
    while True:
        space = Space(shown)
        search = Enumerate(grammar, kind, space, space.block([wanted for _, wanted in shown]), most)
        given = space.block([one for one, _ in shown])
        state, judged = search.start(), 0
        wrong: Example | None = None
        while search.ask(state):
            if _spent(budget, clock() - began, tried + state.tried):
                return Solved(None, tried + state.tried, clock() - began, "budget")
            state = search.step(state, given)
            for term in state.found[judged:]:
                missed = [pair for pair in examples if grammar.language.attempt(term, pair[0]) != (True, pair[1])]
                if not missed:
                    return Solved(term, tried + state.tried, clock() - began, "found")
                wrong = wrong or missed[0]
            judged = len(state.found)
            if wrong is not None and len(shown) < len(examples) and judged >= 3:
                break
        tried += state.tried
        if wrong is None or wrong in shown:
            return Solved(None, tried, clock() - began, "exhausted")
        shown = [*shown, wrong]


def shown_first(examples: Sequence[Example], many: int = SHOWN) -> list[Example]:
    """Return up to `many` unlike examples, short ones and longer ones, none of the longest where there is a choice."""
    unlike: list[Example] = []
    for pair in examples:
        if any(pair[0] == other and pair[1] != wanted for other, wanted in unlike):
            raise UsageError(f"the input {pair[0]!r} has two outputs; no function explains both")
        if pair not in unlike:
            unlike.append(pair)
    if not unlike:
        raise UsageError("there is nothing to explain: give at least one example")
    unlike.sort(key=lambda pair: sum(len(v) if isinstance(v, (list, str)) else 1 for v in pair))
    some = unlike[: max(many, (3 * len(unlike)) // 4)]
    step = (len(some) - 1) / max(1, many - 1)
    return [some[round(k * step)] for k in range(many)] if len(some) > many else some


def _spent(budget: Budget, seconds: float, tried: int) -> bool:
    return (budget.seconds is not None and seconds >= budget.seconds) or (
        budget.calls is not None and tried >= budget.calls
    )
