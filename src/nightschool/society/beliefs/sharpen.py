"""How strong evidence may be once links are counted: one number, chosen on practice items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from nightschool.society.beliefs.hold import hold
from nightschool.society.beliefs.links import Link
from nightschool.society.beliefs.propositions import Proposition
from nightschool.society.beliefs.reading import Reading

STRENGTHS = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Propositions about one item with what was heard of them [n, columns], their links, and what is true."""

    propositions: Sequence[Proposition]
    heard: torch.Tensor
    links: Sequence[Link]
    truths: Sequence[bool]


def sharpened(reading: Reading, cases: Sequence[Case]) -> Reading:
    """Return the reading whose strength gives posteriors of the least log-loss on practice `cases`.

    Links make many witnesses of one model that errs alike everywhere: evidence right by itself is then too sure.
    """

    def loss(strength: float) -> float:
        taken, lost = replace(reading, strength=strength), 0.0
        for case in cases:
            after = hold(case.propositions, taken.odds(case.heard), case.links).after
            said = torch.tensor([after[one.name] for one in case.propositions], dtype=torch.float64)
            lost -= float(torch.where(torch.tensor(case.truths), said, 1 - said).clamp_min(1e-12).log().sum())
        return lost

    return replace(reading, strength=min(STRENGTHS, key=loss))
