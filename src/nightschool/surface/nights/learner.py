"""What learns in a day or a night: the model, opened for hours; its pupils; and the tasks that it must not lose."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nightschool.surface.terminal.options import Settings

if TYPE_CHECKING:
    from nightschool.items import Adapter, Wording
    from nightschool.ports import Model, Watcher, World
    from nightschool.sleep.nights.ledger import Ledger
    from nightschool.sleep.nights.night import Night
    from nightschool.sleep.teach import Pupil


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


def watched_task(text: str) -> tuple[World, Wording]:
    """Return the world and the wording of `TASK@WORDING` or `TASK`. A file's path may hold an @ of its own."""
    from nightschool.day.run import wording_of
    from nightschool.worlds.open import open_world

    task, at, wording = text.rpartition("@")
    if not at or "/" in wording or "." in wording:
        task, wording = text, ""
    world = open_world(task)
    return world, wording_of(world, wording or None)


class _Pupils:
    """Makes pupils of a local model, loading the trainer when the first one is wanted."""

    def __init__(self, model: Model, seed: int, start: Adapter | None) -> None:
        self.model, self.seed, self.start = model, seed, start

    def __call__(self, checkpoint: Path | None) -> Pupil:
        from nightschool.train.lora import Learner

        model: Any = self.model  # it has what training needs, as `pupils` asked
        if checkpoint is not None:
            return Learner.resume(model, checkpoint)
        return Learner.fresh(model, seed=self.seed, start=self.start)


def pupils(model: Model, seed: int, ledger: Ledger, wakes: Night | None) -> _Pupils | None:
    """Return what makes pupils of `model` that begin where `wakes` is; None for a model that cannot be trained here."""
    if not hasattr(model, "fresh_module"):
        return None
    return _Pupils(model, seed, ledger.adapter(wakes) if wakes else None)
