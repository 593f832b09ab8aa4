"""The adapter of an exam is made once for the same lessons, and again for others."""

import pytest

from nightschool.items import Lesson, Prompt, Split
from nightschool.models.local.model import LocalModel
from nightschool.surface.lora import trainer
from nightschool.surface.watch import Silent
from nightschool.train import course
from nightschool.worlds.sorting import Sorting
from support.tiny_models import tiny_model_folder

pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # peft asks by an old name


def test_the_same_lessons_are_learned_once(tmp_path, monkeypatch):
    monkeypatch.setenv("NIGHTSCHOOL_CACHE", str(tmp_path / "cache"))
    model = LocalModel.from_folder(tiny_model_folder(tmp_path / "tiny"), dtype="float32", name="tiny")
    taken = []
    real = course.take_course
    monkeypatch.setattr(course, "take_course", lambda *args, **more: taken.append(1) or real(*args, **more))
    items = Sorting(n=3).items(Split.PRACTICE, 2)
    one, other = (
        [Lesson(Prompt(text="Sort: 1 2"), f"{i}", "practice", frozenset({item.key}))] for i, item in enumerate(items)
    )
    train = trainer(model, 0, Silent())
    assert train is not None
    first = train(one)
    assert train(one) == first
    assert len(taken) == 1
    assert train(other) != first
    assert len(taken) == 2
