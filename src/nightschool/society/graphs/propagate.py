"""Message passing on factor graphs: sum-product for beliefs, max-product for the best explanation.

Exact where the graph is a tree; elsewhere an approximation whose convergence is told. All messages of one kind of
factor are one tensor operation. Refs: kschischang2001; yedidia2005.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch

from nightschool.society.graphs.factors import Graph

Kind = Literal["sum", "max"]


@dataclass(frozen=True, slots=True, eq=False)
class Beliefs:
    """What message passing came to.

    marginals: by variable, [k] probabilities (max-product: of the best explanation with each value, scaled); log_z:
    Bethe's estimate of the log of all weight (max-product: of the best), exact on trees; converged: whether messages
    stopped changing; residual: the last change of any, in probability; rounds: how many it took.
    """

    marginals: Mapping[str, torch.Tensor]
    log_z: float
    converged: bool
    residual: float
    rounds: int
    _messages: tuple[torch.Tensor, _Wires] | None = None

    @property
    def told(self) -> dict[tuple[int, str], torch.Tensor]:
        """Return the last message of each factor of two or more variables to each of these, nats, by the number of the
        factor and the variable's name."""
        if self._messages is None:
            return {}
        messages, wires = self._messages
        return {
            (factor, wires.names[end]): message[: int(wires.sizes[end])]
            for factor, end, message in zip(wires.senders, wires.ends.tolist(), messages, strict=True)
        }

    def best(self) -> dict[str, int]:
        """Return the likeliest value of each variable; after max-product on a tree, the best explanation."""
        return {name: int(belief.argmax()) for name, belief in self.marginals.items()}


def propagate(
    graph: Graph, kind: Kind = "sum", damping: float = 0.0, most: int = 500, tolerance: float = 1e-9
) -> Beliefs:
    """Return the beliefs after at most `most` rounds in which every message is sent at once.

    damping: in [0, 1), how much of each old message stays, in probability; 0.3 to 0.5 calms loops.
    """
    if not 0.0 <= damping < 1.0:
        raise ValueError(f"damping is in [0, 1), not {damping}")
    wires = _Wires(graph)
    total = torch.logsumexp if kind == "sum" else _top
    messages = wires.blank()
    residual, rounds = math.inf, 0
    while rounds < most and residual > tolerance:
        rounds += 1
        fresh = _scaled(wires.to_variables(wires.to_factors(messages), total), kind)
        if damping:
            fresh = torch.logaddexp(fresh + math.log1p(-damping), messages + math.log(damping))
        residual = float((fresh.exp() - messages.exp()).abs().max().detach()) if len(messages) else 0.0
        messages = fresh
    beliefs, log_z = wires.read(messages, total)
    return Beliefs(beliefs, log_z, residual <= tolerance, residual, rounds, (messages, wires))


def _top(values: torch.Tensor, dim: int | tuple[int, ...]) -> torch.Tensor:
    return torch.amax(values, dim)


def _scaled(messages: torch.Tensor, kind: Kind) -> torch.Tensor:
    size = torch.logsumexp(messages, 1) if kind == "sum" else messages.amax(1)
    return messages - size.nan_to_num(neginf=0.0)[:, None]


class _Wires:
    """Edges between variables and factors, those of equal shape side by side, messages padded to the most values."""

    def __init__(self, graph: Graph) -> None:
        self.names = list(graph.variables)
        self.most = max(graph.variables.values(), default=1)
        number = {name: i for i, name in enumerate(self.names)}
        self.sizes = torch.tensor([graph.variables[name] for name in self.names])
        self.lone = torch.zeros(len(self.names), self.most, dtype=torch.float64)
        self.lone[torch.arange(self.most) >= self.sizes[:, None]] = -math.inf
        self.constant = 0.0
        by_shape: dict[tuple[int, ...], list[tuple[list[int], torch.Tensor, int]]] = {}
        for place, factor in enumerate(graph.factors):
            variables = [number[name] for name in factor.over]
            if not variables:
                self.constant += float(factor.table)
            elif len(variables) == 1:  # evidence needs no messages
                self.lone[variables[0], : len(factor.table)] += factor.table
            else:
                alike = by_shape.setdefault(tuple(factor.table.shape), [])
                alike.append((variables, factor.table.double(), place))
        self.groups: list[tuple[torch.Tensor, slice]] = []
        ends: list[int] = []
        self.senders: list[int] = []  # the number of the factor that each message comes from
        for shape, group in sorted(by_shape.items()):
            start, arity = len(ends), len(shape)
            ends += [variable for variables, _, _ in group for variable in variables]
            self.senders += [place for _, _, place in group for _ in range(arity)]
            tables = torch.stack([table for _, table, _ in group])
            self.groups.append((tables, slice(start, start + arity * len(group))))
        self.ends = torch.tensor(ends, dtype=torch.int64)

    def blank(self) -> torch.Tensor:
        """Return [edges, values] messages that say nothing."""
        message = -self.sizes.double().log()[self.ends][:, None].expand(-1, self.most).clone()
        message[torch.arange(self.most) >= self.sizes[self.ends][:, None]] = -math.inf
        return message

    def gathered(self, messages: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what each variable is told: the sum of what is finite, and how often a value was ruled out."""
        never = messages == -math.inf
        lone_never = self.lone == -math.inf
        finite = torch.where(lone_never, 0.0, self.lone).index_add(0, self.ends, torch.where(never, 0.0, messages))
        return finite, lone_never.double().index_add(0, self.ends, never.double())

    def to_factors(self, messages: torch.Tensor) -> torch.Tensor:
        """Return what each variable tells each factor: all that it was told by the others."""
        finite, ruled_out = self.gathered(messages)
        never = messages == -math.inf
        rest = finite[self.ends] - torch.where(never, 0.0, messages)
        out = torch.where(ruled_out[self.ends] - never.double() > 0, -math.inf, rest)
        return out - torch.logsumexp(out, 1).nan_to_num(neginf=0.0)[:, None]

    def to_variables(self, told: torch.Tensor, total: object) -> torch.Tensor:
        """Return what each factor tells each variable, not scaled."""
        out = torch.full_like(told, -math.inf)
        for tables, where in self.groups:
            arity = tables.ndim - 1
            incoming = told[where].reshape(len(tables), arity, self.most)
            along = [_along(incoming[:, place], place, tables) for place in range(arity)]
            before = list(itertools.accumulate(along[:-1], torch.add, initial=tables))
            after = list(itertools.accumulate(along[:0:-1], torch.add, initial=torch.zeros(())))[::-1]
            sent = []
            for place in range(arity):
                whole = before[place] + after[place]  # what all others told
                dims = tuple(1 + other for other in range(arity) if other != place)
                said = total(whole, dims)  # type: ignore[operator]
                pad = self.most - said.shape[1]
                sent.append(torch.nn.functional.pad(said, (0, pad), value=-math.inf))
            out[where] = torch.stack(sent, 1).reshape(-1, self.most)
        return out

    def read(self, messages: torch.Tensor, total: object) -> tuple[dict[str, torch.Tensor], float]:
        """Return the belief of every variable, and Bethe's log Z. Ref: yedidia2005, eq. 37."""
        finite, ruled_out = self.gathered(messages)
        whole = torch.where(ruled_out > 0, -math.inf, finite)
        log_z = self.constant + float(total(whole, 1).sum().detach())  # type: ignore[operator]
        told = self.to_factors(messages)
        for tables, where in self.groups:
            arity = tables.ndim - 1
            incoming = told[where].reshape(len(tables), arity, self.most)
            joint = tables
            for place in range(arity):
                joint = joint + _along(incoming[:, place], place, tables)
            log_z += float(total(joint, tuple(range(1, arity + 1))).sum().detach())  # type: ignore[operator]
        if len(told):
            log_z -= float(total(told + messages, 1).sum().detach())  # type: ignore[operator]
        marginals = torch.softmax(whole, 1)
        return {name: marginals[i, : int(self.sizes[i])] for i, name in enumerate(self.names)}, log_z


def _along(message: torch.Tensor, place: int, tables: torch.Tensor) -> torch.Tensor:
    """Return [n, values] messages shaped to lie along one dimension of the `tables`."""
    shape = [len(message), *[1] * (tables.ndim - 1)]
    shape[1 + place] = tables.shape[1 + place]
    return message[:, : tables.shape[1 + place]].reshape(shape)
