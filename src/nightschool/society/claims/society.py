"""The society: members with claims, the graph in which they fight, and who contradicts whom."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from nightschool.errors import UnknownName, UsageError
from nightschool.society.claims.claims import Claim, active, agreement
from nightschool.society.claims.once import once
from nightschool.society.graphs.factors import Factor, Graph
from nightschool.society.graphs.propagate import Beliefs, propagate
from nightschool.society.port import Port, together

Evidence = Mapping[str, torch.Tensor]
"""What was seen: for each port the log-likelihood of each of its values, nats."""


class Member(Protocol):
    """Whoever can be consulted: a concept, a recogniser, a rule, a language model behind one."""

    @property
    def name(self) -> str:
        """Return the name that claims and reports use."""

    @property
    def prior(self) -> float:
        """Return the probability that it takes part, before anything is seen; in (0, 1)."""

    def consult(self, evidence: Evidence) -> tuple[Claim, ...]:
        """Return what it predicts, on ports or on the activity of other members."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two members that cannot both be right. nats: how much less likely together than apart (negative)."""

    first: str
    second: str
    port: str
    nats: float

    def __str__(self) -> str:
        on = f"whether it is {self.port[7:-1]}" if self.port.startswith("active(") else self.port
        return f"{self.first} and {self.second} contradict each other on {on} ({self.nats:.1f} nats)"


@dataclass(frozen=True, slots=True)
class Society:
    """A population over common ports. Joining and leaving give a new society. Raises UsageError for a name twice."""

    ports: Mapping[str, Port]
    members: Mapping[str, Member]

    @classmethod
    def of(cls, ports: Iterable[Port], members: Iterable[Member] = ()) -> Society:
        """Return a society of `members` that speak of `ports`."""
        return cls(together(ports), {}).joined(*members)

    def joined(self, *members: Member) -> Society:
        """Return the society with `members` added."""
        known = dict(self.members)
        for member in members:
            if member.name in known:
                raise UsageError(f"there is a member called {member.name!r} already; choose another name, or remove it")
            known[member.name] = member
        return Society(self.ports, known)

    def left(self, *names: str) -> Society:
        """Return the society without these members. Raises UnknownName."""
        for name in names:
            if name not in self.members:
                raise UnknownName("member", name, self.members)
        return Society(self.ports, {name: m for name, m in self.members.items() if name not in names})

    def graph(self, claims: Mapping[str, Sequence[Claim]], evidence: Evidence) -> Graph:
        """Return the factor graph of the members in `claims` (by name) and what they claim, with the evidence.

        Claims that agree on a port explain it once: what their agreement alone would add is taken off again, so that
        saying the same as others wins and costs nothing (see `once`). A claim on the activity of a member that is not
        there is left out. Raises UnknownName for an unknown port.
        """
        variables = {name: port.size for name, port in self.ports.items() if port.type in ("truth", "level")}
        factors = []
        for name in claims:
            prior = self.members[name].prior
            variables[active(name)] = 2
            factors.append(Factor((active(name),), torch.tensor([math.log1p(-prior), math.log(prior)]).double(), name))
        for name, likelihood in evidence.items():
            if name not in variables:
                raise UnknownName("port", name, self.ports)
            factors.append(Factor((name,), likelihood.double(), "evidence"))
        by_port: dict[str, list[Claim]] = {}
        for claim in (claim for some in claims.values() for claim in some):
            if claim.port in variables:
                by_port.setdefault(claim.port, []).append(claim)
            elif not claim.port.startswith("active("):
                raise UnknownName("port", claim.port, self.ports, f"in a claim of {claim.by}")
        for port, voices in by_port.items():
            said, more = once(port, voices)
            factors += said
            variables |= more
        spoken = {name for factor in factors for name in factor.over}
        return Graph({name: size for name, size in variables.items() if name in spoken}, factors)

    def fight(self, claims: Mapping[str, Sequence[Claim]], evidence: Evidence) -> Beliefs:
        """Return what the members in `claims` come to about the ports and about each other.

        Where they argue in circles, messages are damped, and more so as long as they do not settle; the beliefs say
        whether they did.
        """
        graph = self.graph(claims, evidence)
        for damping, most in ((0.0, 60), (0.4, 120), (0.9, 400)):
            beliefs = propagate(graph, damping=damping, most=most, tolerance=1e-6)
            if beliefs.converged:
                break
        return beliefs

    def conflicts(self, names: Sequence[str], evidence: Evidence | None = None, below: float = -1.0) -> list[Conflict]:
        """Return the pairs among `names` that are less likely together than apart by `below` nats, worst first.

        Besides what they claim themselves counts what follows from it: the members whose activity they claim join.
        """
        found = []
        for first, second in itertools.combinations(names, 2):
            worst = min(self._clashes(first, second, evidence or {}), key=lambda conflict: conflict.nats, default=None)
            if worst is not None and worst.nats < below:
                found.append(worst)
        return sorted(found, key=lambda conflict: conflict.nats)

    def implied(self, name: str, evidence: Evidence) -> tuple[Claim, ...]:
        """Return what `name` claims on ports, itself and through members whose activity it claims, as its own.

        A claim through others is as confident as the product of the confidences on the way.
        """
        found: list[Claim] = []
        seen = {name}
        waiting = [(name, 1.0)]
        while waiting:
            who, trust = waiting.pop()
            for claim in self.members[who].consult(evidence):
                other = claim.port[len("active(") : -1] if claim.port.startswith("active(") else None
                if other is None:
                    found.append(Claim(name, claim.port, claim.belief, claim.confidence * trust))
                elif other in self.members and other not in seen:
                    seen.add(other)
                    waiting.append((other, trust * claim.confidence * float(claim.belief[1])))
        return tuple(found)

    def _clashes(self, first: str, second: str, evidence: Evidence) -> list[Conflict]:
        ones = {claim.port: claim for claim in reversed(self.implied(first, evidence))}  # its own claims come first
        return [
            Conflict(first, second, claim.port, agreement(ones[claim.port], claim))
            for claim in self.implied(second, evidence)
            if claim.port in ones
        ]
