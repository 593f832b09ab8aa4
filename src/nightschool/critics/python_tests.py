"""Does the Python code do what its tests say? Runs in the sandbox alone."""

from __future__ import annotations

import re

from nightschool.critics.compose import Combines
from nightschool.critics.functions.cases import Case, read_cases
from nightschool.critics.parameters import above_zero, input_text, sight_of
from nightschool.critics.texts.legible import legible
from nightschool.items import Item, Verdict
from nightschool.ports import Outcome, Sandbox, Sight
from nightschool.sandbox import Limits, shared
from nightschool.sandbox.calls import Called, Calls, Other, call
from nightschool.sandbox.limits import MIB

_FENCED = re.compile(r"```(?:python3?|py)?[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL | re.IGNORECASE)


class PythonTests(Combines):
    """Passed when every test passes. score: the share of tests that do.

    Tests are lines such as `add(1, 2) == 3` (see `functions.cases`). As a `reference` (the default) they are the item's
    target, hidden from whoever answers; as a `verifier` they are an input that everybody sees (source: its name, by
    default `tests`): examples, or properties such as `decode(encode("abc")) == "abc"`.
    The answer is Python code, or text with one fenced block of it; before: the name of an input that goes in front of
    the code (the head of a function that the answer continues).
    limit_s: wall time for all tests, the start included; memory_mb: of all processes together.
    Expected values never enter the sandbox (see `sandbox.calls`, also for what remains possible).
    Raises MissingDependency where there is no sandbox.
    """

    name = "python-tests"

    def __init__(
        self,
        sight: Sight | str = Sight.REFERENCE,
        source: str | None = None,
        before: str | None = None,
        limit_s: float = 10.0,
        memory_mb: int = 512,
        sandbox: Sandbox | None = None,
    ) -> None:
        self.sight = sight_of(sight, self.name)
        self.source, self.before = source, before
        self.limit_s = above_zero(limit_s, "limit_s", self.name)
        self.memory_mb = int(above_zero(memory_mb, "memory_mb", self.name))
        self.sandbox = sandbox or shared(Limits(memory_bytes=self.memory_mb * MIB))

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return the verdict. Raises ValueError for tests that cannot be read, RuntimeError where the sandbox fails."""
        if self.sight is Sight.VERIFIER:
            tests = input_text(dict(item.inputs), self.source, "tests", self.name)
        else:
            tests = item.target or ""
        cases = read_cases(tests)
        head = input_text(dict(item.inputs), self.before, "", self.name) if self.before else ""
        result = call(self.sandbox, head + code_in(answer), [case.call for case in cases], timeout_s=self.limit_s)
        if result.load_error is not None:
            return Verdict.of(False, f"The code does not load: {legible(result.load_error, 300)}.")
        if result.tampered:
            return Verdict.of(False, "The code wrote to the channel that carries results.")
        met = [case.met_by(told.value) for case, told in zip(cases, result.called, strict=False) if not told.raised]
        if len(result.called) == len(cases) == sum(met):
            return Verdict.of(True)
        return Verdict(sum(met) / len(cases), False, self._feedback(cases, result))

    def _feedback(self, cases: list[Case], result: Calls) -> str:
        wrong = [
            self._fault(number, case, told)
            for number, (case, told) in enumerate(zip(cases, result.called, strict=False), 1)
            if told.raised or not case.met_by(told.value)
        ]
        said = [f"{fault}." for fault in wrong[:3]]
        if len(wrong) > 3:
            said.append(f"{len(wrong) - 3} more tests fail.")
        if len(result.called) < len(cases):
            where = len(result.called)
            name = cases[where].call if self.sight is Sight.VERIFIER else f"test {where + 1}"
            said.append(f"{legible(name, 100)}: {self._end(result.outcome)}.")
        return " ".join(said)

    def _fault(self, number: int, case: Case, told: Called) -> str:
        hidden = self.sight is Sight.REFERENCE
        name = f"test {number}" if hidden else legible(case.call, 100)
        if told.raised:
            return f"{name} raised {legible(told.raised, 100)}"
        return f"{name} gave a wrong value" if hidden else f"{name} gave {_shown(told.value)}, not {case.expected!r}"

    def _end(self, outcome: Outcome) -> str:
        match outcome.ended_by:
            case "timeout":
                return f"the code did not end within {self.limit_s:g} s"
            case "memory":
                return f"the code used more than {self.memory_mb} MB of memory"
            case "output":
                return "the code wrote too much output"
            case "signal":
                return f"the code was ended by signal {-outcome.status}"
        return "the code ended the program before it gave a value"


def code_in(answer: str) -> str:
    """Return the code of an answer: its first fenced block, or all of it."""
    match = _FENCED.search(answer)
    return match.group(1) if match else answer


def _shown(value: object) -> str:
    if isinstance(value, Other):
        return f"a value of type {legible(value.kind, 60)}"
    try:
        return legible(repr(value), 100)
    except (ValueError, RecursionError):  # an int of more digits than Python likes to print
        return "a value too large to print"
