"""Imitating inference against doing it: `python benchmarks/society_imitation.py [--json] [--quick]`.

A world of yes-or-no variables, some of them seen, tied by four kinds of relation whose strengths nobody is told. The
task: the probability of every variable, given what is seen. Two learners get the same graphs with exact probabilities:

society       messages between variables, as ever; it learns the strengths of the four relations, by gradient through
              the messages
transformer   one block of attention, used again and again; relations come as learned biases of the attention, so that
              it is told the graph; it learns everything else

Measured: examples until the mean error is at most 0.03 on new graphs of the size that was trained on; the error on
graphs two, four and eight times as large; and with fewer and more rounds than in training. Intervals are over graphs
and seeds together (bootstrap, clustered by graph). Steps and sizes were cut to
fit an hour after a look at `--quick`, which shares graphs with the whole run.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from nightschool.items import Noise
from nightschool.society.graphs.eliminate import eliminate
from nightschool.society.graphs.factors import Factor, Graph
from nightschool.society.graphs.propagate import propagate
from nightschool.worlds.dice import Dice

KINDS = 4
TABLES = torch.tensor([[[0.0, 0.0], [-3.0, 0.0]], [[0.0, 0.0], [0.0, -3.0]], [[0.7, -0.7], [-0.7, 0.7]],
                       [[-1.5, 1.5], [1.5, -1.5]]], dtype=torch.float64)  # fmt: skip
"""implies, excludes, goes with, is unlike: log-weights of the values of the two ends"""
CRITERION = 0.03
SMALL = 6
LARGER = (12, 24, 48)
ROUNDS = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True)
class Case:
    """A graph: evidence[n] in log-odds, 0 where nothing was seen; edges: (from, to, kind); truth[n]: exact."""

    evidence: torch.Tensor
    edges: tuple[tuple[int, int, int], ...]
    truth: torch.Tensor


def graph_of(cases: Sequence[Case], tables: torch.Tensor) -> Graph:
    """Return all cases as one graph, side by side."""
    variables, factors = {}, []
    for k, case in enumerate(cases):
        names = [f"{k}/{i}" for i in range(len(case.evidence))]
        variables |= dict.fromkeys(names, 2)
        for name, odds in zip(names, case.evidence.tolist(), strict=True):
            factors.append(Factor((name,), torch.tensor([0.0, odds], dtype=torch.float64)))
        factors += [Factor((names[a], names[b]), tables[kind]) for a, b, kind in case.edges]
    return Graph(variables, factors)


def case(n: int, noise: Noise) -> Case:
    """Return a random graph: a tree of n variables and one more edge for every six of them."""
    dice = Dice(noise)
    pairs = [(dice.below(i), i) for i in range(1, n)]
    while len(pairs) < n - 1 + n // 6:
        a, b = sorted((dice.below(n), dice.below(n)))
        if a != b and (a, b) not in pairs:
            pairs.append((a, b))
    edges = tuple((*(pair if dice.chance(0.5) else pair[::-1]), dice.below(KINDS)) for pair in pairs)
    odds = [
        (2.0 + dice.below(20) / 10) * (1 if dice.chance(0.5) else -1) if dice.chance(0.5) else 0.0 for _ in range(n)
    ]
    bare = Case(torch.tensor(odds), edges, torch.zeros(n))
    exact = eliminate(graph_of([bare], TABLES))
    assert exact is not None  # graphs are sparse
    return Case(bare.evidence, edges, torch.stack([belief[1] for belief in exact.marginals.values()]).float())


def cases(n: int, many: int, word: str) -> list[Case]:
    return [case(n, Noise(("imitation", word, n, k))) for k in range(many)]


def believed(cases: Sequence[Case], tables: torch.Tensor, rounds: int) -> torch.Tensor:
    """Return [cases, n] the society's probabilities after so many rounds of messages."""
    beliefs = propagate(graph_of(cases, tables), most=rounds, tolerance=0.0)
    return torch.stack([belief[1] for belief in beliefs.marginals.values()]).reshape(len(cases), -1)


def society(train: Sequence[Case], seed: int, steps: int) -> Callable[[Sequence[Case], int], torch.Tensor]:
    torch.manual_seed(seed)
    tables = (0.1 * torch.randn(KINDS, 2, 2, dtype=torch.float64)).requires_grad_()
    optimiser = torch.optim.Adam([tables], 0.1)
    for step in range(steps):
        some = [train[(step * 16 + i) % len(train)] for i in range(min(16, len(train)))]
        p = believed(some, tables, 12).clamp(1e-6, 1 - 1e-6)
        loss = torch.nn.functional.binary_cross_entropy(p, torch.stack([one.truth for one in some]).double())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    learned = tables.detach()
    return lambda some, rounds: believed(some, learned, rounds).float()


class Looped(torch.nn.Module):
    """A transformer of one block that is used as often as one likes."""

    def __init__(self, wide: int = 48, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.first = torch.nn.Linear(2, wide)
        self.bias = torch.nn.Embedding(2 * KINDS + 2, heads)  # each kind in two directions, itself, and nothing
        self.value_of = torch.nn.Embedding(2 * KINDS + 2, wide)  # what comes along an edge is turned by its kind
        self.norms = torch.nn.ModuleList([torch.nn.LayerNorm(wide), torch.nn.LayerNorm(wide)])
        self.mix = torch.nn.Linear(wide, 3 * wide)
        self.out = torch.nn.Linear(wide, wide)
        self.wider = torch.nn.Sequential(
            torch.nn.Linear(wide, 4 * wide), torch.nn.GELU(), torch.nn.Linear(4 * wide, wide)
        )
        self.last = torch.nn.Linear(wide, 1)

    def forward(self, evidence: torch.Tensor, kinds: torch.Tensor, rounds: int) -> torch.Tensor:
        """Return [b, n] log-odds. evidence[b, n]; kinds[b, n, n]: of the edge from one variable to the other."""
        start = self.first(torch.stack([evidence, (evidence != 0).float()], -1))
        bias, gate = self.bias(kinds).permute(0, 3, 1, 2), self.value_of(kinds)
        state = start
        b, n, wide = state.shape
        for _ in range(rounds):
            q, k, v = self.mix(self.norms[0](state)).chunk(3, -1)
            q, k = (part.reshape(b, n, self.heads, -1).transpose(1, 2) for part in (q, k))
            weights = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(q.shape[-1]) + bias, -1)
            moved = (v[:, None] * (1 + gate)).reshape(b, n, n, self.heads, -1)
            mixed = torch.einsum("bhij,bijhc->bihc", weights, moved).reshape(b, n, wide)
            state = state + self.out(mixed)
            state = state + self.wider(self.norms[1](state)) + 0.1 * start
        return self.last(state)[..., 0]


def tensors(some: Sequence[Case]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    n = len(some[0].evidence)
    kinds = torch.full((len(some), n, n), 2 * KINDS + 1)
    kinds[:, torch.arange(n), torch.arange(n)] = 2 * KINDS
    for row, one in enumerate(some):
        for a, b, kind in one.edges:
            kinds[row, a, b], kinds[row, b, a] = 2 * kind, 2 * kind + 1
    return torch.stack([one.evidence for one in some]), kinds, torch.stack([one.truth for one in some])


def transformer(train: Sequence[Case], seed: int, steps: int) -> Callable[[Sequence[Case], int], torch.Tensor]:
    torch.manual_seed(seed)
    model = Looped()
    optimiser = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps, pct_start=0.1)
    evidence, kinds, truth = tensors(train)
    for _ in range(steps):
        rows = torch.randint(len(train), (min(64, len(train)),))
        odds = model(evidence[rows], kinds[rows], int(torch.randint(4, 9, ())))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(odds, truth[rows])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()

    def predict(some: Sequence[Case], rounds: int) -> torch.Tensor:
        seen, ties, _ = tensors(some)
        with torch.no_grad():
            return torch.sigmoid(model(seen, ties, rounds))

    return predict


def errors(predict: Callable[[Sequence[Case], int], torch.Tensor], test: Sequence[Case], rounds: int) -> torch.Tensor:
    """Return [cases] the mean error of each graph's probabilities."""
    return (predict(test, rounds) - torch.stack([one.truth for one in test])).abs().mean(1)


def scored(per_seed: Sequence[torch.Tensor]) -> dict[str, float]:
    """Return the mean error over graphs and seeds, with its interval over graphs."""
    each = torch.stack(list(per_seed)).mean(0)
    draws = torch.randint(len(each), (2000, len(each)), generator=torch.Generator().manual_seed(0))
    means = each[draws].mean(1)
    return {"error": float(each.mean()), "low": float(means.quantile(0.025)), "high": float(means.quantile(0.975)),
            "graphs": len(each), "seeds": len(per_seed)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    parser.add_argument("--seeds", type=int, default=2)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    tests, seeds = (20, 1) if chosen.quick else (200, chosen.seeds)
    most = 256 if chosen.quick else 4096
    began = time.process_time()
    pool, test = cases(SMALL, most, "train"), cases(SMALL, tests, "test")
    print(
        f"# {most + tests} graphs with exact probabilities: {time.process_time() - began:.0f} CPU-seconds", flush=True
    )
    ways: dict[str, tuple[Any, Sequence[int], int]] = {
        "society": (society, (1, 4, 16, 64), 30 if chosen.quick else 100),
        "transformer": (
            transformer,
            [n for n in (64, 256, 1024, 4096) if n <= most],
            100 if chosen.quick else 1400,
        ),
    }
    facts: dict[str, Any] = {"criterion": CRITERION, "floor": scored([errors(
        lambda some, rounds: believed(some, TABLES, rounds).float(), test, 16)])}  # fmt: skip
    print(f"messages with the true strengths: error {facts['floor']['error']:.4f}")
    best: dict[str, list[Any]] = {}
    for name, (learn, sizes, steps) in ways.items():
        reached = None
        for n in sizes:
            start = time.process_time()
            best[name] = [
                learn(pool[:n], seed, steps if n > 1024 else steps // 2 if n > 256 else steps // 3)
                for seed in range(seeds)
            ]
            score = scored([errors(predict, test, 8) for predict in best[name]])
            score["cpu_s"] = (time.process_time() - start) / seeds
            facts[f"{name} from {n}"] = score
            reached = n if reached is None and score["high"] <= CRITERION else reached
            print(f"{name:11} from {n:5} examples: error {score['error']:.4f} "
                  f"[{score['low']:.4f}, {score['high']:.4f}], "
                  f"{score['cpu_s']:.0f} CPU-seconds to learn", flush=True)  # fmt: skip
        facts[f"{name} reaches the criterion with"] = reached
        print(f"{name:11} reaches {CRITERION} with {reached or f'none of up to {sizes[-1]}'} examples")
    for n in LARGER[: 1 if chosen.quick else 3]:
        bigger = cases(n, max(10, tests // 2), "larger")
        for name, some in best.items():
            facts[f"{name} on {n}"] = score = scored([errors(predict, bigger, 2 * n // 3 + 4) for predict in some])
            at8 = scored([errors(predict, bigger, 8) for predict in some])
            facts[f"{name} on {n}, 8 rounds"] = at8
            print(f"{name:11} on {n:3} variables: error {score['error']:.4f} [{score['low']:.4f}, {score['high']:.4f}] "
                  f"after {2 * n // 3 + 4} rounds, {at8['error']:.4f} after 8", flush=True)  # fmt: skip
    for rounds in ROUNDS:
        row = {name: scored([errors(predict, test, rounds) for predict in some]) for name, some in best.items()}
        facts[f"rounds {rounds}"] = row
        print(f"{rounds:3} rounds: " + ", ".join(f"{name} {one['error']:.4f} [{one['low']:.4f}, {one['high']:.4f}]"
                                                  for name, one in row.items()), flush=True)  # fmt: skip
    if chosen.json:
        print(json.dumps(facts))


if __name__ == "__main__":
    main()
