"""Claims: what a member of the society predicts on a port, how surely, and how well two claims go together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from nightschool.errors import NotANumber, UsageError
from nightschool.society.graphs.factors import Factor
from nightschool.society.port import Port


def active(member: str) -> str:
    """Return the name of the variable that says whether `member` takes part: other members may make claims on it."""
    return f"active({member})"


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """`by` predicts the value of `port`: probabilities `belief[k]`, to be trusted with `confidence` in [0, 1].

    What is not trusted is spread evenly. A claim without confidence says nothing, and changes nothing. Raises
    UsageError, or NotANumber where the belief holds NaN.
    """

    by: str
    port: str
    belief: torch.Tensor
    confidence: float = 1.0

    def __post_init__(self) -> None:
        if bool(torch.isnan(self.belief).any()) or math.isnan(self.confidence):
            raise NotANumber(f"the claim of {self.by} on {self.port} is NaN")
        total = float(self.belief.sum())
        if bool((self.belief < 0).any()) or abs(total - 1) > 1e-6 or not 0 <= self.confidence <= 1:
            raise UsageError(
                f"the claim of {self.by} on {self.port} adds up to {total:.6g} at confidence {self.confidence}; "
                "write probabilities that add up to one, and a confidence from 0 to 1"
            )

    @property
    def mixed(self) -> torch.Tensor:
        """Return [k] the probabilities with what is not trusted spread evenly."""
        return (1 - self.confidence) / len(self.belief) + self.confidence * self.belief.double()

    def factor(self) -> Factor:
        """Return the factor over the claimant's activity and the port: log of belief over no belief, where active."""
        said = (self.mixed * len(self.belief)).log()
        return Factor((active(self.by), self.port), torch.stack([torch.zeros_like(said), said]), self.by)


def agreement(first: Claim, second: Claim) -> float:
    """Return how much likelier two claims on one port are together than apart, nats.

    Zero where one of them says nothing; positive where they overlap; far below zero where both are confident and
    overlap little, which is a contradiction.
    """
    return float(torch.log((first.mixed * second.mixed).sum() * len(first.belief)))


@dataclass(frozen=True, slots=True)
class Concept:
    """A member that makes the same claims whatever the input. prior: probability that it takes part, in (0, 1)."""

    name: str
    claims: tuple[Claim, ...]
    prior: float = 0.05

    def consult(self, evidence: Mapping[str, torch.Tensor]) -> tuple[Claim, ...]:
        """Return what it claims, given the evidence: log-likelihoods by port."""
        return self.claims


Example = tuple[Sequence[str], Mapping[str, int]]
"""Who takes part, and the value of each port that was seen."""


def learned(
    examples: Sequence[Example], ports: Mapping[str, Port], prior: float = 0.05, sure: float = 0.98, ridge: float = 0.5
) -> list[Concept]:
    """Return the concepts whose claims, multiplied, best predict the ports of `examples`, sorted by name.

    Each concept has a log-weight for every value of every port; those of all that take part in an example add up, so
    that what an attribute explains (purple) is not put down to the object that wore it (jar). ridge: the weight of
    small weights in the loss, nats; sure: the confidence of every claim. Claims that say next to nothing are left out.
    Ref: hinton2002.
    """
    names = sorted({name for members, _ in examples for name in members})
    number = {name: i for i, name in enumerate(names)}
    taking = torch.zeros(len(examples), len(names), dtype=torch.float64)
    for row, (members, _) in enumerate(examples):
        taking[row, [number[name] for name in members]] = 1.0
    claims: dict[str, list[Claim]] = {name: [] for name in names}
    for port in ports.values():
        seen = [(row, values[port.name]) for row, (_, values) in enumerate(examples) if port.name in values]
        if not seen:
            continue
        rows, values = (torch.tensor(column) for column in zip(*seen, strict=True))
        weights = _fitted(taking[rows], values, port.size, ridge)
        for name, weight in zip(names, weights, strict=True):
            belief = torch.softmax(weight, 0)
            if float((belief * belief.log()).sum()) + math.log(port.size) > 0.05:
                claims[name].append(Claim(name, port.name, belief, sure))
    return [Concept(name, tuple(claims[name]), prior) for name in names]


def _fitted(taking: torch.Tensor, values: torch.Tensor, size: int, ridge: float) -> torch.Tensor:
    weights = torch.zeros(taking.shape[1], size, dtype=torch.float64, requires_grad=True)
    climber = torch.optim.LBFGS([weights], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        climber.zero_grad()
        value = torch.nn.functional.cross_entropy(taking @ weights, values, reduction="sum")
        value = value + ridge / 2 * (weights**2).sum()
        value.backward()
        return value

    climber.step(loss)
    return weights.detach()
