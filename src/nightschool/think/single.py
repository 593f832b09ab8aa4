"""single: one answer, the first that comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nightschool.asks import Ask, CriticRole, Propose, Proposed, Reply
from nightschool.items import Noise, Prefix, Task, Thought
from nightschool.search.tree import Tree
from nightschool.think.spec import spec_of
from nightschool.think.standing import is_answer


@dataclass(frozen=True, slots=True)
class Answering:
    """One draw asked for, and then there."""

    task: Task
    noise: Noise
    tree: Tree = field(default_factory=Tree)
    told: bool = False


@dataclass(frozen=True, slots=True)
class Single:
    """One draw: what the model says when nothing stands around it. It equals draw 0 of best-of-n and vote."""

    @property
    def spec(self) -> str:
        """Return `single`."""
        return spec_of("single", self)

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return nothing: nobody judges."""
        return frozenset()

    def start(self, task: Task, noise: Noise) -> Answering:
        """Return the state before anything was asked."""
        return Answering(task, noise)

    def ask(self, state: Answering) -> Sequence[Ask]:
        """Return the one ask, until it is answered."""
        if state.told:
            return ()
        task = state.task
        return (Propose("draw", Prefix(task.prompt), 1, task.sampling, state.noise, task.adapter),)

    def tell(self, state: Answering, replies: Sequence[Reply]) -> Answering:
        """Return the state with the draw, or with nothing where it was refused."""
        for reply in replies:
            draws = reply.draws if isinstance(reply, Proposed) else ()
            state = Answering(state.task, state.noise, state.tree.grow(Prefix(state.task.prompt), draws), told=True)
        return state

    def best(self, state: Answering) -> Thought | None:
        """Return the draw, where it did not fail."""
        return next(filter(is_answer, state.tree), None)

    def thoughts(self, state: Answering) -> Sequence[Thought]:
        """Return the draw."""
        return state.tree.thoughts
