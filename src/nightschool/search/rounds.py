"""Asks that belong together: a search goes on when all of them are answered, so the order of replies is nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from nightschool.asks import Ask, Reply


@dataclass(frozen=True, slots=True)
class Round:
    """Asks that were made together. missing: those not answered yet, in their order; replies: to the others, by id."""

    asks: tuple[Ask, ...] = ()
    missing: tuple[Ask, ...] = ()
    replies: Mapping[str, Reply] = field(default_factory=dict)

    @classmethod
    def of(cls, asks: Sequence[Ask]) -> Round:
        """Return the round of these asks, none of them answered."""
        return cls(tuple(asks), tuple(asks))

    def tell(self, replies: Sequence[Reply]) -> Round:
        """Return the round with `replies` taken in. Raises ValueError for a reply to what was not asked."""
        told = {reply.id: reply for reply in replies}
        if strange := told.keys() - {ask.id for ask in self.missing}:
            raise ValueError(f"replies to what was not asked: {sorted(strange)}")
        missing = tuple(ask for ask in self.missing if ask.id not in told)
        return replace(self, missing=missing, replies={**self.replies, **told})

    @property
    def done(self) -> bool:
        """Return whether nothing is missing."""
        return not self.missing

    def pairs(self) -> list[tuple[Ask, Reply]]:
        """Return each answered ask with its reply, in the order of asking."""
        return [(ask, self.replies[ask.id]) for ask in self.asks if ask.id in self.replies]
