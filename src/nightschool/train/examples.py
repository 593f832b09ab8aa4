"""Lessons as token ids: what is read, and what of it is learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from nightschool.errors import PromptTooLong, UsageError
from nightschool.items import Lesson, Prompt


class Teachable(Protocol):
    """What of a local model training needs.

    tokenizer: of transformers; end_ids: tokens that end an answer; identity, name: of the base model.
    """

    name: str
    identity: str
    context_tokens: int
    tokenizer: Any
    end_ids: Any

    def encode(self, prompt: Prompt) -> list[int]:
        """Return the ids of `prompt` with its prefill."""

    def encode_segment(self, text: str) -> list[int]:
        """Return the ids of text that continues something, without special tokens."""

    def rest(self) -> None:
        """Give back memory that is held only to answer faster."""

    def fresh_module(self) -> Any:
        """Return a new transformers module over the same frozen tensors, to be changed at will."""


@dataclass(frozen=True, slots=True)
class Example:
    """tokens: all ids; start: index of the first one that is learned, at least 1; weight: of the whole in the loss.

    anchored: the tokens are what the old self said, and what it might have said there is learned with them.
    """

    tokens: tuple[int, ...]
    start: int
    weight: float = 1.0
    anchored: bool = False

    @property
    def learned(self) -> tuple[int, ...]:
        """Return the tokens that are learned."""
        return self.tokens[self.start :]


def encode_lesson(model: Teachable, lesson: Lesson) -> Example:
    """Return the lesson as ids: the answer is learned, and, where it ended by itself, the end of the turn.

    Raises PromptTooLong where it does not fit the context (nothing is cut), UsageError where nothing is to be learned.
    """
    prompt = list(model.encode(lesson.prompt))
    answer = list(model.encode_segment(lesson.answer))
    if lesson.ended:
        answer.append(turn_end(model, lesson.prompt))
    if not prompt or not answer:
        raise UsageError(f"a lesson needs a prompt and an answer: {str(lesson.prompt)!r} {lesson.answer!r}")
    length = len(prompt) + len(answer)
    if length > model.context_tokens:
        raise PromptTooLong(
            f"a lesson of {length} tokens does not fit the context of {model.context_tokens}; "
            "split it, or limit how long practised answers may get"
        )
    return Example((*prompt, *answer), len(prompt), lesson.weight, anchored=lesson.source == "rehearsal")


def turn_end(model: Teachable, prompt: Prompt) -> int:
    """Return the token that ends an answer to `prompt`: what the chat template writes there, or the end of a text.

    Raises UsageError where the model has no such token.
    """
    tokenizer, ends = model.tokenizer, set(model.end_ids)
    if not ends:
        raise UsageError(f"{model.name} has no token that ends an answer, so it cannot learn when to stop")
    if prompt.messages and getattr(tokenizer, "chat_template", None):
        turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
        rendered = tokenizer.apply_chat_template(turns, tokenize=False)
        ids: Sequence[int] = tokenizer(rendered, add_special_tokens=False)["input_ids"]
        for token in reversed(ids):  # the template ends with the end of the answer, perhaps with white space behind it
            if token in ends:
                return token
    if tokenizer.eos_token_id in ends:
        return int(tokenizer.eos_token_id)
    return min(ends)
