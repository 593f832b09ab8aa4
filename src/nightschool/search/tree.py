"""The tree of thoughts: append-only, shared by every strategy. A thought's id is its index, so a trace is a tuple."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nightschool.items import Draw, Prefix, Thought, Verdict


@dataclass(frozen=True, slots=True)
class Tree:
    """Thoughts in the order they came; growing returns a new tree, and nothing is ever taken out.

    thoughts[i].id is i; thoughts[i].parent is an earlier index, or None where the prompt itself is continued.
    """

    thoughts: tuple[Thought, ...] = ()

    def __len__(self) -> int:
        return len(self.thoughts)

    def __iter__(self) -> Iterator[Thought]:
        return iter(self.thoughts)

    def __getitem__(self, id: int) -> Thought:
        return self.thoughts[id]

    def grow(self, prefix: Prefix, draws: Sequence[Draw], parent: int | None = None) -> Tree:
        """Return the tree with one child of `parent` for each of `draws` of a continuation of `prefix`.

        A child's log-probability is its parent's and its draw's together, in nats, or None where either is unknown.
        """
        before = 0.0 if parent is None else self.thoughts[parent].logp
        born: list[Thought] = []
        for draw in draws:
            logp = None if before is None or draw.segment.logp is None else before + draw.segment.logp
            whole = prefix.append(draw.segment)
            born.append(Thought(len(self) + len(born), parent, whole, answer_of(whole), draw.finish, logp))
        return Tree(self.thoughts + tuple(born))

    def judged(self, id: int, verdict: Verdict) -> Tree:
        """Return the tree with `verdict` on thought `id`."""
        return self.change(id, verdict=verdict)

    def change(self, id: int, **fields: Any) -> Tree:
        """Return the tree with these fields of thought `id` changed; its place in the tree stays."""
        if fields.keys() & {"id", "parent"}:
            raise ValueError("a thought keeps its place in the tree")
        changed = replace(self.thoughts[id], **fields)
        return Tree((*self.thoughts[:id], changed, *self.thoughts[id + 1 :]))

    def path(self, id: int) -> tuple[Thought, ...]:
        """Return the thoughts from the root down to `id`, both included."""
        way = [self.thoughts[id]]
        while (parent := way[-1].parent) is not None:
            way.append(self.thoughts[parent])
        return tuple(reversed(way))

    def children(self, id: int | None) -> tuple[Thought, ...]:
        """Return the children of thought `id`, or the roots for None, in the order they came."""
        return tuple(thought for thought in self.thoughts if thought.parent == id)


def answer_of(prefix: Prefix) -> str:
    """Return the answer that `prefix` holds: what was written behind the prompt, without blanks around it.

    A prefill is not part of it: it belongs to the wording, like a label (`Sorted:`) or a bracket that a stop string
    closes, and an answer reads the same in every wording.
    """
    return prefix.text.strip()
