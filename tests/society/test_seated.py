import math

import pytest
import torch

from nightschool.errors import UnknownName
from nightschool.items import Noise
from nightschool.society.each import each
from nightschool.society.infer import Enumeration, Importance, infer
from nightschool.society.primitives import bernoulli, categorical, normal
from nightschool.society.program import program
from nightschool.society.seated import seated, through

NOISE = Noise(("seated",))


@program
def decoder():
    """A latent with a plain prior, and what is made of it."""
    z = yield "z", normal(0.0, 1.0)
    yield "picture", normal(3.0 * z, 0.5)
    return z


@program
def weather():
    """Another model, whose value is a place in the decoder's latent space."""
    sunny = yield "sunny", bernoulli(0.25)
    return torch.where(sunny, 1.0, -1.0).double()


def test_a_model_in_the_latent_space_of_another_is_found_through_what_the_other_makes():
    seen = infer(seated(decoder, {"z": weather})(), {"picture": 2.0}, NOISE, Enumeration())
    log_odds = math.log(0.25 / 0.75) + ((2 + 3) ** 2 - (2 - 3) ** 2) / (2 * 0.25)
    assert seen.table("z/sunny")[True] == pytest.approx(1 / (1 + math.exp(-log_odds)))


def test_its_own_prior_is_gone():
    runs = infer(seated(decoder, {"z": weather})(), {}, NOISE, Importance(400)).trace
    assert set(runs["z/sunny"].tolist()) == {True, False}
    assert set(runs.value.tolist()) == {1.0, -1.0}
    assert float(runs["z/sunny"].double().mean()) == pytest.approx(0.25, abs=0.07)


def test_what_a_model_gives_is_turned_into_what_is_wanted():
    turned = seated(decoder, {"z": lambda: through(categorical(torch.zeros(3)), lambda k: k.double() - 1)})
    seen = infer(turned(), {"picture": 3.0}, NOISE, Enumeration())
    assert seen.table("z/from")[2] > 0.99


def test_what_ifs_go_through():
    world = infer(seated(decoder, {"z": weather})(), {"picture": 3.2}, NOISE, Importance(2000), do={"z/sunny": False})
    assert world.expect("picture") == pytest.approx(-2.8, abs=0.1)  # the same noise, 0.2 above what is made of it


def test_an_address_that_is_not_there_is_named():
    with pytest.raises(UnknownName, match="latent"):
        infer(seated(decoder, {"latent": weather})(), {}, NOISE, Importance(3))


def test_deliberation_asks_further_models_by_what_came_back():
    """A quick model first; where it is torn, a slow one; where they disagree, a judge: each run goes its own way."""
    asked = {"slow": 0, "judge": 0}

    @each
    def deliberate(quick, slow):
        first = yield "quick", bernoulli(quick)
        if abs(quick - 0.5) > 0.3:
            return bool(first)
        asked["slow"] += 1
        second = yield "slow", bernoulli(slow)
        if second == first:
            return bool(first)
        asked["judge"] += 1
        return bool((yield "judge", bernoulli(0.9)))

    quick = torch.tensor([0.95, 0.6, 0.02, 0.5] * 200, dtype=torch.float64)
    slow = torch.tensor([0.5, 0.5, 0.5, 0.99] * 200, dtype=torch.float64)
    runs = infer(deliberate(quick, slow), {}, NOISE, Importance(800)).trace
    assert asked["slow"] == 400
    assert asked["judge"] == pytest.approx(200, abs=40)
    assert len(runs.part("quick")) == 800
    assert len(runs.part("slow")) == 400
    answers = runs.value.double().reshape(200, 4).mean(0).tolist()
    exact = [0.95, 0.3 + 0.5 * 0.9, 0.02, 0.495 + 0.5 * 0.9]
    assert answers == pytest.approx(exact, abs=0.12)
