"""From an ask to a job of the engine, refused where it cannot be: too long, a layer that is not there, a bad schema."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from nightschool.asks import ModelAsk, Propose, Read
from nightschool.errors import PromptTooLong, UsageError
from nightschool.models.local.flight import AnyJob, Proposal, Reading, Weighing
from nightschool.models.local.form import Form, Forms
from nightschool.models.local.text import Text


class Intake:
    """Makes jobs of asks to the model called `name`, which has so many `layers` and room for `context_tokens`."""

    def __init__(self, text: Text, forms: Forms, *, name: str, context_tokens: int, layers: int) -> None:
        self._text, self._forms = text, forms
        self._name, self._context_tokens, self._layers = name, context_tokens, layers

    def job(self, ask: ModelAsk) -> AnyJob:
        """Return the job that answers `ask`. Raises PromptTooLong, UsageError, MissingDependency."""
        ids = np.array(self._text.encode_prefix(ask.prefix), dtype=np.int64)
        if isinstance(ask, Propose):
            self._fit(ask, len(ids), ask.sampling.max_tokens)
            begun = np.array([token for token, _ in ask.begun], dtype=np.int64)
            whole = np.concatenate([ids, begun])
            return Proposal(whole, ask=ask, form=self._form(ask, whole.tolist()))
        if isinstance(ask, Read):
            self._fit(ask, len(ids), 0)
            if not -self._layers - 1 <= ask.layer <= self._layers:
                raise UsageError(
                    f"{self._name} has layers 0 to {self._layers}, and -1 to {-self._layers - 1}; not {ask.layer}"
                )
            return Reading(ids, ask=ask)
        given = [s.tokens if s.tokens is not None else self._text.encode_segment(s.text) for s in ask.continuations]
        continuations = [np.array(tokens, dtype=np.int64) for tokens in given]
        self._fit(ask, len(ids), max(map(len, continuations), default=0))
        return Weighing(ids, ask=ask, continuations=continuations)

    def _form(self, ask: Propose, ids: Sequence[int]) -> Callable[[], Form] | None:
        """Return what makes the form of a draw that goes on behind `ids`. Raises UsageError, MissingDependency."""
        schema = ask.sampling.json_schema
        if schema is None:
            return None
        written = ids[len(self._text.encode(ask.prefix.prompt)) :]
        self._forms.begin(schema, written)
        return lambda: self._forms.begin(schema, written)

    def _fit(self, ask: ModelAsk, prompt: int, more: int) -> None:
        if prompt + more > self._context_tokens:
            raise PromptTooLong(
                f"a prompt of {prompt} tokens and {more} more do not fit the {self._context_tokens} tokens of "
                f"{self._name} (ask {ask.id!r}); shorten the prompt or ask for fewer tokens"
            )
