"""What a scripted model says: exact next-token distributions out of canned answers, a function, or babble.

A distribution maps tokens to weights that need not add up to one; `END` among them ends the answer.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from nightschool.errors import UnknownName
from nightschool.models.distribution import END, Distribution

Answer = str | Sequence[str] | Mapping[str, float]
Answers = Answer | Mapping[str, Answer] | Callable[[str], Answer]

_REMEMBERED = 4096  # places in answers of which is remembered what comes next


class Script(Protocol):
    """Says what may come next. `listed`: the answers in the order of their draw, where they were given as a list."""

    def after(self, prompt: str, written: str) -> Distribution:
        """Return the distribution of the token behind `prompt` and `written`. Raises UnknownName."""

    def listed(self, prompt: str, written: str) -> Sequence[str] | None:
        """Return the answers that draws 0, 1, 2, ... give, or None where draws are random."""


class Babble:
    """Says what the prompt says: a bigram model of the last characters of the prompt, ending after `mean` characters.

    Without skill and without state, and every probability is exact: the control against which skill shows.
    """

    def __init__(self, mean: int = 12, window: int = 400) -> None:
        self.mean, self.window = mean, window

    def after(self, prompt: str, written: str) -> Distribution:
        """Return counts of what follows the last character in the prompt, half of it smoothed by single characters."""
        seen = prompt[-self.window :] or "?"
        singles = Counter(seen)
        last = (written or seen)[-1]
        pairs = Counter(b for a, b in itertools.pairwise(seen) if a == last)
        both = {token: count / len(seen) for token, count in singles.items()}
        if total := pairs.total():
            both = {token: p / 2 + pairs[token] / total / 2 for token, p in both.items()}
        end = 1 / self.mean if written else 0.0
        return {token: p * (1 - end) for token, p in both.items()} | {END: end}

    def listed(self, prompt: str, written: str) -> None:
        """Return None: every draw is random."""
        return


class Spoken:
    """Says whole answers character by character.

    answers: one answer; a list (draw i gives answer i, and goes round; weighed as if uniform); answers with weights;
    a mapping from a piece of the prompt to any of these (the piece that occurs last in it counts, "" is the
    default); or a function of the prompt, the same whenever it is asked.
    """

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self._known: dict[tuple[str, str], Distribution] = {}

    def after(self, prompt: str, written: str) -> Distribution:
        """Return what comes next in the answers that go on from the end of `written`, or start anew behind it."""
        known = self._known.get((prompt, written))
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[prompt, written] = self._following(prompt, written)
        return known

    def _following(self, prompt: str, written: str) -> Distribution:
        weights = _weights(self._answer(prompt))
        begun = _begun(weights, written)
        following: Counter[str] = Counter()
        for answer, weight in weights.items():
            if answer.startswith(begun):
                following[answer[len(begun) : len(begun) + 1]] += weight  # type: ignore[assignment]
        return following

    def listed(self, prompt: str, written: str) -> Sequence[str] | None:
        """Return what is left of each answer of a list, in its order; None where the answers are no list."""
        answer = self._answer(prompt)
        if isinstance(answer, (str, Mapping)):
            return None
        begun = _begun(_weights(answer), written)
        going_on = [text[len(begun) :] for text in answer if text.startswith(begun)]
        return going_on or list(answer)

    def _answer(self, prompt: str) -> Answer:
        if callable(self.answers):
            return self.answers(prompt)
        if not isinstance(self.answers, Mapping) or not _is_table(self.answers):
            return self.answers  # type: ignore[return-value]
        table: Mapping[str, Answer] = self.answers  # type: ignore[assignment]
        places = {piece: (prompt.rfind(piece), len(piece)) for piece in table if piece and piece in prompt}
        if places:
            return table[max(places, key=lambda piece: places[piece])]
        if END in table:
            return table[END]
        raise UnknownName("scripted answer for the prompt that ends in", prompt[-60:], table)


class Ruled:
    """Says what a function of (prompt, written so far) gives as the distribution of the next token."""

    def __init__(self, rule: Callable[[str, str], Distribution]) -> None:
        self.rule = rule

    def after(self, prompt: str, written: str) -> Distribution:
        """Return what the function says."""
        return self.rule(prompt, written)

    def listed(self, prompt: str, written: str) -> None:
        """Return None: every draw is random."""
        return


def _is_table(answers: Mapping[str, object]) -> bool:
    """Weights are numbers; anything else says what a piece of the prompt is answered with."""
    return not all(isinstance(value, (int, float)) for value in answers.values())


def _weights(answer: Answer) -> Mapping[str, float]:
    if isinstance(answer, str):
        return {answer: 1.0}
    if isinstance(answer, Mapping):
        return answer
    return Counter(answer)


def _begun(weights: Mapping[str, float], written: str) -> str:
    """Return the longest end of `written` that some answer begins with."""
    for at in range(max(0, len(written) - max(map(len, weights), default=0)), len(written)):
        if any(answer.startswith(written[at:]) for answer in weights):
            return written[at:]
    return ""
