"""Claims that agree explain once: what several say of one port counts as if one had said it.

A port whose values are all alike beforehand gives the members S that claim something on it the weight

    R(S) = mean over values v of the product over S of (values * p_member(v)),

which is one for a member alone, far below one where two contradict each other, and grows with every further member
that says the same: agreeing would be evidence. So S is given the weight of its worst dispute instead, the least R of
any of its subsets: one where all agree, unchanged for two that contradict each other, never more for a further voice,
and less only where that voice adds a dispute of its own.

Claims that agree are one factor with their port, so that messages between them do not go round in a circle.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch

from nightschool.society.claims.claims import Claim, active
from nightschool.society.graphs.factors import Factor

MOST = 10
"""Members of one group that are weighed exactly, by a table over all their subsets."""
LEAF = 6
"""Members of a larger group that are weighed exactly among each other."""


def once(port: str, claims: Sequence[Claim]) -> tuple[list[Factor], dict[str, int]]:
    """Return the factors of the `claims` on `port` without what their agreement adds, and the variables they add.

    Members that agree with each other, or with a common third, are a group. One of more than ten is a tree in place of
    a table, whose variables say whether anybody in a branch has spoken: nearly exact where all of it say the same.
    """
    said: dict[str, torch.Tensor] = {}
    for claim in claims:
        said[claim.by] = said.get(claim.by, torch.zeros(())) + (claim.mixed * len(claim.belief)).log()
    factors: list[Factor] = []
    variables: dict[str, int] = {}
    for group in _groups(said):
        if len(group) == 1:
            factors += [claim.factor() for claim in claims if claim.by == group[0]]
        elif len(group) <= MOST:
            factors.append(Factor((*map(active, group), port), _table(group, said), ", ".join(group)))
        else:
            factors += _tree(port, group, said, variables)
    return factors, variables


def _groups(said: dict[str, torch.Tensor]) -> list[list[str]]:
    """Return the names in groups that agree, directly or through others."""
    names = list(said)
    logs = torch.stack([said[name] for name in names])
    gains = torch.logsumexp(logs[:, None] + logs[None], 2)
    near = (gains > math.log(logs.shape[1]) + 1e-12).tolist()
    groups, left = [], list(range(len(names)))
    while left:
        group = [left.pop(0)]
        for i in group:  # it grows while it is gone through
            group += [j for j in left if near[i][j]]
            left = [j for j in left if not near[i][j]]
        groups.append([names[i] for i in sorted(group)])
    return groups


def _table(group: Sequence[str], said: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return [2, ..., 2, values] what each of a group says, and in all the weight of its worst dispute."""
    size = len(said[group[0]])
    sums = torch.zeros(size, dtype=torch.float64)
    for name in reversed(group):
        sums = torch.stack([sums, sums + said[name]])  # the member of each step is the first dimension
    weight = torch.logsumexp(sums, -1) - math.log(size)
    worst = weight
    for place in range(len(group)):
        without, with_it = worst.unbind(place)
        worst = torch.stack([without, torch.minimum(without, with_it)], place)
    off = torch.where(weight == -math.inf, 0.0, worst - weight)  # what cannot be together is ruled out anyhow
    return sums + off[..., None]


def _tree(port: str, group: Sequence[str], said: dict[str, torch.Tensor], variables: dict[str, int]) -> list[Factor]:
    """Return factors along a tree, each of whose branches knows the value of the port and whether anybody in it spoke.

    Where two branches meet that both spoke, what they then agree in is charged.
    """
    size = len(said[group[0]])
    factors: list[Factor] = []
    waiting: list[tuple[str, torch.Tensor]] = []  # branches, with all that is said in them
    for start in range(0, len(group), LEAF):
        some = group[start : start + LEAF]
        table = _table(some, said)
        silent = torch.full_like(table, -math.inf)
        silent[(0,) * len(some)] = table[(0,) * len(some)]
        table[(0,) * len(some)] = -math.inf
        branch = f"spoken({port}, {group[0]}, {len(factors)})"
        factors.append(Factor((*map(active, some), branch), torch.cat([silent, table], -1), ", ".join(some)))
        waiting.append((branch, torch.stack([said[name] for name in some]).sum(0)))
    while len(waiting) > 1:
        (one, left), (other, right), *waiting = waiting
        apart = torch.logsumexp(left, 0) + torch.logsumexp(right, 0)
        charge = max(0.0, float(torch.logsumexp(left + right, 0) - apart) + math.log(size))
        table = torch.full((2, size, 2, size, 2, size), -math.inf, dtype=torch.float64)
        values = torch.arange(size)
        for a, b in itertools.product((0, 1), repeat=2):
            table[a, values, b, values, max(a, b), values] = -charge * a * b
        branch = f"spoken({port}, {group[0]}, {len(factors)})"
        factors.append(Factor((one, other, branch), table.reshape((2 * size,) * 3), f"agreement on {port}"))
        waiting.append((branch, left + right))
    variables |= {factor.over[-1]: 2 * size for factor in factors}
    alike = torch.eye(size, dtype=torch.float64).log().repeat(2, 1)
    return [*factors, Factor((waiting[0][0], port), alike, ", ".join(group))]
