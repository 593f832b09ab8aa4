"""A search that weighs: given continuations of a prompt, told with their log-probabilities and ranks, and nothing else.

It lets what needs no sampling run through `drive` like every other search, within the same budget.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nightschool.asks import Ask, CriticRole, Reply, Weigh, Weighed
from nightschool.items import Item, Noise, Prefix, Prompt, Segment, Task, Thought


@dataclass(frozen=True, slots=True)
class Ranks:
    """Of each token of a text: 0 is likeliest. to: the rank from which on ranks are told as this one; 0: all exact."""

    tokens: tuple[int, ...]
    to: int = 0


@dataclass(frozen=True, slots=True)
class Scales:
    """What is weighed, and what came back."""

    task: Task
    thoughts: tuple[Thought, ...] = ()
    told: bool = False


@dataclass(frozen=True, slots=True)
class Weighing:
    """Each of `texts` behind the prompt: a thought with `logp` in nats, tokens in its segment, `value` its `Ranks`."""

    texts: tuple[str, ...]

    @property
    def spec(self) -> str:
        """Return a name that tells the texts apart from others."""
        return f"weighing:texts={len(self.texts)} {self.texts!r}"

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return nothing: nobody judges."""
        return frozenset()

    def start(self, task: Task, noise: Noise) -> Scales:
        """Return the state before anything was asked."""
        return Scales(task)

    def ask(self, state: Scales) -> Sequence[Ask]:
        """Return the one ask, until it is answered."""
        if state.told:
            return ()
        segments = tuple(Segment(text) for text in self.texts)
        return (Weigh("weigh", Prefix(state.task.prompt), segments, state.task.adapter),)

    def tell(self, state: Scales, replies: Sequence[Reply]) -> Scales:
        """Return the state with what was weighed, or with nothing where it was refused."""
        for reply in replies:
            state = replace(state, told=True)
            if isinstance(reply, Weighed):
                thoughts = tuple(
                    Thought(
                        i,
                        None,
                        Prefix(state.task.prompt, (segment,)),
                        segment.text,
                        logp=segment.logp,
                        value=Ranks(ranks, reply.ranks_to),
                    )
                    for i, (segment, ranks) in enumerate(zip(reply.segments, reply.ranks, strict=True))
                )
                state = replace(state, thoughts=thoughts)
        return state

    def best(self, state: Scales) -> Thought | None:
        """Return the likeliest text."""
        return max(state.thoughts, key=logp_of, default=None)

    def thoughts(self, state: Scales) -> Sequence[Thought]:
        """Return a thought for each text."""
        return state.thoughts


def logp_of(thought: Thought) -> float:
    """Return the log-probability of a text in nats: 0 is certain, and one that was not told counts as impossible."""
    return -math.inf if thought.logp is None else thought.logp


def continuation(prompt: Prompt, text: str) -> str:
    """Return `text` as it would stand behind the prompt: after a space, unless a line, a turn or a bracket opens."""
    before = (prompt.text or "") + prompt.prefill
    return f" {text}" if before and (before[-1].isalnum() or before[-1] in ":;,.?!)") else text


def place_of(item: Item) -> float | None:
    """Return where the item stands in its list, where it is asked for by number."""
    number = item.inputs.get("subject", "")
    return float(number) if number.isdigit() else None
