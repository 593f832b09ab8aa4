"""The adapter of an exam is made once for the same lessons, and again for others; who has no weights has no twin."""

import pytest

from nightschool.items import Adapter, Lesson, Prompt, Split
from nightschool.models.local.model import LocalModel
from nightschool.models.scripted import Scripted
from nightschool.surface.exams.training import trainer, twin_of
from nightschool.surface.terminal.progress import Silent
from nightschool.train import course
from nightschool.train.lora import Learner
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


def test_it_learns_from_the_night_on(tmp_path, monkeypatch):
    monkeypatch.setenv("NIGHTSCHOOL_CACHE", str(tmp_path / "cache"))
    model = LocalModel.from_folder(tiny_model_folder(tmp_path / "tiny"), dtype="float32", name="tiny")
    (item,) = Sorting(n=3).items(Split.PRACTICE, 1)
    lessons = [Lesson(Prompt(text="Sort: 1 2"), "1, 2", "practice", frozenset({item.key}))]
    bare = trainer(model, 0, Silent())
    assert bare is not None
    folder = tmp_path / "cache" / "adapters"
    night = Adapter(name := bare(lessons), model.identity, str(folder / name))
    begun = []
    real = Learner._take
    monkeypatch.setattr(Learner, "_take", lambda self, start: begun.append(start.name) or real(self, start))
    further = trainer(model, 0, Silent(), night)
    assert further is not None
    assert further(lessons) != night.name
    assert begun == [night.name]


def test_a_model_without_weights_here_has_no_twin():
    assert twin_of(Scripted("no"), 0) is None
