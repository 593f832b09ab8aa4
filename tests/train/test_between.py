import pytest
import torch

from nightschool.errors import BadFile
from nightschool.train.adapter_folder import read_weights
from nightschool.train.adapter_name import name_of
from nightschool.train.between import between
from nightschool.train.lora import Learner
from nightschool.train.settings import LoraSettings
from support.pupils import Pupil, lessons


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """Two nights of one pupil, the second built on the first, and one of another rank."""
    folder, model = tmp_path_factory.mktemp("nights"), Pupil()
    learner = Learner.fresh(model, LoraSettings(rank=4))
    learner.step(lessons(4))
    first = learner.save(folder)
    learner = Learner.fresh(model, LoraSettings(rank=4), start=first)
    learner.step(lessons(4))
    return first, learner.save(folder), Learner.fresh(model, LoraSettings(rank=2)).save(folder)


def updates(adapter):
    weights = read_weights(adapter)
    return {
        name: weights[name.replace("lora_A", "lora_B")] @ weights[name] for name in sorted(weights) if "lora_A" in name
    }


def test_half_of_the_way_from_the_bare_model_is_half_of_the_update(nights, tmp_path):
    half = between(None, nights[0], 0.5, tmp_path)
    for name, whole in updates(nights[0]).items():
        torch.testing.assert_close(updates(half)[name], 0.5 * whole)


def test_between_two_nights_each_factor_lies_between(nights, tmp_path):
    made = read_weights(between(nights[0], nights[1], 0.25, tmp_path))
    old, new = read_weights(nights[0]), read_weights(nights[1])
    for name, weight in made.items():
        torch.testing.assert_close(weight, 0.75 * old[name] + 0.25 * new[name])


def test_all_of_the_way_is_the_new_night_itself(nights, tmp_path):
    assert between(nights[0], nights[1], 1.0, tmp_path) is nights[1]


def test_a_part_is_named_by_its_content(nights, tmp_path):
    part = between(None, nights[0], 0.5, tmp_path)
    assert part == between(None, nights[0], 0.5, tmp_path)
    assert name_of(tmp_path / part.name, part.base) == part.name != nights[0].name


def test_adapters_of_another_shape_are_refused(nights, tmp_path):
    with pytest.raises(BadFile, match="another rank"):
        between(nights[2], nights[0], 0.5, tmp_path)
    with pytest.raises(ValueError, match="at most 1"):
        between(None, nights[0], 1.5, tmp_path)
