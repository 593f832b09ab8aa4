"""What the rung `lora` trains with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from nightschool.items import Lesson

if TYPE_CHECKING:
    from nightschool.items import Adapter
    from nightschool.ports import Model, Watcher


def trainer(
    model: Model, seed: int, watch: Watcher, start: Adapter | None = None
) -> Callable[[Sequence[Lesson]], str] | None:
    """Return what makes an adapter of lessons, loads it into `model` and returns its name; None for untrainable ones.

    start: the weights that the exam is sat with, which learning goes on from; None: the bare model. The adapter is kept
    in the cache: it belongs to an exam, not to a night. The same lessons to the same weights under the same seed make
    the same adapter, which is not made twice. Raises BadFile, when it trains, for a `start` of another rank.
    """
    from nightschool.ports import Ability

    if not {Ability.TRAIN, Ability.ADAPTERS} <= model.abilities or not hasattr(model, "fresh_module"):
        return None

    def train(lessons: Sequence[Lesson]) -> str:
        from nightschool.items import Adapter, digest
        from nightschool.paths import cache_folder, write_durably
        from nightschool.train.course import take_course
        from nightschool.train.lora import Learner

        folder = cache_folder() / "adapters"
        begun = () if start is None else (start.name,)
        words = (model.identity, getattr(model, "numerics", ""), [lesson.id for lesson in lessons], seed, *begun)
        note = folder / "made" / digest("exam lora", version("nightschool"), *words)[:32]
        if note.exists() and (known := folder / note.read_text(encoding="ascii").strip()).is_dir():
            model.load_adapter(Adapter(known.name, model.identity, str(known)))
            return known.name
        learner = Learner.fresh(model, seed=seed, start=start)  # type: ignore[arg-type]  # it has `fresh_module`, as asked above
        take_course(learner, lessons, seed=seed, watch=watch)
        adapter = learner.save(folder)
        write_durably(note, adapter.name)
        model.load_adapter(adapter)
        return adapter.name

    return train
