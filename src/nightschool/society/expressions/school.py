"""Waking and sleeping over tasks: search solves some, sleep makes a library and a recogniser of what was found.

Each night begins with the plain language and everything solved so far; the library, the weights and the recogniser of
the last night are those that the next day searches with. Ref: ellis2021.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nightschool.items import Noise
from nightschool.search.budget import Budget
from nightschool.society.expressions.grammar import Grammar
from nightschool.society.expressions.invent import Invented, Solutions, expanded, invent
from nightschool.society.expressions.recogniser import Dream, Recogniser, dreams, trained
from nightschool.society.expressions.solve import Solved, kind_of, solve
from nightschool.society.expressions.space import Example
from nightschool.society.expressions.terms import Term


@dataclass(frozen=True, slots=True)
class Problem:
    """A task: its name and its examples."""

    name: str
    examples: tuple[Example, ...]

    @property
    def given(self) -> str:
        """Return the kind of its inputs. Raises UsageError."""
        return kind_of([one for one, _ in self.examples])

    @property
    def kind(self) -> str:
        """Return the kind of its outputs. Raises UsageError."""
        return kind_of([wanted for _, wanted in self.examples])


@dataclass(frozen=True)
class Mindful:
    """What searches with: a grammar, and perhaps a recogniser, of which `trust` is how much it counts."""

    grammar: Grammar
    recogniser: Recogniser | None = None
    trust: float = 0.8

    def grammar_for(self, problem: Problem) -> Grammar:
        """Return the grammar that this problem is searched with: what the recogniser says, mixed with the prior."""
        if problem.given != self.grammar.given:
            return Grammar(self.grammar.language, problem.given, self.grammar.weights)
        if self.recogniser is None:
            return self.grammar
        return self.grammar.mixed(self.recogniser.weights(problem.examples), 1 - self.trust)

    def solve(self, problem: Problem, budget: Budget, clock: Callable[[], float]) -> Solved:
        """Return what a search for the problem came to."""
        return solve(self.grammar_for(problem), problem.kind, problem.examples, budget, clock)


@dataclass(frozen=True)
class Night:
    """What sleep made. plain: weights of the plain language, fitted; invented: the library; recogniser: of the language
    with the library, and `without`, of the plain one, where it was asked for."""

    plain: Grammar
    invented: Invented
    recogniser: Recogniser
    without: Recogniser | None
    solved: Mapping[str, Term] = field(default_factory=dict)


def sleep(base: Grammar, problems: Sequence[Problem], solved: Mapping[str, Term], noise: Noise,
          many: int = 4000, compare: bool = False) -> Night:  # fmt: skip
    """Return the night after a day on which `solved` (in primitives of `base` alone, by name) was found.

    There are `many` dreams; solutions are replayed among them, each as often as makes a quarter of them all.
    compare: teach a recogniser of the plain language too.
    Raises MissingDependency without stitch.
    """
    asked = [problem for problem in problems if problem.name in solved and problem.given == base.given]
    solutions: Solutions = [(solved[problem.name], problem.kind) for problem in asked]
    plain, invented = base.fitted(solutions), invent(base, solutions)
    inputs = [one for problem in problems if problem.given == base.given for one, _ in problem.examples]
    kinds = sorted({problem.kind for problem in problems if problem.given == base.given})

    def taught(grammar: Grammar, terms: Sequence[Term], words: str) -> Recogniser:
        dreamt = dreams(grammar, kinds, inputs, noise.child(words, "dreams"), many)
        replayed = [Dream(term, one.kind, one.examples) for term, one in zip(terms, asked, strict=True)]
        often = max(1, len(dreamt) // (3 * max(1, len(replayed))))
        return trained(grammar, dreamt + replayed * often, noise.child(words))

    return Night(
        plain,
        invented,
        taught(invented.grammar, [term for term, _ in invented.solutions], "library"),
        taught(plain, [term for term, _ in solutions], "plain") if compare else None,
        dict(solved),
    )


def wake(mind: Mindful, problems: Sequence[Problem], solved: Mapping[str, Term], budget: Budget,
         clock: Callable[[], float]) -> dict[str, Term]:  # fmt: skip
    """Return what is solved after a day: `solved`, and what was found for the other problems, in plain primitives."""
    found = dict(solved)
    for problem in problems:
        if problem.name not in found:
            answer = mind.solve(problem, budget, clock)
            if answer.term is not None:
                found[problem.name] = expanded(answer.term, mind.grammar.language)
    return found
