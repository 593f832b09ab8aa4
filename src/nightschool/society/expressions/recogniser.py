"""A recogniser of expressions: it looks at examples and says which rules are likely, so that search begins there.

Trained on dreams (expressions that the grammar makes, run on inputs of the right kind) and on solutions that were
found. It only proposes: its weights are mixed with the grammar's, so that nothing is ruled out, and what is found is
judged on the examples as ever. Refs: ellis2021; dayan1995.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from nightschool.items import Noise
from nightschool.society.expressions.bank import rebuilt
from nightschool.society.expressions.enumerate import Enumerate
from nightschool.society.expressions.grammar import Grammar
from nightschool.society.expressions.properties import NAMES, seen
from nightschool.society.expressions.space import Example, Space
from nightschool.society.expressions.terms import Term
from nightschool.society.lanes import Lanes


@dataclass(frozen=True, slots=True)
class Dream:
    """An expression, the kind that it gives, and examples of what it does."""

    term: Term
    kind: str
    examples: tuple[Example, ...]


def dreams(grammar: Grammar, kinds: Sequence[str], inputs: Sequence[Any], noise: Noise, many: int,
           shown: int = 8, tried: int = 60_000) -> list[Dream]:  # fmt: skip
    """Return about `many` dreams that give one of `kinds`, on inputs drawn from `inputs`.

    Each bout of dreaming looks at `tried` expressions on `shown` inputs, likely ones first, and keeps of those that do
    the same the likeliest. As many are taken of every cost, so that long ones come too; none that does not depend on
    its input.
    """
    found: list[Dream] = []
    bout = 0
    while len(found) < many and bout < 1 + many // 20:
        kind, chance = kinds[bout % len(kinds)], random.Random(noise.child(bout).key())
        given = chance.choices(inputs, k=shown)
        space = Space([(one, 0) for one in given])
        search = Enumerate(grammar, kind, space, None)
        state, block = search.start(), space.block(given)
        while search.ask(state) and state.tried < tried:
            state = search.step(state, block)
        bank = state.banks[kind]
        levels = [rows for cost in range(1, state.cost) if (rows := bank.rows(cost))]
        for rows in levels:
            for row in sorted(set(chance.choices(rows, k=240 // len(levels)))):
                term = rebuilt(state.banks, *bank.origin(row))
                wanted = [space.value(one, kind) for one in bank.values[row]]  # type: ignore[index]  # it has rows
                if term.size > 1 and any(one.head == "x" for one in term) and any(one != wanted[0] for one in wanted):
                    found.append(Dream(term, kind, tuple(zip(given, wanted, strict=True))))
        bout += 1
    return found[:many]


class Recogniser(torch.nn.Module):
    """Weights of a grammar's rules from what is seen of examples."""

    def __init__(self, grammar: Grammar, wide: int = 128, seed: int = 0) -> None:
        super().__init__()
        self.rules = [rule for some in grammar.rules.values() for rule in some]
        self.names = [rule.name for rule in self.rules]
        self.sizes = [len(some) for some in grammar.rules.values()]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.net = torch.nn.Sequential(
                torch.nn.Linear(2 * len(NAMES), wide), torch.nn.ReLU(), torch.nn.Linear(wide, wide), torch.nn.ReLU(),
                torch.nn.Linear(wide, len(self.rules)),
            )  # fmt: skip
            torch.nn.init.zeros_(self.net[-1].weight)
        with torch.no_grad():  # it begins with the grammar's own weights
            self.net[-1].bias.copy_(torch.tensor([grammar.logps[name] for name in self.names]))

    def forward(self, looks: torch.Tensor) -> torch.Tensor:
        """Return [n, rules] log-probabilities of each rule among those of its kind, for looks [n, 2 * len(NAMES)]."""
        return torch.cat([part.log_softmax(1) for part in self.net(looks).split(self.sizes, 1)], 1)

    def weights(self, examples: Sequence[Example]) -> dict[str, float]:
        """Return the log-probability of each rule for these examples, by name."""
        with torch.no_grad():
            return dict(zip(self.names, self(seen(examples)[None])[0].tolist(), strict=True))


def trained(grammar: Grammar, dreamt: Sequence[Dream], noise: Noise, passes: int = 12, batch: int = 128,
            rate: float = 2e-3) -> Recogniser:  # fmt: skip
    """Return a recogniser trained to tell the rules of each dream from its examples; the same noise gives the same."""
    recogniser = Recogniser(grammar, seed=noise.key() % 2**31)
    if not dreamt:
        return recogniser
    place = {name: i for i, name in enumerate(recogniser.names)}
    looks = torch.stack([seen(dream.examples) for dream in dreamt])
    counts = torch.zeros(len(dreamt), len(place))
    for row, dream in enumerate(dreamt):
        for rule in grammar.used(dream.term, dream.kind):
            counts[row, place[rule.name]] += 1
    optimiser = torch.optim.Adam(recogniser.parameters(), rate)
    steps = passes * -(-len(dreamt) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for number in range(passes):
        order = Lanes.of(noise.child("order", number), len(dreamt)).uniform().argsort()
        for rows in order.split(batch):
            loss = -(counts[rows] * recogniser(looks[rows])).sum(1).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return recogniser
