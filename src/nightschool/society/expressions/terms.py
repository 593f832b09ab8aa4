"""Expressions: trees of names, written and read as terms of a lambda calculus.

`x` is the input and `v` what an inner function is called with. Functions are not written in the tree, for a rule's
kinds say where one is expected; in text they are: `(map (lam (+ $0 1)) x)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from nightschool.errors import UsageError

_TOKEN = re.compile(r"[()]|[^\s()]+")
Tree = str | list["Tree"]


class Term(NamedTuple):
    """A name applied to arguments. `x`, `v` and, in the body of an abstraction, `#0`, `#1`... are variables."""

    head: str
    args: tuple[Term, ...] = ()

    def __iter__(self) -> Iterator[Term]:  # itself and all below
        yield self
        for arg in self.args:
            yield from arg

    @property
    def size(self) -> int:
        """Return how many names it has."""
        return 1 + sum(arg.size for arg in self.args)


Opens = Callable[[str, int], bool]
"""Whether the argument of this number of the rule of this name is a function."""


def written(term: Term, opens: Opens) -> str:
    """Return the term in text."""
    if not term.args:
        return "$0" if term.head == "v" else term.head
    parts = [
        f"(lam {written(arg, opens)})" if opens(term.head, i) and not arg.head.startswith("#") else written(arg, opens)
        for i, arg in enumerate(term.args)
    ]
    return f"({term.head} {' '.join(parts)})"


def read(text: str, arity: Callable[[str], int]) -> Term:
    """Return the term that `text` writes. arity: how many arguments a name takes.

    Raises UsageError where parentheses do not match, a variable belongs to no function or to one further out than the
    nearest, or a name has another number of arguments.
    """
    tokens = _TOKEN.findall(text)
    tree, rest = _tree(tokens, 0, text)
    if rest != len(tokens):
        raise UsageError(f"{text!r} goes on behind its last parenthesis")
    return _term(tree, False, text, arity)


def _tree(tokens: list[str], at: int, text: str) -> tuple[Tree, int]:
    if at >= len(tokens) or tokens[at] == ")":
        raise UsageError(f"parentheses do not match in {text!r}")
    if tokens[at] != "(":
        return tokens[at], at + 1
    parts: list[Tree] = []
    at += 1
    while at < len(tokens) and tokens[at] != ")":
        part, at = _tree(tokens, at, text)
        parts.append(part)
    if at >= len(tokens) or not parts:
        raise UsageError(f"parentheses do not match in {text!r}")
    return parts, at + 1


def _term(tree: Tree, inside: bool, text: str, arity: Callable[[str], int]) -> Term:
    parts = [tree] if isinstance(tree, str) else tree
    head, rest = parts[0], parts[1:]
    if head == "lam" and len(rest) == 1:
        return _term(rest[0], True, text, arity)
    if not isinstance(head, str) or (rest and head[0] in "#$"):
        raise UsageError(f"{text!r} applies what is no name")
    if head.startswith("$"):
        if head != "$0" or not inside:
            raise UsageError(f"{head} in {text!r} is not the variable of the nearest function")
        return Term("v")
    if not head.startswith("#") and arity(head) != len(rest):
        raise UsageError(f"{head} takes {arity(head)} arguments, not {len(rest)}, in {text!r}")
    return Term(head, tuple(_term(part, inside, text, arity) for part in rest))
