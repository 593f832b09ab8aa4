"""Propositions: sentences that are true or false, and where a model is to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nightschool.errors import UsageError


@dataclass(frozen=True, slots=True)
class Proposition:
    """A sentence that is true or false.

    name: what links and answers call it; claim: the sentence; about: what a model reads first, a story or rules;
    question, answer: where the claim says that this answers that, so that it can be asked without naming it.
    """

    name: str
    claim: str
    about: str = ""
    question: str = ""
    answer: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.claim.strip():
            raise UsageError(f"a proposition needs a name and a claim, not {self.name!r} and {self.claim!r}")
        if bool(self.question) != bool(self.answer):
            raise UsageError(f"the proposition {self.name!r} has a question or an answer and not the other; give both")


def named(propositions: Sequence[Proposition]) -> dict[str, Proposition]:
    """Return the propositions by name. Raises UsageError for a name that comes twice."""
    known: dict[str, Proposition] = {}
    for one in propositions:
        if known.setdefault(one.name, one) is not one:
            raise UsageError(f"there are two propositions called {one.name!r}; rename one of them")
    return known


def plain(sentence: str) -> str:
    """Return the sentence without capitals, its full stop and doubled spaces, for comparing."""
    return " ".join(sentence.casefold().split()).rstrip(".!")
