"""What a budget still allows while asks are in flight: what they could cost at most is set aside until they are back.

Because the most is set aside, nothing is ever overspent; and because what does not fit waits until everything asked
before it is back, a budget is spent as if the draws had been made one after the other, whatever ran together.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nightschool.config import Price
from nightschool.items import Usage
from nightschool.ports import Requests
from nightschool.search.budget import Budget, Left


@dataclass(frozen=True, slots=True)
class Need:
    """What an ask could cost at most: `parts` equal parts of `tokens` each, behind a prompt of `prompt_tokens`.

    tokens: for each part, sampled, or weighed where `weighed`; divisible: fewer parts, or a shorter one, are of use.
    requests: what so many parts come to beside their tokens: how often the prompt is read, and what is sampled beside.
    """

    tokens: int
    parts: int = 1
    prompt_tokens: int = 0
    weighed: bool = False
    divisible: bool = True
    requests: Callable[[int], Requests] = lambda parts: Requests()

    def usage(self, parts: int, tokens: int) -> Usage:
        """Return the most that `parts` parts of `tokens` tokens can come to."""
        made, asked_for = self.requests(parts), parts * tokens
        return Usage(
            prompt_tokens=made.prompts * self.prompt_tokens,
            sampled_tokens=made.sampled + (0 if self.weighed else asked_for),
            weighed_tokens=asked_for if self.weighed else 0,
            calls=1,
        )


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
    parts, tokens = _most(need.parts, lambda parts: need.usage(parts, need.tokens), ledgers), need.tokens
    if parts < 1:
        parts, tokens = 1, _most(need.tokens, lambda tokens: need.usage(1, tokens), ledgers) if need.divisible else 0
        if tokens < 1:
            return Grant(0, 0, Usage())
    grant = Grant(parts, tokens, need.usage(parts, tokens))
    for ledger in ledgers:
        ledger.set_aside(grant.usage)
    return grant


def _pays(ledger: Ledger, usage: Usage) -> bool:
    left = ledger.left()
    return left.calls >= usage.calls and left.tokens >= usage.tokens and left.usd >= ledger.price.of(usage)


def _most(upto: int, usage: Callable[[int], Usage], ledgers: Sequence[Ledger]) -> int:
    """Return the largest number up to `upto` whose usage, which grows with it, all `ledgers` can pay; 0 for none."""
    return bisect_left(range(1, upto + 1), True, key=lambda n: not all(_pays(ledger, usage(n)) for ledger in ledgers))
