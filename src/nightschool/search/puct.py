"""The arithmetic of Monte Carlo tree search: which child next, and what flows back. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Node:
    """One place in the tree. The root has the id -1 and no parent.

    visits: simulations through it; total: of their values, each in [0, 1]; draws: steps drawn behind it, doubles
    included; prior: its weight among its siblings, above zero; ended: nothing can follow; closed: not worth following.
    """

    parent: int | None = None
    children: tuple[int, ...] = ()
    visits: int = 0
    total: float = 0.0
    draws: int = 0
    prior: float = 1.0
    ended: bool = False
    closed: bool = False

    @property
    def mean(self) -> float:
        """Return the mean value behind it, 0 where nobody was."""
        return self.total / self.visits if self.visits else 0.0


def prior_of(logp: float | None) -> float:
    """Return the weight of a child whose step has this log-probability for each token, in (0, 1]."""
    return 1.0 if logp is None else max(math.exp(min(logp, 0.0)), 1e-9)


def select(nodes: Mapping[int, Node], at: int, among: Sequence[int], explore: float) -> int:
    """Return the child out of `among` of the greatest Q + explore * P * sqrt(N) / (1 + n); of equals the first.

    Ref: silver2017, Methods; rosin2011.
    """
    root = math.sqrt(max(1, nodes[at].visits))
    weight = math.fsum(nodes[child].prior for child in among)

    def promise(child: int) -> float:
        node = nodes[child]
        return node.mean + explore * node.prior / weight * root / (1 + node.visits)

    return max(among, key=promise)


def backed_up(nodes: Mapping[int, Node], leaf: int, value: float) -> dict[int, Node]:
    """Return the nodes with a visit of `value` counted from `leaf` up to the root.

    Raises ValueError for a value outside [0, 1].
    Ref: kocsis2006.
    """
    if not 0.0 <= value <= 1.0:  # NaN fails too
        raise ValueError(f"the value of a simulation is in [0, 1], not {value}")
    grown = dict(nodes)
    at: int | None = leaf
    while at is not None:
        node = grown[at]
        grown[at] = replace(node, visits=node.visits + 1, total=node.total + value)
        at = node.parent
    return grown
