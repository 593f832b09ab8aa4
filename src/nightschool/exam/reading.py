"""A search that reads: the hidden state behind a prompt, and nothing else. Heads are trained on such states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nightschool.asks import Ask, CriticRole, Hidden, Read, Reply
from nightschool.items import Noise, Prefix, Task, Thought


@dataclass(frozen=True, slots=True)
class Page:
    """What is read, and what came back."""

    task: Task
    thoughts: tuple[Thought, ...] = ()
    told: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The state at the last token of the prompt in `layer`: one thought without an answer, whose `value` it is."""

    layer: int = -1

    @property
    def spec(self) -> str:
        """Return `reading:layer=-1`."""
        return f"reading:layer={self.layer}"

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return nothing: nobody judges."""
        return frozenset()

    def start(self, task: Task, noise: Noise) -> Page:
        """Return the state before anything was asked."""
        return Page(task)

    def ask(self, state: Page) -> Sequence[Ask]:
        """Return the one ask, until it is answered."""
        if state.told:
            return ()
        return (Read("read", Prefix(state.task.prompt), self.layer, state.task.adapter),)

    def tell(self, state: Page, replies: Sequence[Reply]) -> Page:
        """Return the state with what was read, or with nothing where it was refused."""
        for reply in replies:
            state = replace(state, told=True)
            if isinstance(reply, Hidden):
                state = replace(state, thoughts=(Thought(0, None, Prefix(state.task.prompt), "", value=reply.state),))
        return state

    def best(self, state: Page) -> Thought | None:
        """Return what was read."""
        return state.thoughts[0] if state.thoughts else None

    def thoughts(self, state: Page) -> Sequence[Thought]:
        """Return what was read."""
        return state.thoughts
