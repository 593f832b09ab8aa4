"""A language model as a member: how it leans between answers, as the logits of a choice.

    answer = yield "answer", categorical(leanings(ask, prompts, ("yes", "no")))

A choice among listed answers is a distribution like any other: it can be given, changed, imagined under another prompt
with the same noise, and enumerated. The society calls no model itself: whoever builds the program hands in a way to
ask, and all runs of a call are asked together, so that the model weighs them in one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from nightschool.asks import ModelAsk, ModelReply, Refused, Weigh, Weighed
from nightschool.errors import ModelError, UsageError
from nightschool.items import Prefix, Prompt, Segment, Usage

Asking = Callable[[Sequence[ModelAsk]], Sequence[ModelReply]]
"""Answers every ask, in any order."""


class Metered:
    """A way to ask that counts: `usage()` is what all asks through it have cost."""

    def __init__(self, asking: Asking) -> None:
        self.asking = asking
        self._usage = Usage()

    def __call__(self, asks: Sequence[ModelAsk]) -> Sequence[ModelReply]:
        """Return the replies, counted."""
        replies = self.asking(asks)
        for reply in replies:
            if not isinstance(reply, Refused):
                self._usage = self._usage + reply.usage
        return replies

    def usage(self) -> Usage:
        """Return what was spent so far."""
        return self._usage


def leanings(asking: Asking, prompts: Sequence[str], answers: Sequence[str]) -> torch.Tensor:
    """Return [n, k] log-probabilities of each answer after each prompt, among these answers, nats.

    prompts: one for each run; equal ones are asked once. Raises UsageError for fewer than two answers or for one twice,
    ModelError where the model refuses, does not tell log-probabilities, or gives none of them any chance.
    """
    if len(answers) < 2 or len(set(answers)) != len(answers):
        raise UsageError(f"there is nothing to choose between: {list(answers)}; list two or more unlike answers")
    different = list(dict.fromkeys(prompts))
    choices = tuple(Segment(answer) for answer in answers)
    asks = [Weigh(f"lean {i}", Prefix(Prompt(text=prompt)), choices) for i, prompt in enumerate(different)]
    replies = {reply.id: reply for reply in asking(asks)}
    rows: dict[str, torch.Tensor] = {}
    for ask, prompt in zip(asks, different, strict=True):
        reply = replies.get(ask.id)
        if not isinstance(reply, Weighed):
            raise ModelError(
                f"no leanings after {prompt[-40:]!r}: {getattr(reply, 'reason', 'the model did not reply')}"
            )
        logps = [segment.logp for segment in reply.segments]
        row = torch.tensor([float("nan") if logp is None else logp for logp in logps], dtype=torch.float64)
        if bool(torch.isnan(row).any()) or not bool((row > -torch.inf).any()):
            raise ModelError(f"the model gives no answer of {list(answers)} a probability after {prompt[-40:]!r}")
        rows[prompt] = torch.log_softmax(row, 0)
    return torch.stack([rows[prompt] for prompt in prompts])
