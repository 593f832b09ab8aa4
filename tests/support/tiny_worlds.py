"""Worlds to examine in tests: one with a verifier, one that only knows the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nightschool.critics.exact import Exact
from nightschool.errors import Leak
from nightschool.items import Item, Message, Noise, Prompt, Split, Verdict, Wording
from nightschool.ports import Critic, Expert, Sight

WORDINGS = (
    Wording("plain", "words", user="Double {number}.", stop=("\n",)),
    Wording("other", "words", user="What is twice {number}?", stop=("\n",)),
    Wording("session", "code", document=">>> 2 * {number}\n", stop=("\n",)),
    Wording("bare", "control", user="{number}", stop=("\n",)),
)


class Doubles:
    """A verifier: the answer is twice the number."""

    name = "doubles"
    sight = Sight.VERIFIER

    def judge(self, item: Item, answer: str) -> Verdict:
        assert item.target is None
        return Verdict.of(answer.strip() == str(2 * int(item.inputs["number"])), f"twice {item.inputs['number']}")


class Doubling:
    """Doubling a number. verified: there is a verifier; known: practice items have a truth."""

    spec = "doubling"
    max_answer_tokens = 8
    step_critic: Critic | None = None
    expert: Expert | None = None

    def __init__(self, verified: bool = True, known: bool = True, wordings: Sequence[Wording] = WORDINGS) -> None:
        self.wordings = wordings
        self.known = known
        self.verifier: Critic | None = Doubles() if verified else None
        self.reference: Critic = Exact()

    def items(self, split: Split, limit: int | None = None, seed: int = 0) -> Sequence[Item]:
        found = []
        for number in range(1000 * seed, 1000 * seed + 400):
            item = Item(f"i{number}", {"number": str(number)}, str(2 * number), f"doubling {number}")
            if item.split is split:
                found.append(item if self.known or split is not Split.PRACTICE else item.blind())
        return found[:limit]

    def pose(self, item: Item, wording: Wording, examples: Sequence[Item] = ()) -> Prompt:
        if any(example.split is not Split.PRACTICE for example in examples):
            raise Leak("only practice items are shown")
        keys = frozenset(example.key for example in examples)
        number = item.inputs["number"]
        if wording.document:
            return Prompt(text=wording.document.format(number=number), keys=keys)
        turns = []
        for example in examples:
            turns.append(Message("user", wording.user.format(number=example.inputs["number"])))
            turns.append(Message("assistant", str(example.target)))
        return Prompt((*turns, Message("user", wording.user.format(number=number))), keys=keys)

    def levels(self) -> Sequence[Doubling]:
        return (self,)

    def babble(self, item: Item, noise: Noise) -> str | None:
        return str(noise.key() % 100)


def blind(items: Sequence[Item]) -> list[Item]:
    """Return the items without their truth."""
    return [replace(item, target=None) for item in items]
