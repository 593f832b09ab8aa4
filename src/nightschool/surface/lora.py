"""What the rung `lora` trains with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from nightschool.items import Lesson

if TYPE_CHECKING:
    from nightschool.ports import Model, Watcher


def trainer(model: Model, seed: int, watch: Watcher) -> Callable[[Sequence[Lesson]], str] | None:
    """Return what makes an adapter of lessons, loads it into `model` and returns its name; None for untrainable ones.

    The adapter is kept in the cache: it belongs to an exam, not to a night.
    """
    from nightschool.ports import Ability

    if not {Ability.TRAIN, Ability.ADAPTERS} <= model.abilities or not hasattr(model, "fresh_module"):
        return None

    def train(lessons: Sequence[Lesson]) -> str:
        from nightschool.paths import cache_folder
        from nightschool.train.course import take_course
        from nightschool.train.lora import Learner

        learner = Learner.fresh(model, seed=seed)  # type: ignore[arg-type]  # it has `fresh_module`, as asked above
        take_course(learner, lessons, seed=seed, watch=watch)
        adapter = learner.save(cache_folder() / "adapters")
        model.load_adapter(adapter)
        return adapter.name

    return train
