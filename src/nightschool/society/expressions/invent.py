"""Learning a library: what solutions have in common becomes a primitive, where that explains more than it costs to say.

stitch (bowers2023) proposes what many solutions share. It is admitted when the evidence of all solutions, weights of
the grammar integrated out, grows by more than its own description length; the solutions are written anew with it, and
the next is looked for in them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from nightschool.errors import MissingDependency, UsageError
from nightschool.society.expressions.grammar import Grammar
from nightschool.society.expressions.language import Language, Primitive
from nightschool.society.expressions.space import Space
from nightschool.society.expressions.terms import Opens, Term

Solutions = Sequence[tuple[Term, str]]
"""Terms with the kinds that they give."""
Proposer = Callable[[Sequence[str], int], str | None]
"""Returns the body that these programs share most with at most so many holes, `#0`, `#1`..., or nothing."""


@dataclass(frozen=True, slots=True)
class Invented:
    """What was learned. grammar: with the new primitives; solutions: written with them; gains: by name, nats of
    evidence above the description length."""

    grammar: Grammar
    solutions: Solutions
    gains: dict[str, float]


def stitched(programs: Sequence[str], holes: int) -> str | None:
    """Return what stitch finds. Raises MissingDependency where it is not installed."""
    try:
        import stitch_core
    except ImportError as error:
        raise MissingDependency(
            "learning a library needs the package stitch-core; pip install 'nightschool[programs]'"
        ) from error
    found = stitch_core.compress(list(programs), iterations=1, max_arity=holes, silent=True).abstractions
    return str(found[0].body) if found else None


def invent(grammar: Grammar, solutions: Solutions, most: int = 12, propose: Proposer = stitched) -> Invented:
    """Return the grammar with at most `most` new primitives that explain `solutions` better, and its weights fitted.

    Raises MissingDependency without stitch.
    """
    gains: dict[str, float] = {}
    while len(gains) < most:
        texts = [grammar.language.written(term) for term, _ in solutions]
        before = evidence(grammar, solutions)
        best: tuple[float, Primitive, Grammar, Solutions] | None = None
        for body in dict.fromkeys(propose(texts, holes) for holes in (0, 1, 2, 3)) if texts else ():
            made = abstraction(grammar, f"f{len(_known(grammar.language))}", body) if body else None
            if made is None:
                continue
            larger = Grammar(grammar.language.joined(made), grammar.given)
            anew = [(rewritten(term, made, grammar.language.opens), kind) for term, kind in solutions]
            gain = evidence(larger, anew) - before - length(grammar.fitted(solutions), made)
            if best is None or gain > best[0]:
                best = gain, made, larger, anew
        if best is None or best[0] <= 0:
            break
        gains[best[1].name] = best[0]
        grammar, solutions = best[2], best[3]
    return Invented(grammar.fitted(solutions), solutions, gains)


def evidence(grammar: Grammar, solutions: Solutions) -> float:
    """Return the log-probability of all solutions, every weight of the grammar equally likely beforehand, nats."""
    counts: dict[str, dict[str, int]] = {kind: {rule.name: 0 for rule in some} for kind, some in grammar.rules.items()}
    for term, kind in solutions:
        for rule in grammar.used(term, kind):
            counts[rule.gives][rule.name] += 1
    total = 0.0
    for some in counts.values():
        n, k = sum(some.values()), len(some)
        total += math.lgamma(k) - math.lgamma(k + n) + sum(math.lgamma(1 + count) for count in some.values())
    return total


def length(grammar: Grammar, made: Primitive) -> float:
    """Return the description length of an abstraction, nats: its names under the grammar, its holes as any name."""
    assert made.body is not None  # it is an abstraction

    def said(term: Term, kind: str) -> float:
        if term.head.startswith("#"):
            return math.log(len(grammar.rules[kind]))
        rule = grammar.rule(term.head, kind)
        return -grammar.logps[rule.name] + sum(said(a, k) for a, k in zip(term.args, rule.takes, strict=True))

    return said(made.body, made.gives)


def abstraction(grammar: Grammar, name: str, text: str) -> Primitive | None:
    """Return the primitive that stands for `text`, in which the input becomes one more hole; None where it has no kinds
    here: a function applied, a hole of two kinds, nothing but one name."""
    language = grammar.language
    try:
        body = language.read(text)
    except UsageError:
        return None
    holes = {term.head for term in body if term.head.startswith("#")}
    if any(term.head == "x" for term in body):
        body = _replaced(body, "x", f"#{len(holes)}")
    if body.size - len(holes) < 2 or body.head not in language.primitives:
        return None
    kinds: dict[str, str] = {}

    def walk(term: Term, kind: str, inside: bool) -> bool:
        if term.head.startswith("#"):
            return kinds.setdefault(term.head, kind) == kind
        if term.head == "v":
            return inside
        primitive = language[term.head]
        if primitive.gives != kind.removesuffix("'"):
            return False
        pairs = zip(term.args, primitive.takes, strict=True)
        return all(walk(arg, taken, inside or taken.endswith("'")) for arg, taken in pairs)

    gives = language[body.head].gives
    if not walk(body, gives, False):
        return None
    takes = tuple(kinds[f"#{i}"] for i in range(len(kinds)))
    closed = any(term.head == "v" for term in body) or any(language[t.head].closed for t in body if _named(t))

    def rows(space: Space, *args: torch.Tensor) -> torch.Tensor:
        return language.rows(body, space, torch.empty(0), args)

    return Primitive(name, takes, gives, lambda: None, rows, closed=closed, body=body)


def rewritten(term: Term, made: Primitive, opens: Opens) -> Term:
    """Return the term with `made` wherever its body matches, the innermost first."""
    assert made.body is not None  # it is an abstraction
    below = Term(term.head, tuple(rewritten(arg, made, opens) for arg in term.args))
    held: dict[str, Term] = {}
    if _matches(made.body, below, held, made, opens):
        return Term(made.name, tuple(held[f"#{i}"] for i in range(len(made.takes))))
    return below


def expanded(term: Term, language: Language) -> Term:
    """Return the term in the primitives that stand for nothing else."""
    args = tuple(expanded(arg, language) for arg in term.args)
    body = language.primitives[term.head].body if term.head in language.primitives else None
    return Term(term.head, args) if body is None else expanded(_filled(body, args), language)


def _matches(pattern: Term, term: Term, held: dict[str, Term], made: Primitive, opens: Opens) -> bool:
    if pattern.head.startswith("#"):
        function = made.takes[int(pattern.head[1:])].endswith("'")
        if made.closed and not function and free(term, opens):
            return False  # the variable of one function would become that of another
        return held.setdefault(pattern.head, term) == term
    return pattern.head == term.head and all(
        _matches(one, other, held, made, opens) for one, other in zip(pattern.args, term.args, strict=True)
    )


def free(term: Term, opens: Opens) -> bool:
    """Return whether the value of the term depends on the variable of a function around it."""
    return term.head == "v" or any(free(arg, opens) for i, arg in enumerate(term.args) if not opens(term.head, i))


def _filled(body: Term, args: tuple[Term, ...]) -> Term:
    if body.head.startswith("#"):
        return args[int(body.head[1:])]
    return Term(body.head, tuple(_filled(arg, args) for arg in body.args))


def _replaced(term: Term, head: str, other: str) -> Term:
    return Term(other if term.head == head else term.head, tuple(_replaced(arg, head, other) for arg in term.args))


def _named(term: Term) -> bool:
    return term.head != "v" and not term.head.startswith("#")


def _known(language: Language) -> list[str]:
    return [name for name, primitive in language.primitives.items() if primitive.body is not None]
