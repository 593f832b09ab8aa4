"""What is told of tokens: plain data between those who ask the model and those who shape its answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """Tokens in order. texts[n], together what they wrote; logps[n]: nats at temperature 1, None where none is known.

    tops[n]: (text, logp) of the likeliest in this place, best first; spelled[n]: each token alone, as `tops` has it.
    """

    texts: tuple[str, ...] = ()
    logps: tuple[float | None, ...] = ()
    tops: tuple[tuple[tuple[str, float], ...], ...] = ()
    spelled: tuple[str, ...] = ()

    def __add__(self, other: Told) -> Told:
        return Told(
            self.texts + other.texts, self.logps + other.logps, self.tops + other.tops, self.spelled + other.spelled
        )
