"""Eyes learn to put what they see into the embedding space of a model that stays as it is."""

import pytest
import torch

from nightschool.errors import UsageError
from nightschool.models.resolve import open_model
from nightschool.train.eyes import SEEN, Eyes, Look, teach_eyes
from support.tiny_models import tiny_model_folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    opened = open_model(str(tiny_model_folder(tmp_path_factory.mktemp("eyes"))))
    yield opened
    opened.close()


def eyes_of(model, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        encoder = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 16), torch.nn.GELU())
    return Eyes(model, encoder, 16, seed=seed)


PICTURES = {"a": torch.tensor([[[1.0, 0.0], [0.0, 0.0]]]), "b": torch.tensor([[[0.0, 0.0], [0.0, 1.0]]])}


def looks():
    return [Look(picture, f"It is {SEEN}:", name) for name, picture in PICTURES.items()]


def test_it_learns_to_name_what_it_sees_and_the_model_stays(model):
    before = {name: weight.clone() for name, weight in model.module.state_dict().items()}
    eyes = eyes_of(model)
    losses = teach_eyes(eyes, lambda step: looks(), steps=150, rate=1e-2)
    assert losses[-1] < losses[0] - 1
    for name, other in (("a", "b"), ("b", "a")):
        right, wrong = (eyes.loss([Look(PICTURES[name], f"It is {SEEN}:", said)]).detach() for said in (name, other))
        assert right < wrong - 0.5
    for name, weight in model.module.state_dict().items():
        assert torch.equal(weight, before[name]), name


def test_company_and_padding_change_nothing(model):
    eyes = eyes_of(model)
    short = Look(PICTURES["a"], f"{SEEN}:", "a")
    long = Look(torch.cat([PICTURES["a"], PICTURES["b"]]), f"Two of them {SEEN}, in words:", "a b")
    alone = [float(eyes.loss([look]).detach()) for look in (short, long)]
    sizes = [2, 4]  # tokens learned: the answer and the end of the line
    together = float(eyes.loss([short, long]).detach())
    assert together == pytest.approx((alone[0] * sizes[0] + alone[1] * sizes[1]) / sum(sizes), abs=1e-4)
    assert eyes.say([short, long], most=4) == [*eyes.say([short], most=4), *eyes.say([long], most=4)]


def test_the_same_seed_gives_the_same_eyes(model):
    first, second = eyes_of(model), eyes_of(model)
    run = [teach_eyes(eyes, lambda step: looks(), steps=3) for eyes in (first, second)]
    assert run[0] == run[1]


def test_a_question_has_one_place_for_pictures(model):
    with pytest.raises(UsageError, match="has one <seen>"):
        eyes_of(model).loss([Look(PICTURES["a"], "nothing to see", "a")])
