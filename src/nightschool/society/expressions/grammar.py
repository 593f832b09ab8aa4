"""A grammar with weights: the generative model of expressions. How likely a rule is depends on the kind that is wanted.

`expression` makes a program of it, with a choice at each place of the tree, so that expressions can be simulated,
weighed and searched like anything else; `sample` draws many at once without traces, for dreams.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch

from nightschool.errors import UsageError
from nightschool.society.each import Each
from nightschool.society.expressions.language import Language, Rule
from nightschool.society.expressions.terms import Term
from nightschool.society.generative import Call
from nightschool.society.primitives import categorical


@dataclass(frozen=True)
class Grammar:
    """Weighted rules for tasks whose input is of the kind `given`.

    weights: by the name of a rule (with a dash inside a function), nats, not normalised; 0 where there is none.
    """

    language: Language
    given: str
    weights: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def rules(self) -> Mapping[str, tuple[Rule, ...]]:
        """Return the rules by the kind that they give."""
        by: dict[str, list[Rule]] = {}
        for rule in self.language.rules(self.given):
            by.setdefault(rule.gives, []).append(rule)
        return {kind: tuple(some) for kind, some in by.items()}

    @cached_property
    def logps(self) -> Mapping[str, float]:
        """Return the log-probability of each rule among those of its kind, by name, nats."""
        found: dict[str, float] = {}
        for some in self.rules.values():
            logits = torch.tensor([self.weights.get(rule.name, 0.0) for rule in some], dtype=torch.float64)
            found |= {rule.name: logp for rule, logp in zip(some, logits.log_softmax(0).tolist(), strict=True)}
        return found

    def rule(self, head: str, kind: str) -> Rule:
        """Return the rule by which `head` stands where `kind` is wanted. Raises UsageError where it cannot."""
        for rule in self.rules.get(kind, ()):
            if rule.primitive.name == head:
                return rule
        raise UsageError(f"{head} does not give a {kind}, or not from a {self.given}")

    def used(self, term: Term, kind: str) -> list[Rule]:
        """Return the rules that make `term`, which gives `kind`, from the outside in. Raises UsageError."""
        rule = self.rule(term.head, kind)
        below = [self.used(arg, taken) for arg, taken in zip(term.args, rule.takes, strict=True)]
        return [rule, *(one for some in below for one in some)]

    def logp(self, term: Term, kind: str) -> float:
        """Return the log-probability of `term` among all that give `kind`, nats. Raises UsageError."""
        return sum(self.logps[rule.name] for rule in self.used(term, kind))

    def fitted(self, terms: Iterable[tuple[Term, str]], prior: float = 1.0) -> Grammar:
        """Return the grammar with the weights that these terms suggest, every rule counted `prior` times more."""
        counts = {rule.name: prior for some in self.rules.values() for rule in some}
        for term, kind in terms:
            for rule in self.used(term, kind):
                counts[rule.name] += 1.0
        return Grammar(self.language, self.given, {name: math.log(count) for name, count in counts.items()})

    def mixed(self, weights: Mapping[str, float], share: float = 0.1) -> Grammar:
        """Return a grammar of which `share` is this one and the rest has other weights: no rule is ruled out."""
        other = Grammar(self.language, self.given, weights)
        both = {name: math.log(share * math.exp(logp) + (1 - share) * math.exp(other.logps[name]))
                for name, logp in self.logps.items()}  # fmt: skip
        return Grammar(self.language, self.given, both)

    def choices(self, kind: str, deep: int) -> tuple[tuple[Rule, ...], torch.Tensor]:
        """Return the rules for `kind` that can end within `deep` levels, and their logits. Raises UsageError."""
        if (kind, deep) in self._kept:
            return self._kept[kind, deep]
        some = tuple(rule for rule in self.rules.get(kind, ()) if self._deep(rule) <= deep)
        if not some:
            raise UsageError(f"no expression of {deep} levels gives a {kind} from a {self.given}")
        self._kept[kind, deep] = some, torch.tensor([self.logps[rule.name] for rule in some], dtype=torch.float64)
        return self._kept[kind, deep]

    @cached_property
    def _kept(self) -> dict[tuple[str, int], tuple[tuple[Rule, ...], torch.Tensor]]:
        return {}

    def _deep(self, rule: Rule) -> int:
        return 1 + max((self._least.get(kind, 99) for kind in rule.takes), default=0)

    @cached_property
    def _least(self) -> Mapping[str, int]:
        """Return how many levels the flattest expression of each kind has."""
        least: dict[str, int] = {}
        while True:
            found = {kind: min(1 + max((least.get(taken, 99) for taken in rule.takes), default=0) for rule in some)
                     for kind, some in self.rules.items()}  # fmt: skip
            if found == least:
                return least
            least = found


def expression(grammar: Grammar, kind: str, deep: int = 6) -> Call:
    """Return the call of the program that makes an expression of `kind` of at most `deep` levels: it returns the term.

    The choice at each place is named by the way to it and the kind that is wanted there: `r list` the root,
    `r.0 int'` its first argument, and so on.
    """

    def body() -> Generator[tuple[str, Call], Any, Term]:
        return (yield from grown("r", kind, deep))

    def grown(place: str, wanted: str, left: int) -> Generator[tuple[str, Call], Any, Term]:
        rules, logits = grammar.choices(wanted, left)
        rule = rules[int((yield f"{place} {wanted}", categorical(logits)))]
        args = []
        for number, taken in enumerate(rule.takes):
            args.append((yield from grown(f"{place}.{number}", taken, left - 1)))
        return Term(rule.primitive.name, tuple(args))

    return Each(body, f"expression of {kind}")()


def sample(grammar: Grammar, kind: str, uniform: Iterable[float], deep: int = 6) -> Term:
    """Return one expression of `kind` drawn with these numbers in (0, 1), as many as it has names.

    Raises UsageError where they are too few.
    """
    numbers = iter(uniform)

    def grown(wanted: str, left: int) -> Term:
        number = next(numbers, None)
        if number is None:
            raise UsageError(f"an expression of up to {deep} levels takes more random numbers than were given")
        rules, logits = grammar.choices(wanted, left)
        ends = torch.softmax(logits, 0).cumsum(0)
        rule = rules[min(int(torch.searchsorted(ends, number)), len(rules) - 1)]
        return Term(rule.primitive.name, tuple(grown(taken, left - 1) for taken in rule.takes))

    return grown(kind, deep)
