"""Languages of expressions: primitives with kinds, what each does to one value and to a block of many.

Kinds are `int`, `bool`, `list` (of numbers), `flags` (list of truths), `text`, `char`, `op` (of two numbers). A kind
with a dash, `int'` or `bool'`, is a value that depends on the variable of an inner function: where a primitive takes
one, it is given a function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from nightschool.errors import UnknownName, UsageError
from nightschool.society.expressions.space import Example, Space
from nightschool.society.expressions.terms import Term, read, written

Rows = Callable[..., torch.Tensor]


@dataclass(frozen=True, slots=True)
class Primitive:
    """A name with a meaning. takes, gives: kinds; plain: what it does to values (a taken function is a callable); rows:
    the same on blocks, the space first; commutes: whether its two arguments may change places; closed: whether
    its arguments never depend on an inner variable; body: of an abstraction, what it stands for."""

    name: str
    takes: tuple[str, ...]
    gives: str
    plain: Callable[..., Any]
    rows: Rows
    commutes: bool = False
    closed: bool = False
    body: Term | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A primitive at work: kinds as they are taken where it stands, with a dash inside a function."""

    primitive: Primitive
    takes: tuple[str, ...]
    gives: str

    @property
    def name(self) -> str:
        """Return the name that recognisers and weights use."""
        return self.primitive.name + ("'" if self.gives.endswith("'") else "")


@dataclass(frozen=True)
class Language:
    """Primitives by name. Raises UsageError for a name twice."""

    name: str
    primitives: Mapping[str, Primitive] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, primitives: Sequence[Primitive]) -> Language:
        """Return the language of these primitives."""
        return cls(name).joined(*primitives)

    def joined(self, *primitives: Primitive) -> Language:
        """Return the language with more primitives."""
        known = dict(self.primitives)
        for primitive in primitives:
            if primitive.name in known:
                raise UsageError(f"there is a primitive called {primitive.name!r} already; give it another name")
            known[primitive.name] = primitive
        return Language(self.name, known)

    def __getitem__(self, name: str) -> Primitive:
        if name not in self.primitives:
            raise UnknownName("primitive", name, self.primitives, f"of the language {self.name}")
        return self.primitives[name]

    def opens(self, name: str, number: int) -> bool:
        """Return whether the argument of this number is a function."""
        primitive = self.primitives.get(name)
        return primitive is not None and number < len(primitive.takes) and primitive.takes[number].endswith("'")

    def arity(self, name: str) -> int:
        """Return how many arguments a name takes."""
        return 0 if name in ("x", "v") else len(self[name].takes)

    def written(self, term: Term) -> str:
        """Return the term in text."""
        return written(term, self.opens)

    def read(self, text: str) -> Term:
        """Return the term that `text` writes. Raises UsageError, and UnknownName for a name that is none of these."""
        return read(text, self.arity)

    def rules(self, given: str) -> Iterator[Rule]:
        """Yield the rules for tasks whose input is of the kind `given`: the input, an inner variable, primitives."""
        yield Rule(_variable("x", given), (), given)
        if given in ("int", "bool"):
            yield Rule(_variable("x", given), (), given + "'")
        if any("int'" in p.takes or "bool'" in p.takes for p in self.primitives.values()):
            yield Rule(_variable("v", "int"), (), "int'")
        for primitive in self.primitives.values():
            yield Rule(primitive, primitive.takes, primitive.gives)
            if primitive.gives in ("int", "bool"):
                inner = tuple(kind + "'" if kind in _inner(primitive) else kind for kind in primitive.takes)
                yield Rule(primitive, inner, primitive.gives + "'")

    def plain(self, term: Term, given: Any, inner: Any = None, args: tuple[Any, ...] = ()) -> Any:
        """Return what the expression makes of one input. Raises what its primitives raise where there is no value."""
        if term.head == "x":
            return given
        if term.head == "v":
            return inner
        if term.head.startswith("#"):
            return args[int(term.head[1:])]
        primitive = self[term.head]

        def value(number: int, arg: Term) -> Any:
            if self.opens(term.head, number):
                if arg.head.startswith("#"):
                    return args[int(arg.head[1:])]
                return lambda each: self.plain(arg, given, each, args)
            return self.plain(arg, given, inner, args)

        values = [value(i, arg) for i, arg in enumerate(term.args)]
        return (
            primitive.plain(*values)
            if primitive.body is None
            else self.plain(primitive.body, None, None, tuple(values))
        )

    def explains(self, term: Term, examples: Sequence[Example]) -> bool:
        """Return whether the expression gives every example's output."""
        return all(self.attempt(term, given) == (True, wanted) for given, wanted in examples)

    def attempt(self, term: Term, given: Any) -> tuple[bool, Any]:
        """Return whether there is a value for this input, and which."""
        try:
            return True, self.plain(term, given)
        except (ValueError, IndexError, ZeroDivisionError, OverflowError):
            return False, None

    def rows(self, term: Term, space: Space, given: torch.Tensor, args: tuple[torch.Tensor, ...] = ()) -> torch.Tensor:
        """Return the block of an expression on the inputs `given` of a space. args: blocks for the holes of a body."""
        if term.head == "x":
            return given
        if term.head == "v":
            return space.domain[None, None, :]
        if term.head.startswith("#"):
            return args[int(term.head[1:])]
        below = [self.rows(arg, space, given, args) for arg in term.args]
        return self[term.head].rows(space, *below)


def _inner(primitive: Primitive) -> tuple[str, ...]:
    """Return the kinds of arguments that may depend on the inner variable where the primitive stands in a function.

    With a function in it, it uses the table of that function: what it is given must not depend on another.
    """
    closed = primitive.closed or any(kind.endswith("'") for kind in primitive.takes)
    return () if closed else ("int", "bool")


def _variable(name: str, kind: str) -> Primitive:
    return Primitive(name, (), kind, lambda: None, lambda space: space.domain[None, None, :])
