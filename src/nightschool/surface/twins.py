"""The control of trained rungs: the same architecture with shuffled weights, made when a rung asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nightschool.ports import Model


def twin_of(model: Model, seed: int) -> Callable[[], Model] | None:
    """Return what makes the twin of a local model, once; None for a model whose weights are elsewhere."""
    if not hasattr(model, "fresh_module"):
        return None

    made: list[Model] = []

    def make() -> Model:
        if made:
            return made[0]
        from nightschool.models.local.random_twin import random_twin

        made.append(random_twin(model, seed))  # type: ignore[arg-type]  # it has `fresh_module`, as asked above
        return made[0]

    return make
