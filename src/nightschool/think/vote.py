"""vote: draw n answers and keep the one that most draws agree on (self-consistency).

Ref: wang2022.
"""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nightschool.asks import Ask, CriticRole, Reply
from nightschool.items import Noise, Task, Thought
from nightschool.think.single import Answering
from nightschool.think.spec import spec_of, whole
from nightschool.think.standing import UNFINISHED, is_answer


def normal_form(text: str) -> str:
    """Return `text` as votes are counted: case, width, runs of blanks and what is around the words do not matter.

    >>> normal_form(" The  answer,\\n3 , 5. ")
    'the answer, 3, 5'
    """
    words = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    for mark in ",;:":
        words = words.replace(f" {mark}", mark)
    return words.strip(" .!\"'`*")


@dataclass(frozen=True, slots=True)
class Vote:
    """The answer that most of n draws give; ties by the greater summed log-probability, then by the earliest draw.

    after: what follows the last occurrence of these words is what votes, such as `after=Answer:` behind a monologue; a
    draw without them, like one cut short or empty, has no vote unless all are so. `best` is the earliest draw of the
    winning answer, its `value` the share of the votes.
    """

    n: int = 8
    after: str = ""

    def __post_init__(self) -> None:
        whole("vote", n=self.n)
        object.__setattr__(self, "after", str(self.after))  # `after=42` is read as a number

    @property
    def spec(self) -> str:
        """Return `vote:n=8` and what else is not the default."""
        return spec_of("vote", self)

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return nothing: the draws judge each other."""
        return frozenset()

    def start(self, task: Task, noise: Noise) -> Answering:
        """Return the state before anything was asked."""
        return Answering(task, noise)

    def ask(self, state: Answering) -> Sequence[Ask]:
        """Return the one ask for n draws, until it is answered."""
        return state.ask(self.n)

    def tell(self, state: Answering, replies: Sequence[Reply]) -> Answering:
        """Return the state with the draws, or with nothing where they were refused."""
        return state.tell(replies)

    def best(self, state: Answering) -> Thought | None:
        """Return the earliest draw of the answer with most votes."""
        candidates = [thought for thought in state.tree if is_answer(thought)]
        voters = [thought for thought in candidates if thought.finish not in UNFINISHED and self._ballot(thought)]
        camps: dict[str, list[Thought]] = defaultdict(list)
        for thought in voters or candidates:
            camps[self._ballot(thought) if voters else normal_form(thought.answer)].append(thought)
        if not camps:
            return None
        winners = max(camps.values(), key=_strength)  # `max` keeps the first, and camps are in order of first draw
        return replace(winners[0], value=len(winners) / len(voters or candidates))

    def thoughts(self, state: Answering) -> Sequence[Thought]:
        """Return the draws in their order."""
        return state.tree.thoughts

    def _ballot(self, thought: Thought) -> str:
        if not self.after:
            return normal_form(thought.answer)
        _, found, said = thought.answer.rpartition(self.after)
        return normal_form(said) if found else ""


def _strength(camp: Sequence[Thought]) -> tuple[int, float]:
    return len(camp), sum(-math.inf if thought.logp is None else thought.logp for thought in camp)
