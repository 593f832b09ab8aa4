"""The search for an expression: likelier ones first, one for each meaning, in blocks of thousands. Pure ask and tell.

Costs are negative log-probabilities in bits, rounded up to whole numbers. A rule of cost c with arguments whose costs
add up to b makes expressions of cost b + c: every cost is finished before the next begins. Of expressions that mean
the same on all examples the first is kept, and stands for the others in everything that is built of it. What asks are
told is what a block of expressions makes of the examples; the search looks for the wanted outputs among it.
Refs: albarghouthi2013; udupa2013.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch

from nightschool.society.expressions.bank import Bank, Made, rebuilt
from nightschool.society.expressions.grammar import Grammar
from nightschool.society.expressions.language import Rule
from nightschool.society.expressions.space import BAD, Space
from nightschool.society.expressions.terms import Term

WIDE = 4096  # rows of a block


@dataclass(frozen=True, slots=True)
class Apply:
    """An ask: what does this rule make of these arguments? rows: of each argument in its bank; blocks: their values."""

    rule: Rule
    rows: tuple[torch.Tensor, ...]
    blocks: tuple[torch.Tensor, ...]


@dataclass(slots=True)
class Searching:
    """A search under way; it grows in place, and a state is told once. cost: of what is made now; tried: expressions so
    far; found: those that give the wanted outputs, likeliest first; full: kinds that were given no more room."""

    banks: dict[str, Bank]
    steps: Iterator[Apply]
    asked: Apply | None = None
    cost: int = 0
    tried: int = 0
    found: list[Term] = field(default_factory=list)
    full: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Enumerate:
    """A search for expressions of `kind` that give the outputs `wanted` [1, e, ...] on the examples of a space; with
    nothing wanted, for all that mean something else.

    most: cost at which it ends, bits; room: numbers that a bank may hold (8 bytes each).
    """

    grammar: Grammar
    kind: str
    space: Space
    wanted: torch.Tensor | None
    most: int = 60
    room: int = 12_000_000

    def start(self) -> Searching:
        """Return the search before anything was asked."""
        state = Searching({kind: Bank(kind) for kind in self.grammar.rules}, iter(()))
        state.steps = self._steps(state)
        state.asked = next(state.steps, None)
        return state

    def ask(self, state: Searching) -> list[Apply]:
        """Return the block that is to be evaluated next; none where the search is over."""
        return [] if state.asked is None else [state.asked]

    def tell(self, state: Searching, values: torch.Tensor) -> Searching:
        """Return the search with the values [n, e, ...] of the block that it asked for."""
        asked = state.asked
        if asked is None:
            raise ValueError("the search asked for nothing")
        rule, n = asked.rule, max((len(rows) for rows in asked.rows), default=1)
        kind, bank = rule.gives, state.banks[rule.gives]
        if kind.endswith("'") and values.ndim == 2:  # it does not depend on the inner variable
            values = values[..., None]
        values = values.expand(n, len(self.space), *self._shape(kind))
        state.tried += n
        made = Made(rule, asked.rows)
        if kind == self.kind and self.wanted is not None:
            hits = (values == self.wanted).flatten(1).all(1).nonzero()[:, 0].tolist()
            state.found += [rebuilt(state.banks, made, hit) for hit in hits[:20]]
        sized = values[..., -1] if kind in ("list", "flags", "text") else values
        bad = sized == (-1 if kind in ("list", "flags", "text") else BAD)
        good = (~bad).flatten(1).any(1) if kind.endswith("'") else (~bad).flatten(1).all(1)
        kept = good.nonzero()[:, 0]
        if len(kept):
            each = values.shape[1:].numel()
            left = max(0, self.room // each - len(bank))
            rows = bank.fresh((values[kept].flatten(1) * _marks(each)).sum(1), left)
            if left <= len(rows):
                state.full.add(kind)
            if rows:
                chosen = kept[rows]
                bank.add(values[chosen], made.take(chosen))
        state.asked = next(state.steps, None)
        return state

    def step(self, state: Searching, given: torch.Tensor) -> Searching:
        """Return the search with all that it asks for now evaluated on the inputs `given` [1, e, ...]."""
        for ask in self.ask(state):
            primitive = ask.rule.primitive
            state = self.tell(state, given if primitive.name == "x" else primitive.rows(self.space, *ask.blocks))
        return state

    def best(self, state: Searching) -> Term | None:
        """Return the likeliest expression that gives the wanted outputs, as far as rounded costs tell."""
        return state.found[0] if state.found else None

    def _steps(self, state: Searching) -> Iterator[Apply]:
        costs = {name: max(1, math.ceil(-logp / math.log(2) - 0.5)) for name, logp in self.grammar.logps.items()}
        reach = self._reached()
        for state.cost in range(1, self.most + 1):
            for kind in reach:
                for rule in self.grammar.rules[kind]:
                    left = state.cost - costs[rule.name]
                    if left >= 0 and not (kind in state.full and kind != self.kind):
                        yield from self._applied(state.banks, rule, left)
            for bank in state.banks.values():
                bank.closed(state.cost)

    def _applied(self, banks: dict[str, Bank], rule: Rule, left: int) -> Iterator[Apply]:
        """Yield blocks of this rule with all arguments whose costs add up to `left`."""
        if not rule.takes:
            if left == 0:
                yield Apply(rule, (), ())
            return
        waiting: list[tuple[torch.Tensor, ...]] = []
        many = 0
        for ranges in _shares([banks[kind] for kind in rule.takes], left):
            total = math.prod(len(part) for part in ranges)
            for start in range(0, total, WIDE):
                number = torch.arange(start, min(total, start + WIDE))
                rows: list[torch.Tensor] = []
                for part in reversed(ranges):
                    rows.append(number % len(part) + part.start)
                    number = number // len(part)
                rows.reverse()
                if rule.primitive.commutes and rule.takes[0] == rule.takes[1]:
                    once = rows[0] <= rows[1]
                    rows = [row[once] for row in rows]
                waiting.append(tuple(rows))
                many += len(rows[0])
                if many >= WIDE:
                    yield _gathered(banks, rule, waiting)
                    waiting, many = [], 0
        if many:
            yield _gathered(banks, rule, waiting)

    def _reached(self) -> list[str]:
        """Return the kinds that expressions of the wanted kind can be built of, the innermost first."""
        reached: dict[str, None] = {}

        def visit(kind: str) -> None:
            if kind not in reached:
                reached[kind] = None
                for rule in self.grammar.rules.get(kind, ()):
                    for taken in rule.takes:
                        visit(taken)

        visit(self.kind)
        return [kind for kind in reversed(reached) if kind in self.grammar.rules]

    def _shape(self, kind: str) -> tuple[int, ...]:
        if kind in ("list", "flags", "text"):
            return (self.space.longest + 1,)
        return (len(self.space.domain),) if kind.endswith("'") else ()


def _shares(banks: list[Bank], left: int) -> Iterator[list[range]]:
    """Yield rows of each bank whose costs add up to `left`, none of them empty."""
    if len(banks) == 1:
        if rows := banks[0].rows(left):
            yield [rows]
        return
    for cost in range(1, left):
        if rows := banks[0].rows(cost):
            for others in _shares(banks[1:], left - cost):
                yield [rows, *others]


def _gathered(banks: dict[str, Bank], rule: Rule, waiting: list[tuple[torch.Tensor, ...]]) -> Apply:
    rows = tuple(torch.cat(parts) for parts in zip(*waiting, strict=True))
    blocks = []
    for kind, row in zip(rule.takes, rows, strict=True):
        values = banks[kind].values
        assert values is not None  # rows of it were chosen
        blocks.append(values[row])
    return Apply(rule, rows, tuple(blocks))


def _marks(n: int) -> torch.Tensor:
    """Return [n] odd numbers by which a row is summed up to one: rows that differ have the same sum once in 2^63."""
    numbers = torch.arange(1, n + 1) * -0x61C8864680B583EB
    numbers = (numbers ^ ((numbers >> 29) & ((1 << 35) - 1))) * -0x40A7B892E31B1A47
    return (numbers ^ ((numbers >> 32) & ((1 << 32) - 1))) | 1
