"""What a budget still allows while asks are in flight: what they could cost at most is set aside until they are back.

Because the most is set aside, nothing is ever overspent; and because what does not fit waits until everything asked
before it is back, a budget is spent as if the draws had been made one after the other, whatever ran together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nightschool.config import Price
from nightschool.items import Usage
from nightschool.search.budget import Budget, Left


@dataclass(frozen=True, slots=True)
class Need:
    """What an ask could cost at most: `parts` equal parts of `tokens` each, behind a prompt of `prompt_tokens`.

    tokens: for each part, sampled, or weighed where `weighed`; divisible: fewer parts, or a shorter one, are of use.
    """

    tokens: int
    parts: int = 1
    prompt_tokens: int = 0
    weighed: bool = False
    divisible: bool = True

    def usage(self, parts: int, tokens: int) -> Usage:
        """Return the most that `parts` parts of `tokens` tokens can come to."""
        counts = {"weighed_tokens": parts * tokens} if self.weighed else {"sampled_tokens": parts * tokens}
        return Usage(prompt_tokens=self.prompt_tokens, calls=1, **counts)


@dataclass(frozen=True, slots=True)
class Grant:
    """So much may be asked for now: `parts` parts of at most `tokens` tokens; `usage` was set aside for it."""

    parts: int
    tokens: int
    usage: Usage


class Ledger:
    """One budget with what was spent of it (`spent`) and what is set aside for asks in flight."""

    def __init__(self, budget: Budget | None, price: Price | None = None) -> None:
        self.budget = budget or Budget()
        self.price = price or Price()
        self.spent = Usage()
        self._aside = Usage()
        self._flying = 0

    @property
    def idle(self) -> bool:
        """Return whether nothing is in flight, so that waiting would free nothing."""
        return not self._flying

    def left(self) -> Left:
        """Return what neither was spent nor is set aside; seconds are for the clock to tell."""
        committed = self.spent + self._aside
        return self.budget.left(committed, self.price.of(committed))

    def set_aside(self, usage: Usage) -> None:
        """Set `usage` aside until `settle`."""
        self._aside += usage
        self._flying += 1

    def settle(self, aside: Usage, spent: Usage) -> None:
        """Put `spent` in the place of what was set `aside`."""
        self._aside += Usage(*(-amount for amount in aside.as_tuple()))
        self._flying -= 1
        self.spent += spent


def ask_for(need: Need, ledgers: Sequence[Ledger]) -> Grant | None:
    """Return what of `need` may be asked for now, set aside in all `ledgers`; None: wait until more is back.

    A grant of no parts means that the budget is used up. All parts are granted when all could be paid for. When they
    could not even after everything in flight is back, as many whole parts as can be paid for are granted, and at the
    very end one shorter part.
    """
    full = need.usage(need.parts, need.tokens)
    if any(not _pays(ledger, full) and not ledger.idle and ledger.left().calls >= 1 for ledger in ledgers):
        return None
    parts, tokens = need.parts, need.tokens
    for ledger in ledgers:
        if not _pays(ledger, full):
            fits = _fits(ledger, need)
            parts = min(parts, fits // need.tokens if need.tokens else 0)
            tokens = min(tokens, fits)
    if parts >= 1:
        tokens = need.tokens
    elif need.divisible and tokens >= 1:
        parts = 1
    else:
        return Grant(0, 0, Usage())
    grant = Grant(parts, tokens, need.usage(parts, tokens))
    for ledger in ledgers:
        ledger.set_aside(grant.usage)
    return grant


def _pays(ledger: Ledger, usage: Usage) -> bool:
    left = ledger.left()
    return left.calls >= usage.calls and left.tokens >= usage.tokens and left.usd >= ledger.price.of(usage)


def _fits(ledger: Ledger, need: Need) -> int:
    """Return how many tokens could be paid for behind the prompt."""
    left = ledger.left()
    if left.calls < 1:
        return 0
    each = (ledger.price.prompt if need.weighed else ledger.price.sampled) / 1e6
    money = left.usd - ledger.price.of(need.usage(0, 0))
    affordable = 0 if money < 0 else money / each if each > 0 else math.inf
    return int(min(left.tokens, affordable, need.parts * need.tokens))
