"""A search that asks what it is given, and nothing else: what needs no strategy runs like one, in the same batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from nightschool.asks import Ask, CriticRole, ModelAsk, Refused, Reply
from nightschool.items import Noise, Task, Thought, digest


@dataclass(frozen=True, slots=True)
class Told:
    """What was asked, and the replies so far, by id."""

    task: Task
    replies: dict[str, Reply] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asking:
    """The given asks; a thought for each reply that is no refusal, in their order, whose `value` is the reply.

    Ids must differ.
    """

    asks: tuple[ModelAsk, ...]

    @property
    def spec(self) -> str:
        """Return a name that tells these asks from others."""
        return f"asking:asks={len(self.asks)} {digest(*(repr(ask) for ask in self.asks))[:16]}"

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return nothing: nobody judges."""
        return frozenset()

    def start(self, task: Task, noise: Noise) -> Told:
        """Return the state before anything was asked."""
        return Told(task)

    def ask(self, state: Told) -> Sequence[Ask]:
        """Return what is not answered yet."""
        return [ask for ask in self.asks if ask.id not in state.replies]

    def tell(self, state: Told, replies: Sequence[Reply]) -> Told:
        """Return the state with `replies` taken in."""
        return replace(state, replies={**state.replies, **{reply.id: reply for reply in replies}})

    def best(self, state: Told) -> Thought | None:
        """Return the first reply."""
        return next(iter(self.thoughts(state)), None)

    def thoughts(self, state: Told) -> Sequence[Thought]:
        """Return a thought for each reply."""
        told = [(ask, state.replies[ask.id]) for ask in self.asks if ask.id in state.replies]
        answered = [(ask, reply) for ask, reply in told if not isinstance(reply, Refused)]
        return [Thought(i, None, ask.prefix, "", value=reply) for i, (ask, reply) in enumerate(answered)]
