"""Asks in flight: what each still needs, what it has, and the reply it ends in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from nightschool.asks import Hidden, ModelReply, Propose, Proposed, Read, Refused, Tops, Weigh, Weighed
from nightschool.items import Draw, Finish, Sampled, Segment, Usage
from nightschool.models.local.form import Form
from nightschool.models.local.pick import likeliest, weigh
from nightschool.models.local.trie import Node, Trie
from nightschool.models.local.words import Words
from nightschool.models.without import Without


@dataclass(slots=True, eq=False)
class Branch:
    """One draw that is being sampled.

    number: counts from 0 in its ask; key: names its noise; form: what it must keep, where its ask has a schema;
    without: what it shall not become.
    """

    job: Proposal
    number: int
    key: int
    words: Words
    spent: list[tuple[int, float]] = field(default_factory=list)
    form: Form | None = None
    without: Without = field(default_factory=Without)

    @property
    def sampled(self) -> int:
        """Return how many tokens were sampled, what ended the draw included."""
        return len(self.spent)

    def resume(self, begun: Sampled) -> None:
        """Take in what was sampled before the draw was broken off."""
        for token, _ in begun:
            self.words.add(token)
            self.without.take(token)
        self.words.news()
        self.spent += begun
        self.job.sampled += len(begun)

    def take(self, token: int, logp: float, ends: frozenset[int]) -> Finish | None:
        """Take in a sampled token and return how the draw ended, if it did.

        The token that ends a draw (an end token, or one that completes a stop string) is spent but not part of it.
        """
        self.spent.append((token, logp))
        self.job.sampled += 1
        if token in ends:
            self.words.finish()
            return "stop" if self.words.stopped_by else "end"
        if self.form is not None:
            self.form.take(token)
        self.without.take(token)
        self.words.add(token)
        if self.words.stopped_by:
            return "stop"
        if self.sampled == self.job.ask.sampling.max_tokens:
            self.words.finish()
            return "stop" if self.words.stopped_by else "length"
        return None

    def draw(self, finish: Finish) -> Draw:
        """Return the draw as it is now."""
        self.words.finish()
        tokens = self.words.tokens
        own, rest = self.spent[: len(tokens)], self.spent[len(tokens) :]
        segment = Segment(self.words.text, tuple(tokens), tuple(logp for _, logp in own))
        return Draw(segment, finish, stopped_by=self.words.stopped_by, ended_by=tuple(rest))


@dataclass(slots=True, eq=False)
class Job:
    """What all asks have in common.

    ids: the prefix; leaf: where it ends in the trie, pinned; seconds: spent; since: which ask of its model it is.
    """

    ids: np.ndarray
    leaf: Node | None = None
    seconds: float = 0.0
    since: int = 0

    def enter(self, trie: Trie) -> Node:
        """Return where the prefix ends in `trie`, pinned there until it is released."""
        if self.leaf is None:
            self.leaf = trie.insert(self.ids)
            self.leaf.pins += 1
        return self.leaf

    def release(self) -> None:
        """Let go of the trie."""
        if self.leaf is not None:
            self.leaf.pins -= 1
            self.leaf = None


@dataclass(slots=True, eq=False)
class Proposal(Job):
    """A Propose. begun: draws that were handed to the batch; draws: those that ended, by number.

    form: makes what a draw must keep, where its ask has a schema; note: said in the reply.
    """

    ask: Propose = field(kw_only=True)
    form: Callable[[], Form] | None = field(kw_only=True, default=None)
    begun: int = 0
    live: list[Branch] = field(default_factory=list)
    draws: dict[int, Draw] = field(default_factory=dict)
    sampled: int = 0
    note: str = ""

    @property
    def waiting(self) -> bool:
        """Return whether what follows the prefix is still needed."""
        return self.begun < self.ask.n

    def reply(self) -> ModelReply | None:
        """Return the reply once every draw ended."""
        if len(self.draws) < self.ask.n:
            return None
        prompt = len(self.ids) - len(self.ask.begun)
        usage = Usage(prompt_tokens=prompt, sampled_tokens=self.sampled, calls=1, seconds=self.seconds)
        return Proposed(self.ask.id, tuple(self.draws[i] for i in range(self.ask.n)), usage, self.note)

    @property
    def longest(self) -> int:
        """Return how many tokens it must have room for at once: prefix and one answer."""
        return len(self.ids) - len(self.ask.begun) + self.ask.sampling.max_tokens

    def cancelled(self) -> ModelReply:
        """Return the reply with what there is; draws that never began are empty."""
        for branch in self.live:
            self.draws[branch.number] = branch.draw("cancelled")
        for number in range(self.ask.n):
            self.draws.setdefault(number, Draw(Segment("", (), ()), "cancelled"))
        reply = self.reply()
        assert reply is not None
        return reply


@dataclass(slots=True, eq=False)
class Weighing(Job):
    """A Weigh. continuations[i]: ids; twigs: runs of all but their last tokens, a parent before its children.

    logps, ranks, tops: as far as known; left: how many are not; begun: whether there are twigs.
    What continuations begin with in common is one twig.
    """

    ask: Weigh = field(kw_only=True)
    continuations: list[np.ndarray] = field(kw_only=True)
    twigs: list[Node] = field(default_factory=list)
    logps: list[np.ndarray] = field(init=False)
    ranks: list[np.ndarray] = field(init=False)
    tops: list[list[Tops]] = field(init=False)
    left: int = field(init=False)
    begun: bool = False
    _users: dict[Node, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.start_over()

    @property
    def waiting(self) -> bool:
        """Return whether what follows the prefix is still needed."""
        return any(len(known) and np.isnan(known[0]) for known in self.logps)

    def grow(self, leaf: Node) -> list[Node]:
        """Return the twigs that are not complete, made behind `leaf` where there are none yet."""
        if not self.begun:
            self.begun = True
            trie = Trie()
            ends = [trie.insert(ids[:-1]) if len(ids) > 1 else None for ids in self.continuations]
            for number, end in enumerate(ends):
                for node in end.path() if end is not None else ():
                    self._users.setdefault(node, []).append(number)
            self.twigs = sorted(self._users, key=lambda node: node.begin)
            for node in self.twigs:
                node.begin += leaf.end
                if node.parent is trie.root:
                    node.parent = leaf
        return [twig for twig in self.twigs if not twig.complete]

    def take(self, node: Node | None, begin: int, logits: torch.Tensor) -> None:
        """Take in logits[n, V] after tokens begin.. of a twig, or after the prefix (None)."""
        first = 0 if node is None else node.begin - len(self.ids) + begin + 1  # in a continuation
        pairs: dict[tuple[int, int], list[int]] = {}
        for number in range(len(self.continuations)) if node is None else self._users[node]:
            for row, token in enumerate(self.continuations[number][first : first + len(logits)].tolist()):
                pairs.setdefault((row, token), []).append(number)
        rows, tokens = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
        for (row, _), logp, rank in zip(pairs, *weigh(logits, rows, tokens), strict=True):
            for number in pairs[row, _]:
                self.logps[number][first + row], self.ranks[number][first + row] = logp, rank
                self.left -= 1
        if self.ask.tops:
            tops = likeliest(logits, self.ask.tops)
            for row, _ in pairs:
                for number in pairs[row, _]:
                    self.tops[number][first + row] = tops[row]

    def start_over(self) -> None:
        """Forget what is known, and the twigs."""
        for twig in self.twigs:
            twig.held = None  # now, and not when the cycle of a node and its parent is found
        self.logps = [np.full(len(ids), np.nan) for ids in self.continuations]
        self.ranks = [np.zeros(len(ids), dtype=np.int64) for ids in self.continuations]
        self.tops = [[()] * len(ids) if self.ask.tops else [] for ids in self.continuations]
        self.left = sum(len(ids) for ids in self.continuations)
        self.twigs, self._users, self.begun = [], {}, False

    def release(self) -> None:
        """Let go of the trie and of what was computed behind it."""
        self.start_over()
        Job.release(self)

    @property
    def longest(self) -> int:
        """Return how many tokens it must have room for at once: prefix and all that is weighed."""
        return len(self.ids) + sum(len(ids) for ids in self.continuations)

    def reply(self) -> ModelReply | None:
        """Return the reply once every token was weighed."""
        if self.left:
            return None
        segments = tuple(
            replace(segment, tokens=tuple(ids.tolist()), logps=tuple(logps.tolist()))
            for segment, ids, logps in zip(self.ask.continuations, self.continuations, self.logps, strict=True)
        )
        weighed = sum(len(ids) for ids in self.continuations)
        usage = Usage(prompt_tokens=len(self.ids), weighed_tokens=weighed, calls=1, seconds=self.seconds)
        ranks = tuple(tuple(ranks.tolist()) for ranks in self.ranks)
        return Weighed(self.ask.id, segments, ranks, usage, tuple(map(tuple, self.tops)) if self.ask.tops else ())

    def cancelled(self) -> ModelReply:
        """Return that it was not done."""
        return Refused(self.ask.id, "cancelled", "cancelled")


@dataclass(slots=True, eq=False)
class Reading(Job):
    """A Read. state[d]: once known."""

    ask: Read = field(kw_only=True)
    state: np.ndarray | None = None

    @property
    def waiting(self) -> bool:
        """Return whether the last token's states are still needed."""
        return self.state is None

    @property
    def longest(self) -> int:
        """Return how many tokens it must have room for at once."""
        return len(self.ids)

    def reply(self) -> ModelReply | None:
        """Return the reply once the state is known."""
        if self.state is None:
            return None
        return Hidden(self.ask.id, self.state, Usage(prompt_tokens=len(self.ids), calls=1, seconds=self.seconds))

    def cancelled(self) -> ModelReply:
        """Return that it was not done."""
        return Refused(self.ask.id, "cancelled", "cancelled")


AnyJob = Proposal | Weighing | Reading
