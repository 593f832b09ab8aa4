"""How fast a run goes on, as its watcher is told: jobs done, tokens, tokens per second."""

from __future__ import annotations

from collections.abc import Callable

from nightschool.ports import Watcher

_EVERY_S = 0.5


class Pace:
    """Counts what was sampled and weighed, and tells `watch`, when a job is finished and now and then between."""

    def __init__(self, watch: Watcher | None, clock: Callable[[], float]) -> None:
        self._watch, self._clock = watch, clock
        self._begun = self._told = clock()
        self._tokens = 0

    def spent(self, tokens: int) -> None:
        """Count tokens that came with one step."""
        self._tokens += tokens
        if self._watch is not None and (now := self._clock()) - self._told >= _EVERY_S:
            self._advance(0.0, now)

    def finished(self) -> None:
        """Count one finished job."""
        if self._watch is not None:
            self._advance(1.0, self._clock())

    def note(self, text: str) -> None:
        """Tell a line."""
        if self._watch is not None:
            self._watch.say(text)

    def _advance(self, amount: float, now: float) -> None:
        assert self._watch is not None
        self._told = now
        seconds = now - self._begun
        self._watch.advance(amount, tokens=self._tokens, tokens_per_s=self._tokens / seconds if seconds > 0 else 0.0)
