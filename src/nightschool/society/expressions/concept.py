"""A concept from a few examples of what it does: the likeliest program that does it, with what it was learned from."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nightschool.errors import ModelError, UsageError
from nightschool.search.budget import Budget
from nightschool.society.expressions.grammar import Grammar
from nightschool.society.expressions.language import Language
from nightschool.society.expressions.lists import LISTS
from nightschool.society.expressions.solve import kind_of, solve
from nightschool.society.expressions.space import Example
from nightschool.society.expressions.texts import TEXTS

LANGUAGES: Mapping[str, Language] = {"text": TEXTS, "list": LISTS, "int": LISTS}
"""by the kind of the input"""
_HOW = 'write one pair a line, {"input": ..., "output": ...}, or a CSV with the columns input and output'


@dataclass(frozen=True, slots=True)
class Function:
    """A program with a name. given: kind of its input; program: in text; examples: what it was learned from."""

    name: str
    given: str
    program: str
    examples: tuple[Example, ...]

    def apply(self, value: Any) -> Any:
        """Return what it makes of `value`. Raises UsageError for an input of another kind or one without a value."""
        language = LANGUAGES[self.given]
        if value not in ([], "") and kind_of([value]) != self.given:
            raise UsageError(f"{self.name} takes a {self.given}, not {value!r}")
        there, result = language.attempt(language.read(self.program), value)
        if not there:
            raise UsageError(f"{self.name} has no value for {value!r}: {self.program}")
        return result

    def told(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"name": self.name, "given": self.given, "program": self.program,
                "examples": [list(pair) for pair in self.examples]}  # fmt: skip


def function_from(data: Mapping[str, Any]) -> Function:
    """Return the function that `told` told of."""
    examples = tuple((one, wanted) for one, wanted in data["examples"])
    return Function(data["name"], data["given"], data["program"], examples)


def learn(name: str, examples: Sequence[Example], budget: Budget, clock: Callable[[], float]) -> Function:
    """Return the function that the likeliest program within the budget is. Raises UsageError for examples of kinds that
    no language has, ModelError where no program was found."""
    given, kind = kind_of([one for one, _ in examples]), kind_of([wanted for _, wanted in examples])
    if given not in LANGUAGES or kind not in Grammar(LANGUAGES[given], given).rules:
        raise UsageError(f"no language makes a {kind} of a {given}; there are programs from texts to texts or numbers, "
                         "and from lists of numbers or numbers to those, to truths and to lists of truths")  # fmt: skip
    found = solve(Grammar(LANGUAGES[given], given), kind, examples, budget, clock)
    if found.term is None:
        raise ModelError(f"no program explains these {len(examples)} examples: {found.tried:,} were looked at in "
                         f"{found.seconds:.1f} s; are they right? else give more time (--seconds)")  # fmt: skip
    return Function(name, given, LANGUAGES[given].written(found.term), tuple(examples))


def pairs_in(text: str) -> list[Example]:
    """Return the pairs that a file holds: JSON lines, or CSV. Raises UsageError, naming the line."""
    # a text may hold other marks that end a line elsewhere, such as U+2028, and JSON leaves them as they are
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if lines and not lines[0][1].lstrip().startswith(("{", "[")):
        rows = list(csv.DictReader(io.StringIO(text)))
        if not rows or not {"input", "output"} <= rows[0].keys():
            raise UsageError(f"line 1 names no columns input and output; {_HOW}")
        return [(row["input"], row["output"]) for row in rows]
    pairs: list[Example] = []
    for number, line in lines:
        try:
            one = json.loads(line)
        except ValueError as error:
            raise UsageError(f"line {number} holds no pair: {error}; {_HOW}") from error
        if not isinstance(one, dict) or not {"input", "output"} <= one.keys():
            raise UsageError(f"line {number} holds no pair; {_HOW}")
        pairs.append((one["input"], one["output"]))
    if not pairs:
        raise UsageError(f"there is no pair in it; {_HOW}")
    return pairs
