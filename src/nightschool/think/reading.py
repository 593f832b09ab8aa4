"""A search that proposes nothing: it reads a given text, and its one thought is the text with its log-probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nightschool.asks import Ask, CriticRole, Refused, Reply, Weigh, Weighed
from nightschool.items import Noise, Prefix, Segment, Task, Thought


@dataclass(frozen=True, slots=True)
class _Read:
    task: Task
    told: bool = False
    found: Thought | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A search that only weighs `text`: its one thought is the text with its log-probabilities."""

    text: str

    @property
    def spec(self) -> str:
        """Return `reading`."""
        return "reading"

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return nothing: nobody judges."""
        return frozenset()

    def start(self, task: Task, noise: Noise) -> _Read:
        """Return the state before the text was weighed."""
        return _Read(task)

    def ask(self, state: _Read) -> Sequence[Ask]:
        """Return the one ask, until it is answered."""
        if state.told:
            return ()
        return (Weigh("text", Prefix(state.task.prompt), (Segment(self.text),), state.task.adapter),)

    def tell(self, state: _Read, replies: Sequence[Reply]) -> _Read:
        """Return the state with the weighed text, or with nothing where it was refused."""
        for reply in replies:
            if isinstance(reply, Weighed):
                prefix = Prefix(state.task.prompt, (reply.segments[0],))
                logp = reply.segments[0].logp
                state = _Read(state.task, True, Thought(0, None, prefix, self.text, logp=logp))
            elif isinstance(reply, Refused):
                state = _Read(state.task, True)
        return state

    def best(self, state: _Read) -> Thought | None:
        """Return the weighed text."""
        return state.found

    def thoughts(self, state: _Read) -> Sequence[Thought]:
        """Return the weighed text, where there is one."""
        return () if state.found is None else (state.found,)
