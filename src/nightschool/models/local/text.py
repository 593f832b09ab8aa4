"""From prompts to tokens and back, as one tokenizer has it: what was sampled is never tokenised again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from nightschool.errors import UsageError
from nightschool.items import Prefix, Prompt
from nightschool.models.local.words import render

_PROMPTS = 4096  # encoded prompts remembered


class Text:
    """What `tokenizer` makes of text. first: what an empty document begins with; vocabulary: ids that there are.

    lead: learned tokens that stand before every prompt, none unless somebody puts them there.
    """

    lead: tuple[int, ...] = ()

    def __init__(self, tokenizer: Any, *, name: str, first: int, vocabulary: int) -> None:
        self._tokenizer, self._name, self._vocabulary = tokenizer, name, vocabulary
        self._first = first if tokenizer.bos_token_id is None else int(tokenizer.bos_token_id)
        self._fast = getattr(tokenizer, "backend_tokenizer", None)
        self._encoded: OrderedDict[Prompt, list[int]] = OrderedDict()

    def encode(self, prompt: Prompt) -> list[int]:
        """Return the ids of `prompt`: its chat template applied, the assistant's turn opened, the prefill behind it.

        A document is tokenised as the tokenizer does by default, or given in ids and taken so. Raises UsageError for
        an id that there is not.
        """
        known = self._encoded.get(prompt)
        if known is None:
            known = self._encoded[prompt] = self._encode(prompt) or [self._first]
            if len(self._encoded) > _PROMPTS:
                self._encoded.popitem(last=False)
        return [*self.lead, *known]

    def _encode(self, prompt: Prompt) -> list[int]:
        if prompt.tokens is not None:
            if strange := [token for token in prompt.tokens if not 0 <= token < self._vocabulary]:
                raise UsageError(f"{self._name} has tokens 0 to {self._vocabulary - 1}, and not {strange[0]}")
            return [*prompt.tokens, *self.encode_segment(prompt.prefill)]
        if prompt.text is not None:
            return list(self._tokenizer.encode(prompt.text + prompt.prefill))
        turns = [{"role": message.role, "content": message.content} for message in prompt.messages]
        text = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        return self.encode_segment(text + prompt.prefill)

    def encode_segment(self, text: str) -> list[int]:
        """Return the ids of `text` on its own, without special tokens around it."""
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def encode_prefix(self, prefix: Prefix) -> list[int]:
        """Return the ids of `prefix`: tokens that were sampled are taken as they are, only inserted text is encoded."""
        ids = self.encode(prefix.prompt)
        for segment in prefix.segments:
            if segment.tokens is None:
                ids += self.encode_segment(segment.text)
                continue
            written = render(self.decode, ids, segment.tokens)
            ids += segment.tokens
            if len(segment.text) > len(written) and segment.text.startswith(written):
                ids += self.encode_segment(segment.text[len(written) :])
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of `ids`, special tokens shown."""
        if self._fast is not None:
            return str(self._fast.decode(list(ids), skip_special_tokens=False))
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))
