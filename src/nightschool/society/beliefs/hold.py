"""Holding beliefs together: evidence on every proposition, links between them, and what may then be claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from nightschool.errors import NotANumber, UnknownName, UsageError
from nightschool.society.beliefs.links import Link
from nightschool.society.beliefs.propositions import Proposition, named
from nightschool.society.graphs.eliminate import eliminate
from nightschool.society.graphs.factors import Factor, Graph
from nightschool.society.graphs.propagate import Beliefs, propagate


@dataclass(frozen=True, slots=True)
class Held:
    """What a mind holds. before, after: probability of each proposition without and with the links; links: all that
    were counted; converged: whether messages settled, as they always do where beliefs are exact; rounds: how many."""

    before: Mapping[str, float]
    after: Mapping[str, float]
    links: tuple[Link, ...]
    converged: bool
    rounds: int

    def claims(self, at: float = 0.9) -> dict[str, bool]:
        """Return what may be claimed: true from a probability of `at` on, false from 1 - `at` down, else silence."""
        return claimed(self.after, at)

    def broken(self, at: float = 0.5) -> list[Link]:
        """Return the links that what is claimed from `at` on breaks."""
        return broken(self.after, self.links, at)


def hold(propositions: Sequence[Proposition], odds: torch.Tensor, links: Sequence[Link]) -> Held:
    """Return what follows from calibrated log-odds [n] of each proposition and the links between them.

    Exact where the circles of links are small enough for elimination; elsewhere messages are damped until they settle,
    and it says whether they did. Raises UnknownName for a link to something that is not there, NotANumber for odds that
    are none.
    """
    known = named(propositions)
    if tuple(odds.shape) != (len(known),):
        raise UsageError(f"{tuple(odds.shape)} odds were given for {len(known)} propositions; give one for each")
    for name, number in zip(known, odds.tolist(), strict=True):
        if number != number:
            raise NotANumber(f"the evidence on {name!r} is NaN")
    for link in links:
        for name in link.over:
            if name not in known:
                raise UnknownName("proposition", name, known, f"in the link: {link}")
    told = odds.double().clamp(-60, 60)
    evidence = torch.stack([torch.nn.functional.logsigmoid(-told), torch.nn.functional.logsigmoid(told)], 1)
    factors = [Factor((name,), row, "evidence") for name, row in zip(known, evidence, strict=True)]
    graph = Graph(dict.fromkeys(known, 2), [*factors, *(link.factor() for link in links)])
    beliefs = eliminate(graph) or _damped(graph)
    before = dict(zip(known, torch.sigmoid(told).tolist(), strict=True))
    after = {name: float(beliefs.marginals[name][1]) for name in known}
    return Held(before, after, tuple(links), beliefs.converged, beliefs.rounds)


def _damped(graph: Graph) -> Beliefs:
    for damping in (0.0, 0.5, 0.9):
        beliefs = propagate(graph, damping=damping, most=100 if damping < 0.9 else 400, tolerance=1e-7)
        if beliefs.converged:
            break
    return beliefs


def claimed(chances: Mapping[str, float], at: float) -> dict[str, bool]:
    """Return what is claimed by one who speaks from probability `at` on: true, false, or not in it."""
    if not 0.5 <= at < 1:
        raise UsageError(f"claims are made from a probability of 0.5 to 1 on, not {at}")
    return {name: p >= at for name, p in chances.items() if p >= at or p <= 1 - at}


def broken(chances: Mapping[str, float], links: Sequence[Link], at: float = 0.5) -> list[Link]:
    """Return the links that claims from probability `at` on break."""
    claims = claimed(chances, at)
    return [link for link in links if link.broken_by(claims)]
