"""What the rungs that train are handed: adapters, models tuned in other ways, and a twin as their control."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from nightschool.items import Lesson

if TYPE_CHECKING:
    from nightschool.items import Adapter
    from nightschool.ports import Model, Watcher
    from nightschool.train.tuner import Course


def trainer(
    model: Model, seed: int, watch: Watcher, start: Adapter | None = None
) -> Callable[[Sequence[Lesson]], str] | None:
    """Return what the rung `lora` trains with; None for a model that cannot be trained here.

    It makes an adapter of lessons, loads it into `model` and returns its name. start: the weights that the exam is sat
    with, which learning goes on from; None: the bare model. The adapter is kept in the cache: it belongs to an exam,
    not to a night. The same lessons to the same weights under the same seed make the same adapter, which is not made
    twice. Raises BadFile, when it trains, for a `start` of another rank.
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


def twin_of(model: Model, seed: int) -> Callable[[], Model] | None:
    """Return what makes the twin of a local model, once: the same architecture with shuffled weights.

    None for a model whose weights are elsewhere.
    """
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
