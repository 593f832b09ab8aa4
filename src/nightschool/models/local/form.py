"""Draws that keep a JSON schema: before each token, those that would leave the schema are ruled out.

What may follow is worked out by llguidance on the model's own vocabulary, so that whatever is drawn to its end is a
value of the schema. Log-probabilities stay those of the model itself, as if nothing had been ruled out.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from nightschool.errors import MissingDependency, ModelError, UsageError

_KEPT = 64  # compiled schemas; an agent sends the same few again and again
_TIGHT = {"whitespace_flexible": False}  # small models write blanks for ever where they may


class Form:
    """What one draw may still write. The end of the draw is allowed where the schema is satisfied."""

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher

    def take(self, token: int) -> None:
        """Take in a sampled token. Raises ModelError for one that was ruled out."""
        if not self._matcher.consume_token(token):
            raise ModelError(f"a token left the form that was asked for: {self._matcher.get_error()}")

    def allowed(self, vocabulary: int) -> torch.Tensor:
        """Return which tokens may come next, bool[V]; at least one is."""
        bits = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        if self._matcher.is_error():
            raise ModelError(f"what may come next cannot be worked out: {self._matcher.get_error()}")
        mask = np.zeros(vocabulary, bool)
        found = np.unpackbits(bits, bitorder="little")[:vocabulary]
        mask[: len(found)] = found
        return torch.from_numpy(mask)


class Forms:
    """Compiles schemas for one tokenizer. vocabulary: of the model's logits; ends: every id that ends a draw."""

    def __init__(self, tokenizer: Any, vocabulary: int, ends: Sequence[int]) -> None:
        self._tokenizer, self._vocabulary, self._ends = tokenizer, vocabulary, sorted(ends)
        self._words: Any = None
        self._known: OrderedDict[str, Any] = OrderedDict()

    def check(self, schema: str) -> None:
        """Raise UsageError for what is no schema or cannot be kept, MissingDependency where llguidance is not there."""
        if schema not in self._known:
            self._known[schema] = self._compiled(schema)
        self._known.move_to_end(schema)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)

    def begin(self, schema: str, written: Sequence[int]) -> Form:
        """Return the form of a draw that goes on behind the tokens `written`. Raises UsageError where they left it."""
        self.check(schema)
        matcher = self._known[schema].deep_copy()
        if written and not matcher.consume_tokens(list(written)):
            raise UsageError(f"what was written before leaves the schema: {matcher.get_error()}")
        return Form(matcher)

    def _compiled(self, schema: str) -> Any:
        try:
            import llguidance
            from llguidance.hf import from_tokenizer
        except ModuleNotFoundError as error:
            raise MissingDependency(
                "answers that keep a JSON schema need llguidance; type: pip install 'nightschool[local]'"
            ) from error
        if self._words is None:
            self._words = from_tokenizer(self._tokenizer, n_vocab=self._vocabulary, eos_token=self._ends)
        try:
            grammar = llguidance.LLMatcher.grammar_from_json_schema(schema, overrides=_TIGHT)
        except ValueError as error:
            raise UsageError(f"this is no JSON schema: {error}") from error
        matcher = llguidance.LLMatcher(self._words, grammar, log_level=0)
        if matcher.is_error():
            raise UsageError(f"this JSON schema cannot be kept: {matcher.get_error().strip().splitlines()[0]}")
        return matcher


def ruled_out(logits: torch.Tensor, forms: Sequence[Form | None]) -> torch.Tensor:
    """Return logits[N, V] with what the form of each row rules out at minus infinity. A row without form stays."""
    if not any(forms):
        return logits
    logits = logits.clone()
    for row, form in enumerate(forms):
        if form is not None:
            logits[row, ~form.allowed(logits.shape[1]).to(logits.device)] = -torch.inf
    return logits
