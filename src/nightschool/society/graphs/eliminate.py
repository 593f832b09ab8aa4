"""Exact beliefs by elimination: variables are summed out one by one, the one with the smallest table next.

Message passing on a tree of clusters, for graphs whose circles are too tight for messages between single variables. The
marginals are the slopes of log Z in each variable's evidence, which one pass backwards gives all at once. Refs:
dechter1999; darwiche2003.
"""

from __future__ import annotations

import math

import torch

from nightschool.society.graphs.factors import Graph
from nightschool.society.graphs.propagate import Beliefs

LARGEST = 2**18
"""Entries of a table, beyond which elimination is given up."""
_NEVER = -1e30
"""Nats of what is impossible: where all of a sum is, minus infinity has no slope."""


def eliminate(graph: Graph, largest: int = LARGEST) -> Beliefs | None:
    """Return the exact beliefs, or None where a table would have more than `largest` entries, or nothing is possible.

    rounds: how many variables were summed out.
    """
    order = _order(graph, largest)
    if order is None:
        return None
    with torch.enable_grad():
        lone = {name: torch.zeros(n, dtype=torch.float64, requires_grad=True) for name, n in graph.variables.items()}
        tables = [(factor.over, factor.table.double().clamp_min(_NEVER)) for factor in graph.factors]
        tables += [((name,), evidence) for name, evidence in lone.items()]
        log_z = torch.zeros((), dtype=torch.float64)
        for name in order:
            mine = [pair for pair in tables if name in pair[0]]
            tables = [pair for pair in tables if name not in pair[0]]
            over = (*sorted({other for names, _ in mine for other in names} - {name}), name)
            whole = torch.stack(torch.broadcast_tensors(*(_laid(names, table, over) for names, table in mine))).sum(0)
            summed = torch.logsumexp(whole, -1)
            if over[:-1]:
                tables.append((over[:-1], summed))
            else:
                log_z = log_z + summed
        if not _NEVER / 2 < float(log_z.detach()) < math.inf:
            return None
        slopes = torch.autograd.grad(log_z, list(lone.values()))
    return Beliefs(dict(zip(lone, slopes, strict=True)), float(log_z.detach()), True, 0.0, len(order))


def _order(graph: Graph, largest: int) -> list[str] | None:
    """Return the variables in the order of being summed out, greedily by the size of the table that it takes."""
    near: dict[str, set[str]] = {name: set() for name in graph.variables}
    for factor in graph.factors:
        for name in factor.over:
            near[name] |= set(factor.over) - {name}

    def entries(name: str) -> int:
        return math.prod(graph.variables[other] for other in (name, *near[name]))

    order = []
    while near:
        name = min(near, key=lambda one: (entries(one), one))
        if entries(name) > largest:
            return None
        around = near.pop(name)
        for other in around:
            near[other] |= around - {other}
            near[other].discard(name)
        order.append(name)
    return order


def _laid(names: tuple[str, ...], table: torch.Tensor, over: tuple[str, ...]) -> torch.Tensor:
    """Return the table with one dimension for each of `over`, of size 1 where it does not speak of it."""
    places = sorted(range(len(names)), key=lambda k: over.index(names[k]))
    turned = table.permute(places)
    sizes = iter(turned.shape)
    return turned.reshape([next(sizes) if name in names else 1 for name in over])
