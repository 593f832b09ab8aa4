"""The language model's own hidden states as vectors: no second model, and as good as the model is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nightschool.asks import Hidden, Read, Refused
from nightschool.errors import ModelError, Unsupported
from nightschool.items import Prefix, Prompt
from nightschool.ports import Ability, Model
from nightschool.remember.embed.port import Rows, grouped, means, pieces, unit


class HiddenStates:
    """The state at the last token of a text, in one layer of `model`. Raises Unsupported where it shows none.

    layer: counted as transformers does; the middle ones tell more of the meaning than the last.
    """

    def __init__(self, model: Model, layer: int = -1) -> None:
        if Ability.HIDDEN not in model.abilities:
            raise Unsupported(f"{model.name} does not show its hidden states; a local model does, and so do embedders")
        self._model, self._layer = model, layer
        self.name = f"hidden:{model.identity[:16]}:{layer}"
        self.dims = self._states(["."]).shape[1]

    def memories(self, texts: Sequence[str]) -> list[Rows]:
        """Return each text's vectors [passages, dims]: a passage has at most 1,000 characters."""
        passages = [pieces(text) for text in texts]
        return grouped(self._states([piece for some in passages for piece in some]), [len(some) for some in passages])

    def cues(self, texts: Sequence[str]) -> Rows:
        """Return one vector for each text [n, dims]: the mean of its passages."""
        return means(self.memories(texts), self.dims)

    def _states(self, texts: Sequence[str]) -> Rows:
        asks = [Read(f"embed-{i}", Prefix(Prompt(text=text)), self._layer) for i, text in enumerate(texts)]
        self._model.submit(asks)
        states: dict[str, Rows] = {}
        while len(states) < len(asks):
            for reply in self._model.step().replies:
                if isinstance(reply, Refused):
                    raise ModelError(f"{self._model.name} did not read a text to embed: {reply.reason}")
                if isinstance(reply, Hidden):
                    states[reply.id] = np.asarray(reply.state, np.float32)
        return unit(np.stack([states[ask.id] for ask in asks]))
