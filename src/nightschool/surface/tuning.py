"""What the rungs of the exam that tune a model are tuned with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nightschool.items import Lesson

if TYPE_CHECKING:
    from nightschool.ports import Model, Watcher
    from nightschool.train.tuner import Course


def tuner(
    model: Model, seed: int, watch: Watcher, twin: Callable[[], Model] | None, course: Course | None = None
) -> Callable[[str, Sequence[Lesson], bool], Model] | None:
    """Return what makes a model that learned lessons in one way, out of `model` or its twin; None for untrainable ones.

    It learns when it is first asked: where all its draws are on record, it never does. course: how long (None: as is
    usual for large models, for which steps are dear).
    """
    from nightschool.ports import Ability

    if Ability.TRAIN not in model.abilities or not hasattr(model, "fresh_module"):
        return None

    def tuned(way: str, lessons: Sequence[Lesson], on_twin: bool) -> Model:
        from nightschool.exam.late import Late
        from nightschool.items import digest
        from nightschool.train.tuner import Course, identity_of, tune

        steps = course or Course()
        identity = digest("shuffled", model.identity, seed) if on_twin else model.identity

        def make() -> Model:
            base: Any = twin() if on_twin and twin is not None else model
            made: Model = tune(base, way, lessons, seed=seed, course=steps, watch=watch)  # type: ignore[arg-type]  # a way by name
            watch.stage(f"exam: after {way}", unit="answers")
            return made

        return Late(f"{model.name} after {way}", identity_of(identity, way, lessons, steps, seed), model, make)

    return tuned
