"""How words fight over a thing: what is said of it and what was seen, as claims, messages and a verdict.

`purple jar` composes: both words stand, and the ports are what both say. `stationary dancing` does not: the messages
pull against each other, and the culprits are named.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from nightschool.errors import UnknownName
from nightschool.society.claims.claims import Claim, Concept, active
from nightschool.society.claims.explain import Explain, Index, consulted, explain
from nightschool.society.claims.society import Conflict, Evidence, Member, Society
from nightschool.society.port import Port
from nightschool.society.words.define import define

THING = "it"
"""the member that stands for what is said: it claims that its words take part"""
_SEES = 0.9


@dataclass(frozen=True, slots=True)
class Message:
    """What one factor last told one variable. by: whose factor, `prior of ...` or `evidence`; nats: for each value of
    `to`, how much more than to the average, which is what adds up to the posterior."""

    by: str
    to: str
    nats: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """A port, or whether a member takes part, and what became of it. values: with their posterior probabilities."""

    name: str
    values: Mapping[str, float]
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Fought:
    """What a fight came to.

    members: who was consulted, and how surely each takes part; ports: what is spoken of; conflicts: pairs that cannot
    both be right, worst first; unread: words that nobody knew; dropped: members that failed, with what they said;
    settled: whether messages stopped changing, after `rounds`.
    """

    members: tuple[Variable, ...]
    ports: tuple[Variable, ...]
    conflicts: tuple[Conflict, ...]
    unread: tuple[str, ...]
    dropped: Mapping[str, str]
    settled: bool
    rounds: int

    @property
    def said(self) -> str:
        """Return the verdict in words."""
        if self.conflicts:
            return "this cannot be: " + "; ".join(str(conflict) for conflict in self.conflicts)
        who = ", ".join(f"{one.name} {one.values['yes']:.0%}" for one in self.members)
        what = ", ".join(f"{one.name} {best} {one.values[best]:.0%}" for one in self.ports for best in [_best(one)])
        return f"{who or 'nobody'}: {what}" if what else who or "nobody explains this"


def seen_as(ports: Mapping[str, Port], values: Mapping[str, str], sees: float = _SEES) -> Evidence:
    """Return the evidence of a sense that tells the true value of a port in a share `sees`, else any.

    Raises UnknownName for a port or a value that there is none of.
    """
    evidence = {}
    for name, value in values.items():
        if name not in ports:
            raise UnknownName("port", name, ports)
        levels = ports[name].levels
        if value not in levels:
            raise UnknownName(name, value, levels)
        likelihood = torch.full((len(levels),), (1 - sees) / len(levels), dtype=torch.float64)
        likelihood[levels.index(value)] += sees
        evidence[name] = likelihood.log()
    return evidence


def fight(society: Society, phrase: str, evidence: Evidence | None = None) -> Fought:
    """Return what the words of `phrase`, and those that they are made of, come to about one thing.

    Raises UsageError where it holds no known word.
    """
    found = define(society, f"{THING} is {phrase}")
    thing = replace(found.concept, prior=1 - 1e-6)
    joined = society.joined(thing)
    names = _reached(joined, thing)
    # what a word says is asked, not how often things are so: even odds, where nothing is claimed of it
    asked = Society(society.ports, {THING: thing, **{name: _Asked(joined.members[name]) for name in names}})
    evidence = evidence or {}
    fought = _fought(asked, {name: member.consult(evidence) for name, member in asked.members.items()}, evidence)
    return replace(fought, conflicts=found.conflicts, unread=found.definition.unread)


def explained(society: Society, evidence: Evidence) -> Fought:
    """Return who explains what was seen, found in the whole population: an index proposes, those that lose leave."""
    state = explain(Explain(society, Index.of(society)), evidence)
    fought, dropped = _fought(society, state.claims, evidence), dict(state.dropped)
    # who was asked is not asked again, and who fails only now, claimed to take part by another, is dropped as well
    heard = {
        name: _Heard(name, one.prior, one, society, state.claims, dropped) for name, one in society.members.items()
    }
    conflicts = Society(society.ports, heard).conflicts(list(state.claims), evidence)
    return replace(fought, conflicts=tuple(conflicts), dropped=dropped)


@dataclass(frozen=True, slots=True)
class _Heard:
    """A member with what it said, and what `failed`."""

    name: str
    prior: float
    member: Member
    society: Society
    said: Mapping[str, Sequence[Claim]]
    failed: dict[str, str]

    def consult(self, evidence: Evidence) -> tuple[Claim, ...]:
        if self.name in self.said:
            return tuple(self.said[self.name])
        claims = consulted(self.society, self.member, evidence)
        if isinstance(claims, str):
            self.failed[self.name] = claims
            return ()
        return claims


@dataclass(frozen=True, slots=True)
class _Asked:
    """A member at even odds."""

    member: Member

    @property
    def name(self) -> str:
        return self.member.name

    @property
    def prior(self) -> float:
        return 0.5

    def consult(self, evidence: Evidence) -> tuple[Claim, ...]:
        return self.member.consult(evidence)


def _reached(society: Society, thing: Concept) -> list[str]:
    """Return the members whose activity is claimed, by the thing or by one of them."""
    found: list[str] = []
    waiting: list[Claim] = list(thing.claims)
    while waiting:
        port = waiting.pop(0).port
        name = port[len("active(") : -1] if port.startswith("active(") else ""
        if name in society.members and name not in found:
            found.append(name)
            waiting += society.members[name].consult({})
    return found


def _fought(society: Society, claims: Mapping[str, Sequence[Claim]], evidence: Evidence) -> Fought:
    graph, beliefs = society.graph(claims, evidence), society.fight(claims, evidence)
    told: dict[str, list[Message]] = {name: [] for name in graph.variables}
    for number, factor in enumerate(graph.factors):
        for to in factor.over:
            if len(factor.over) > 1:
                by, nats = factor.by, beliefs.told[number, to]
            else:
                by, nats = factor.by if factor.by == "evidence" else f"prior of {factor.by}", factor.table.double()
            nats = nats - torch.logsumexp(nats, 0) + math.log(len(nats))
            told[to].append(Message(by, to, tuple(nats.tolist())))

    def variable(name: str, levels: Sequence[str]) -> Variable:
        of = active(name) if name in society.members else name
        chances = dict(zip(levels, beliefs.marginals[of].tolist(), strict=True))
        return Variable(name, chances, tuple(told[of]))

    members = [variable(name, ("no", "yes")) for name in claims if name != THING]
    ports = [variable(name, port.levels or ("no", "yes")) for name, port in society.ports.items() if name in told]
    return Fought(tuple(members), tuple(ports), (), (), {}, beliefs.converged, beliefs.rounds)


def _best(one: Variable) -> str:
    return max(one.values, key=lambda value: one.values[value])
