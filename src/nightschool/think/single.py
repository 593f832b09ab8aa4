"""single: one answer, the first that comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from nightschool.asks import Ask, CriticRole, Propose, Proposed, Reply
from nightschool.items import Noise, Prefix, Task, Thought
from nightschool.search.tree import Tree
from nightschool.think.spec import spec_of
from nightschool.think.standing import is_answer


@dataclass(frozen=True, slots=True)
class Answering:
    """Draws asked for at once, and then there."""

    task: Task
    noise: Noise
    tree: Tree = field(default_factory=Tree)
    told: bool = False

    def ask(self, n: int) -> Sequence[Ask]:
        """Return the one ask for n draws, until it is answered."""
        if self.told:
            return ()
        task = self.task
        return (Propose("draw", Prefix(task.prompt), n, task.sampling, self.noise, task.adapter),)

    def tell(self, replies: Sequence[Reply]) -> Answering:
        """Return the state with the draws, or with nothing where they were refused."""
        tree = self.tree
        for reply in replies:
            tree = tree.grow(Prefix(self.task.prompt), reply.draws if isinstance(reply, Proposed) else ())
        return replace(self, tree=tree, told=self.told or bool(replies))


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
        return state.ask(1)

    def tell(self, state: Answering, replies: Sequence[Reply]) -> Answering:
        """Return the state with the draw, or with nothing where it was refused."""
        return state.tell(replies)

    def best(self, state: Answering) -> Thought | None:
        """Return the draw, where it did not fail."""
        return next(filter(is_answer, state.tree), None)

    def thoughts(self, state: Answering) -> Sequence[Thought]:
        """Return the draw."""
        return state.tree.thoughts
