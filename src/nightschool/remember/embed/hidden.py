"""The language model's own hidden states as vectors: no second model, and as good as the model is.

A text is put before the model so that its next word has to stand for all of it, and the state before that word is its
vector. Ref: jiang2024.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nightschool.asks import Hidden, Read, Refused
from nightschool.errors import ModelError, Unsupported
from nightschool.items import Prefix, Prompt
from nightschool.ports import Ability, Model
from nightschool.remember.embed.port import Rows, grouped, means, pieces, unit

_POSED = 'This sentence: "{}" means in one word: "'
_AT_ONCE = 256
# what all states have in common says nothing of any text, and would drown what differs
_COMMON = (
    "Hello.", "I like it.", "What is the time?", "The house is old.", "She works in town.", "It will rain tomorrow.",
    "We bought some bread.", "He does not agree.", "They met years ago.", "Please call me back.", "The test failed.",
    "My sister has two children.", "Is there a train at nine?", "The book was long.", "Prices went up.", "Thanks!",
)  # fmt: skip


class HiddenStates:
    """The state that stands for a text, in one layer of `model`. Raises Unsupported where it shows none.

    layer: counted as transformers does, -1 being the last.
    """

    def __init__(self, model: Model, layer: int = -1) -> None:
        if Ability.HIDDEN not in model.abilities:
            raise Unsupported(f"{model.name} does not show its hidden states; a local model does, and so do embedders")
        self._model, self._layer = model, layer
        self.name = f"hidden:{model.identity[:16]}:{layer}"
        self._common = self._states(_COMMON).mean(0)
        self.dims = len(self._common)

    def memories(self, texts: Sequence[str]) -> list[Rows]:
        """Return each text's vectors [passages, dims]: a passage has at most 1,000 characters."""
        passages = [pieces(text) for text in texts]
        return grouped(self._told([piece for some in passages for piece in some]), [len(some) for some in passages])

    def cues(self, texts: Sequence[str]) -> Rows:
        """Return one vector for each text [n, dims]: the mean of its passages."""
        return means(self.memories(texts), self.dims)

    def _told(self, texts: Sequence[str]) -> Rows:
        parts = [self._states(texts[i : i + _AT_ONCE]) for i in range(0, len(texts), _AT_ONCE)]
        return unit(np.concatenate(parts) - self._common) if parts else np.empty((0, self.dims), np.float32)

    def _states(self, texts: Sequence[str]) -> Rows:
        asks = [
            Read(f"embed-{i}", Prefix(Prompt(text=_POSED.format(" ".join(text.split())))), self._layer)
            for i, text in enumerate(texts)
        ]
        self._model.submit(asks)
        states: dict[str, Rows] = {}
        while len(states) < len(asks):
            for reply in self._model.step().replies:
                if isinstance(reply, Refused):
                    raise ModelError(f"{self._model.name} did not read a text to embed: {reply.reason}")
                if isinstance(reply, Hidden):
                    states[reply.id] = np.asarray(reply.state, np.float32)
        return np.stack([states[ask.id] for ask in asks])
