"""Logical links between propositions: stated in words, given by whoever knows, or inferred from what the model says.

A link is a factor: worlds that keep it weigh more than worlds that break it, by how sure it is. Nothing is certain, so
that links that cannot all hold give a verdict and not a breakdown. Refs: kassner2021; mitchell2022.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch

from nightschool.errors import UnknownName, UsageError
from nightschool.society.beliefs.contexts import CONTEXTS, Context, heard
from nightschool.society.beliefs.propositions import Proposition, plain
from nightschool.society.beliefs.reading import Reading
from nightschool.society.graphs.factors import Factor
from nightschool.society.language import Asking

Kind = Literal["implies", "same", "excludes", "one", "some"]
SURE = 0.999
MOST = 12
"""Propositions of one link: its table has two to this power of entries."""


@dataclass(frozen=True, slots=True)
class Link:
    """What holds between propositions, with probability `sure` in (0.5, 1).

    kind: `implies` (all but the last together imply the last), `same` (all true or all false), `excludes` (at most
    one), `one` (exactly one), `some` (at least one). over: names; by: who says so. Raises UsageError.
    """

    kind: Kind
    over: tuple[str, ...]
    sure: float = SURE
    by: str = "stated"

    def __post_init__(self) -> None:
        if not 2 <= len(self.over) <= MOST or len(set(self.over)) != len(self.over):
            raise UsageError(f"a link is between 2 to {MOST} unlike propositions, not {list(self.over)}")
        if not 0.5 < self.sure < 1:
            raise UsageError(f"the link between {', '.join(self.over)} is sure to {self.sure}; write a number above "
                             "0.5 and below 1, for nothing is certain")  # fmt: skip

    def keeps(self, values: Sequence[bool]) -> bool:
        """Return whether these values of `over` keep the link."""
        count = sum(values)
        if self.kind == "implies":
            return values[-1] or not all(values[:-1])
        if self.kind == "same":
            return count in (0, len(values))
        return {"excludes": count <= 1, "one": count == 1, "some": count >= 1}[self.kind]

    def factor(self) -> Factor:
        """Return the factor over its propositions, 0 false and 1 true."""
        table = torch.full((2,) * len(self.over), math.log1p(-self.sure), dtype=torch.float64)
        for values in itertools.product((False, True), repeat=len(self.over)):
            if self.keeps(values):
                table[tuple(map(int, values))] = math.log(self.sure)
        return Factor(self.over, table, str(self))

    def broken_by(self, claims: Mapping[str, bool]) -> bool:
        """Return whether no values of what is not claimed could keep the link."""
        options = [(claims[name],) if name in claims else (False, True) for name in self.over]
        return not any(self.keeps(values) for values in itertools.product(*options))

    def __str__(self) -> str:
        if self.kind == "implies":
            return f"{' and '.join(self.over[:-1])} implies {self.over[-1]}"
        return f"{self.kind} of {', '.join(self.over)}"


_STATED: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"if (.+?),? then (.+)"), "implies"),
    (re.compile(r"(.+?) if and only if (.+)"), "same"),
    (re.compile(r"either (.+?),? or (.+)"), "one"),
    (re.compile(r"not both (.+?) and (.+)"), "excludes"),
)


def stated(text: str, propositions: Sequence[Proposition], sure: float = SURE) -> list[Link]:
    """Return the links that sentences of `text` state between claims: if A then B, A if and only if B, either A or B,
    not both A and B. Other sentences are none. Raises UnknownName where such a sentence speaks of an unknown claim.
    """
    known = {plain(one.claim): one.name for one in propositions}
    links = []
    for sentence in re.split(r"(?<=[.!])\s+|\n", text):
        said = plain(sentence)
        for pattern, kind in _STATED:
            if match := pattern.fullmatch(said):
                for side in match.groups():
                    if side not in known:
                        raise UnknownName("claim", side, known, f"in {sentence.strip()!r}")
                links.append(Link(kind, (known[match[1]], known[match[2]]), sure, "stated"))
                break
    return links


def inferred(
    asking: Asking,
    pairs: Sequence[tuple[Proposition, Proposition]],
    reading: Reading,
    at: float = 0.8,
    contexts: Sequence[Context] = CONTEXTS,
) -> list[Link]:
    """Return the links that the model's own word implies: it is asked of the second of each pair, once after being told
    that the first is true, and once that it is not.

    at: in (0.5, 1), how likely the second must become for `implies`, or its denial for `excludes`; and what is told
    must matter, by a fifth at least, or the second is likely by itself. A link is as sure as the model is.
    """
    if not 0.5 < at < 1:
        raise UsageError(f"links are inferred from a probability between 0.5 and 1 on, not {at}")
    told = [replace(b, about=_told(b, a, "It is true that")) for a, b in pairs]
    denied = [replace(b, about=_told(b, a, "It is not true that")) for a, b in pairs]
    if not pairs:
        return []
    chances = torch.sigmoid(reading.odds(heard(asking, [*told, *denied], contexts))).tolist()
    links = []
    for (a, b), with_it, without in zip(pairs, chances[: len(pairs)], chances[len(pairs) :], strict=True):
        kind: Kind = "implies" if with_it >= at else "excludes"
        sure = max(with_it, 1 - with_it)
        if sure >= at and abs(with_it - without) >= 0.2:
            links.append(Link(kind, (a.name, b.name), min(sure, SURE), "inferred"))
    return links


def _told(one: Proposition, given: Proposition, words: str) -> str:
    return f"{one.about.strip()}\n{words}: {given.claim}".strip()
