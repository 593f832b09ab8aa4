"""A model to train in tests: a tiny random transformers module with the few methods that training needs."""

from __future__ import annotations

import copy
from typing import Any

from nightschool.items import Item, Lesson, Message, Prompt, Split
from support.tiny_models import CONTEXT, tiny_model, tiny_tokenizer


class Pupil:
    """What `nightschool.train.examples.Teachable` asks for, around a tiny model of `kind`."""

    def __init__(self, kind: str = "llama", seed: int = 0, **more: Any) -> None:
        self.name = self.identity = f"tiny-{kind}-{seed}"
        self.context_tokens = CONTEXT
        self.tokenizer = tiny_tokenizer()
        self.end_ids = frozenset({2})
        self.module = tiny_model(kind, seed=seed, **more).requires_grad_(False)

    def encode(self, prompt: Prompt) -> list[int]:
        if prompt.text is not None:
            text = prompt.text
        else:
            turns = [{"role": m.role, "content": m.content} for m in prompt.messages]
            text = self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        return self.encode_segment(text + prompt.prefill)

    def encode_segment(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def rest(self) -> None:
        """There is nothing to give back."""

    def fresh_module(self) -> Any:
        return copy.deepcopy(self.module)


def practice_items(count: int) -> list[Item]:
    """Return items of the practice split: the question `n?` with the answer n."""
    found = []
    number = 0
    while len(found) < count:
        item = Item(f"i{number}", {"question": f"{number}?"}, str(number), f"key {number}")
        if item.split is Split.PRACTICE:
            found.append(item)
        number += 1
    return found


def lessons(count: int, *, weight: float = 1.0) -> list[Lesson]:
    """Return practice lessons that share the beginning of their prompt and differ in length."""
    made = []
    for i, item in enumerate(practice_items(count)):
        prompt = Prompt((Message("user", f"Say the number again, please: {item.inputs['question']}"),))
        made.append(Lesson(prompt, f"It is {item.target}" + "." * (i % 3), "practice", frozenset({item.key}), weight))
    return made


def rehearsals(count: int) -> list[Lesson]:
    """Return lessons of another beginning, some of which were cut off."""
    return [
        Lesson(Prompt(text=f"{i} days ago there was"), " rain" * (i + 1), "rehearsal", weight=0.5, ended=i % 2 == 0)
        for i in range(count)
    ]
