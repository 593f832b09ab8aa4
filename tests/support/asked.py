"""A way to ask a model without a drive, as the society is handed one."""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.asks import ModelAsk, ModelReply
from nightschool.ports import Model


class Asked:
    """Answers every ask by the model; `batches` counts how many were asked at once."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.batches: list[int] = []

    def __call__(self, asks: Sequence[ModelAsk]) -> list[ModelReply]:
        self.batches.append(len(asks))
        self.model.submit(asks)
        replies: list[ModelReply] = []
        while len(replies) < len(asks):
            replies += self.model.step().replies
        return replies
