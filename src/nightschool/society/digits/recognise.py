"""One picture of a digit, in the same terms as a drawing: every kind's try, best first, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from nightschool.society.digits.kept import Digits
from nightschool.society.digits.pictures import placed, too_fine
from nightschool.society.digits.search import FAST, Search, explain
from nightschool.society.digits.shapes import SIDE
from nightschool.society.digits.verdict import judge

FINE = 0.5
"""part of a larger picture that may be too fine to be kept at the size of digits: noise becomes a grey patch there"""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """One network's try. probability: among the kinds; nats: less than the best; fit: part of the ink's energy that it
    explains, at most 1; picture[28, 28]: how it would draw the digit; terms: what its log joint is made of, nats."""

    name: str
    probability: float
    nats: float
    fit: float
    picture: torch.Tensor
    terms: dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class DigitFound:
    """What a picture is. ink[28, 28]: as the networks saw it; tries: best first, without those that were dropped;
    explained, said: as for drawings."""

    ink: torch.Tensor
    tries: tuple[Drawn, ...]
    explained: bool
    said: str


def recognise_digit(picture: torch.Tensor, digits: Digits, search: Search = FAST) -> DigitFound:
    """Return what explains `picture` [height, width], ink 1, among the digits' networks."""
    image = placed(picture)[None]
    found = explain(digits.shapes, image, search, digits.recogniser)
    [verdict] = judge(digits.shapes, image, found, digits.floor)
    energy = (image**2).sum().clamp_min(1e-6)
    tries = []
    for k in found.log_joint[:, 0].argsort(descending=True).tolist()[: len(digits.shapes.names) - len(verdict.dropped)]:
        left = float(((image[0] - found.drawn[k, 0]) ** 2).sum() / energy)
        nats = float(found.log_joint[k, 0] - found.best[0])
        drawn = found.drawn[k, 0].reshape(SIDE, SIDE)
        terms = {"shape": -0.5 * float((found.shape[k, 0] ** 2).sum()),
                 "kind": float(torch.log_softmax(digits.shapes.odds, 0)[k])}  # fmt: skip
        terms = {"pixels": float(found.log_joint[k, 0]) - sum(terms.values()), **terms}
        tries.append(Drawn(digits.shapes.names[k], verdict.probability[k], nats, 1 - left, drawn, terms))
    ink, fine = image.reshape(SIDE, SIDE), too_fine(picture)
    if verdict.kind is not None and fine > FINE:
        said = f"no model explains this: {fine:.0%} of the picture is too fine for a digit, and {FINE:.0%} is the most"
        return DigitFound(ink, tuple(tries), False, said)
    return DigitFound(ink, tuple(tries), verdict.kind is not None, verdict.said)
