"""The model of a day or a night: opened for hours of answers and lessons in one process."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from nightschool.surface.terminal.options import Settings

if TYPE_CHECKING:
    from nightschool.ports import Model, Watcher


def open_to_learn(settings: Settings, watch: Watcher) -> Model:
    """Return the model that was typed. Raises as `models.resolve.open_model` does."""
    from nightschool.models.kinds import LOCAL
    from nightschool.models.resolve import describe, open_model

    watch.stage(f"loading {settings.model}")
    # text is read before and after with the same weights as sampling: a second set in float32 would take its time
    same = describe(settings.model) is LOCAL and "weigh_dtype" not in settings.model
    model = open_model(settings.model, settings.config, watch=watch, **({"weigh_dtype": "same"} if same else {}))
    gc.freeze()  # what is loaded stays: to look through it takes half a second each time memory is freed
    return model
