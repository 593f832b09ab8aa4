"""Where the gate refuses all of a night's change, a part of it may pass: less is learned, and less is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nightschool.sleep.gate.decide import Decision


@dataclass(frozen=True, slots=True)
class Tried:
    """What the gate said of each share that was tried, in order; the last one decides whether any is kept."""

    shares: tuple[float, ...]
    decisions: tuple[Decision, ...]

    @property
    def share(self) -> float | None:
        """Return the share of the change that is kept, None where none passed."""
        return self.shares[-1] if self.decisions[-1].accepted else None

    @property
    def decision(self) -> Decision:
        """Return what the gate said of the share that is kept; of all of the change where none is."""
        return self.decisions[0 if self.share is None else -1]

    @property
    def reason(self) -> str:
        """Return why, in a sentence: of `decision`, with what kept larger shares out."""
        if self.share is None or len(self.shares) == 1:
            return self.decision.reason
        return f"{self.share:.0%} of the change is kept: {self.decision.reason} (all of it: {self.lost})"

    @property
    def lost(self) -> str:
        """Return what the whole change may have lost."""
        return self.decisions[0].reason.removesuffix("; the night is rolled back")


def shrink(decide_at: Callable[[float], Decision], shares: Sequence[float] = (1.0, 0.75, 0.5, 0.25)) -> Tried:
    """Return what the gate says of `shares` of a night's change, largest first, until one passes.

    decide_at: the gate's decision on that share. Smaller shares are tried only where something watched may be lost:
    where what was practised is not better by all of the change, a part of it will not make it so.
    """
    decisions: list[Decision] = []
    for share in shares:
        decisions.append(decide_at(share))
        last = decisions[-1]
        if last.accepted or last.gain <= 0 or all(found.passed for found in last.watched):
            break
    return Tried(tuple(shares[: len(decisions)]), tuple(decisions))
