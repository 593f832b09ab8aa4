"""Factor graphs over discrete variables: who may take what value, and what holds between them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from nightschool.errors import NotANumber, UsageError

MOST = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """A log-weight for every combination of values of the variables `over`.

    table[k1, k2, ...]: nats, -inf for what cannot be; by: whose claim it is, for reports.
    """

    over: tuple[str, ...]
    table: torch.Tensor
    by: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Variables with their numbers of values, and the factors over them.

    Raises UsageError for a factor that does not fit its variables, NotANumber for one that holds NaN or +inf.
    """

    variables: Mapping[str, int]
    factors: Sequence[Factor]

    def __post_init__(self) -> None:
        for factor in self.factors:
            shape = tuple(self.variables.get(name, 0) for name in factor.over)
            if tuple(factor.table.shape) != shape or len(set(factor.over)) != len(factor.over):
                raise UsageError(
                    f"a factor of {factor.by or 'nobody'} over {', '.join(factor.over)} has the shape "
                    f"{tuple(factor.table.shape)}, and its variables have {shape} values"
                )
            if bool(torch.isnan(factor.table).any()) or bool((factor.table == math.inf).any()):
                raise NotANumber(f"a factor of {factor.by or 'nobody'} over {', '.join(factor.over)} is not finite")

    def score(self, values: Mapping[str, int]) -> float:
        """Return the log-weight of one value for every variable, nats."""
        return sum(float(factor.table[tuple(values[name] for name in factor.over)]) for factor in self.factors)

    def combinations(self) -> Iterator[dict[str, int]]:
        """Yield every combination of values. Raises UsageError for more than two million."""
        if math.prod(self.variables.values()) > MOST:
            raise UsageError(f"{math.prod(self.variables.values())} combinations are too many to list; use propagate")
        for values in itertools.product(*map(range, self.variables.values())):
            yield dict(zip(self.variables, values, strict=True))

    def holding(self, held: Mapping[str, int]) -> Graph:
        """Return the graph in which these variables have these values."""
        more = []
        for name, value in held.items():
            table = torch.full((self.variables[name],), -math.inf, dtype=torch.float64)
            table[value] = 0.0
            more.append(Factor((name,), table, "held"))
        return Graph(self.variables, (*self.factors, *more))
