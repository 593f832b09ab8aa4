"""Searching a population for the best explanation: who is consulted next, who stays, when it is enough.

Pure ask and tell. An index of what members are known for (the recogniser) proposes whom to consult; those consulted
fight by message passing; those that lose leave. Most members are never asked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch

from nightschool.errors import NightschoolError
from nightschool.search.budget import Budget
from nightschool.society.claims.claims import Claim, active
from nightschool.society.claims.society import Evidence, Member, Society
from nightschool.society.graphs.propagate import Beliefs

_MISSED = 2.0  # nats that an index takes off where a member is known for another value than the one seen


@dataclass(frozen=True, slots=True)
class Index:
    """Who is known for what: the recogniser, which only proposes.

    known: (port, value) -> names, each with how many nats it stands above no claim there; ports: name -> the ports that
    it is known for something on; failed: members that could not say what they claim, with what they said.
    """

    known: Mapping[tuple[str, int], tuple[tuple[str, float], ...]]
    ports: Mapping[str, frozenset[str]]
    failed: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, society: Society) -> Index:
        """Return the index of all members' claims that are at least twice as strong as no claim.

        A member that raises is left out and named.
        """
        failed: dict[str, str] = {}
        known: dict[tuple[str, int], list[tuple[str, float]]] = {}
        ports: dict[str, set[str]] = {}
        for name, member in society.members.items():
            claims = consulted(society, member, {})
            if isinstance(claims, str):
                failed[name] = claims
                continue
            for claim in claims:
                for value, nats in enumerate((claim.mixed * len(claim.belief)).log().tolist()):
                    if nats >= math.log(2):
                        known.setdefault((claim.port, value), []).append((name, nats))
                        ports.setdefault(name, set()).add(claim.port)
        ordered = {key: tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0]))) for key, pairs in known.items()}
        return cls(ordered, {name: frozenset(some) for name, some in ports.items()}, failed)

    def proposals(self, evidence: Evidence) -> list[str]:
        """Return the names worth consulting, best first: known for what was seen, and not for what was not."""
        gains: dict[str, float] = {}
        for port, likelihood in evidence.items():
            for value, seen in enumerate(torch.softmax(likelihood.double(), 0).tolist()):
                if seen >= 0.05:
                    for name, nats in self.known.get((port, value), ()):
                        gains[name] = gains.get(name, 0.0) + seen * (nats + _MISSED)
        scores = {name: gain - _MISSED * len(self.ports[name] & evidence.keys()) for name, gain in gains.items()}
        return sorted(scores, key=lambda name: (-scores[name], name))


@dataclass(frozen=True, slots=True)
class Explaining:
    """A search under way. claims: of those who take part now; consulted: all who were asked, in order; dropped: those
    that failed, with what they said."""

    evidence: Evidence
    waiting: tuple[str, ...]
    claims: Mapping[str, tuple[Claim, ...]] = field(default_factory=dict)
    consulted: tuple[str, ...] = ()
    dropped: Mapping[str, str] = field(default_factory=dict)
    beliefs: Beliefs | None = None


@dataclass(frozen=True, slots=True)
class Explain:
    """A search for who explains the evidence. wide: members consulted at once; leave: activity below which one goes.

    most: members consulted in all, as a fraction of the population (never fewer than `wide`).
    """

    society: Society
    index: Index
    wide: int = 8
    leave: float = 0.01
    most: float = 0.05

    def start(self, evidence: Evidence) -> Explaining:
        """Return the search before anybody was asked."""
        limit = max(self.wide, int(self.most * len(self.society.members)))
        return Explaining(evidence, tuple(self.index.proposals(evidence)[:limit]), dropped=self.index.failed)

    def ask(self, state: Explaining) -> Sequence[str]:
        """Return whom to consult next; nobody where the search is over."""
        return state.waiting[: self.wide]

    def tell(self, state: Explaining, claims: Mapping[str, tuple[Claim, ...] | str]) -> Explaining:
        """Return the search with these answers taken in: claims, or why there are none."""
        failed = {name: said for name, said in claims.items() if isinstance(said, str)}
        fresh = {name: said for name, said in claims.items() if not isinstance(said, str)}
        taking = {**state.claims, **fresh}
        beliefs = self.society.fight(taking, state.evidence)
        staying = {
            name: said for name, said in taking.items() if float(beliefs.marginals[active(name)][1]) > self.leave
        }
        return replace(
            state,
            waiting=tuple(name for name in state.waiting if name not in claims),
            claims=staying,
            consulted=(*state.consulted, *claims),
            dropped={**state.dropped, **failed},
            beliefs=beliefs,
        )

    def best(self, state: Explaining) -> list[tuple[str, float]]:
        """Return who takes part and how surely, likeliest first."""
        if state.beliefs is None:
            return []
        sure = {name: float(state.beliefs.marginals[active(name)][1]) for name in state.claims}
        return sorted(sure.items(), key=lambda pair: (-pair[1], pair[0]))


def explain(search: Explain, evidence: Evidence, budget: Budget | None = None) -> Explaining:
    """Return the search at its end, or where `budget.calls` consultations were made.

    A member that raises is dropped and named, and the others go on.
    """
    state = search.start(evidence)
    left = len(search.society.members) if budget is None or budget.calls is None else budget.calls
    while names := search.ask(state)[: left - len(state.consulted)]:
        state = search.tell(
            state, {name: consulted(search.society, search.society.members[name], evidence) for name in names}
        )
    return state


def consulted(society: Society, member: Member, evidence: Evidence) -> tuple[Claim, ...] | str:
    """Return what a member claims, or what is wrong: a stranger may raise anything, or claim what it cannot."""
    try:
        claims = tuple(member.consult(evidence))
        for claim in claims:
            if claim.port in society.ports and len(claim.belief) != society.ports[claim.port].size:
                size = society.ports[claim.port].size
                return f"it claims {len(claim.belief)} values on {claim.port}, which has {size}"
            if claim.port not in society.ports and not claim.port.startswith("active("):
                return f"it claims something on {claim.port}, which is no port"
    except NightschoolError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return claims
