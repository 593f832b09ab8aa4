"""How much may be spent, and what is left of it: pure arithmetic."""

from __future__ import annotations

import math
import re
from dataclasses import astuple, dataclass, fields
from decimal import Decimal

from nightschool.errors import BadBudget
from nightschool.items import Usage

_HOW = "write amounts with units, such as 2000tok,16calls,30s,2usd (units: tok, calls, s, m, h, usd)"
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-z]+)")
_UNITS = {
    "tok": ("tokens", 1.0),
    "calls": ("calls", 1.0),
    "s": ("seconds", 1.0),
    "m": ("seconds", 60.0),
    "h": ("seconds", 3600.0),
    "usd": ("usd", 1.0),
}


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be spent; None: as much as it takes.

    tokens: sampled and weighed (`Usage.tokens`; prompts are free); calls: asks sent to a model; seconds: wall time from
    the moment the work begins; usd: tokens at the model's price, prompts included. Raises BadBudget for what is not
    above zero.
    """

    tokens: int | None = None
    calls: int | None = None
    seconds: float | None = None
    usd: float | None = None

    def __post_init__(self) -> None:
        for part in fields(self):
            amount = getattr(self, part.name)
            if amount is not None and not (0 < amount < math.inf):  # NaN fails too
                raise BadBudget(f"a budget of {amount} {part.name} allows nothing; {_HOW}")

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Return the budget that `text` describes. Raises BadBudget, which says what to type.

        >>> Budget.parse("2000tok,1m")
        Budget(tokens=2000, calls=None, seconds=60.0, usd=None)
        """
        amounts: dict[str, float] = {}
        for part in text.lower().replace("_", "").split(","):
            found = _PART.fullmatch(part.strip())
            if found is None or found[2] not in _UNITS:
                raise BadBudget(f"cannot read {part.strip()!r} in the budget {text!r}; {_HOW}")
            name, factor = _UNITS[found[2]]
            if name in amounts:
                raise BadBudget(f"the budget {text!r} gives {name} twice; {_HOW}")
            amounts[name] = float(found[1]) * factor
            if name in ("tokens", "calls") and amounts[name] % 1:
                raise BadBudget(f"there are no fractions of {name}: {part.strip()!r} in the budget {text!r}; {_HOW}")
        return cls(
            tokens=int(amounts["tokens"]) if "tokens" in amounts else None,
            calls=int(amounts["calls"]) if "calls" in amounts else None,
            seconds=amounts.get("seconds"),
            usd=amounts.get("usd"),
        )

    def __str__(self) -> str:
        """Return the budget as `parse` reads it; nothing for no limit at all."""
        parts = ((self.tokens, "tok"), (self.calls, "calls"), (self.seconds, "s"), (self.usd, "usd"))
        return ",".join(f"{_number(amount)}{unit}" for amount, unit in parts if amount is not None)

    def left(self, spent: Usage, usd: float = 0.0) -> Left:
        """Return what remains after `spent` and `usd`, never below zero; what is not limited stays infinite."""
        return Left(
            tokens=_left(self.tokens, spent.tokens),
            calls=_left(self.calls, spent.calls),
            seconds=_left(self.seconds, spent.seconds),
            usd=_left(self.usd, usd),
        )

    def within(self, other: Budget) -> Budget:
        """Return the budget that keeps both."""
        return self.left(Usage()).least(other.left(Usage())).as_budget()


@dataclass(frozen=True, slots=True)
class Left:
    """What remains of a budget: amounts that may be zero or infinite. Of two, the smaller one counts (`least`)."""

    tokens: float = math.inf
    calls: float = math.inf
    seconds: float = math.inf
    usd: float = math.inf

    @property
    def nothing(self) -> bool:
        """Return whether any of the amounts is used up."""
        return min(self.tokens, self.calls, self.seconds, self.usd) <= 0

    def least(self, other: Left) -> Left:
        """Return what remains where both must be kept."""
        return Left(
            min(self.tokens, other.tokens),
            min(self.calls, other.calls),
            min(self.seconds, other.seconds),
            min(self.usd, other.usd),
        )

    def as_budget(self) -> Budget:
        """Return what remains as a budget. Raises BadBudget where one of the amounts is used up.

        >>> Left(tokens=10.0, seconds=2.5).as_budget()
        Budget(tokens=10, calls=None, seconds=2.5, usd=None)
        """
        tokens, calls, seconds, usd = (None if math.isinf(amount) else amount for amount in astuple(self))
        return Budget(None if tokens is None else int(tokens), None if calls is None else int(calls), seconds, usd)


def _left(allowed: float | None, spent: float) -> float:
    return math.inf if allowed is None else max(0.0, allowed - spent)


def _number(amount: float) -> str:
    whole = Decimal(repr(amount))
    return str(int(whole)) if whole == whole.to_integral() else f"{whole:f}"
