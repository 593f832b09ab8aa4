"""A recogniser: its densities add up to one, its draws follow them, and it comes back from bytes as it was."""

import math

import pytest
import torch

from nightschool.errors import BadFile, UnknownName, Unsupported, UsageError
from nightschool.items import Noise
from nightschool.society.lanes import Lanes
from nightschool.society.primitives import bernoulli, categorical, exponential, normal, uniform
from nightschool.society.program import program
from nightschool.society.recognisers import Recogniser

NOISE = Noise(("recogniser",))


@program
def everything():
    kind = yield "kind", categorical(torch.zeros(4))
    yield "on", bernoulli(0.3)
    yield "size", exponential(1.0)
    part = yield "part", uniform(-1.0, 3.0)
    place = yield "place", normal(torch.zeros(1, 2), 1.0)
    yield "seen", normal(place + part[:, None] + kind[:, None].double(), 0.1)


def made(**settings):
    return Recogniser.of(everything(), ["seen"], Lanes.of(NOISE, 100), **settings)


def test_it_proposes_every_choice_where_it_lives():
    trace = made().simulate(({"seen": torch.zeros(1, 2)},), Lanes.of(NOISE, 300))
    assert set(trace.choices()) == {"kind", "on", "size", "part", "place"}
    assert trace["on"].dtype == torch.bool
    assert bool((trace["size"] > 0).all())
    assert bool(((trace["part"] > -1) & (trace["part"] < 3)).all())
    assert trace["place"].shape == (300, 2)
    assert set(trace["kind"].tolist()) <= {0, 1, 2, 3}


def test_density_of_what_is_drawn_is_that_of_what_is_given():
    recogniser, lanes, args = made(), Lanes.of(NOISE, 50), ({"seen": torch.ones(1, 2)},)
    drawn = recogniser.simulate(args, lanes)
    scored, logw = recogniser.generate(args, drawn.choices(), lanes)
    assert torch.allclose(drawn.logp, scored.logp, atol=1e-4)
    assert torch.equal(logw, scored.logp)
    assert torch.allclose(recogniser.loss({**drawn.choices(), "seen": torch.ones(50, 2)}).detach(), -scored.logp)


@pytest.mark.parametrize(("model", "low", "high"), [(exponential(1.0), 1e-6, 400.0), (uniform(-1.0, 3.0), -1.0, 3.0),
                                                    (normal(0.0, 1.0), -60.0, 60.0)])  # fmt: skip
def test_densities_add_up_to_one(model, low, high):
    one = program(lambda: iter_of(model))
    recogniser = Recogniser.of(one(), ["seen"], Lanes.of(NOISE, 100), seed=3)
    steps = 400_001
    at = torch.linspace(low, high, steps, dtype=torch.float64)[1:-1]
    _, logq = recogniser.generate(({"seen": 0.4},), {"x": at}, Lanes.of(NOISE, len(at)))
    assert float(logq.exp().sum() * (high - low) / (steps - 1)) == pytest.approx(1.0, abs=2e-3)


def iter_of(model):
    x = yield "x", model
    yield "seen", normal(x, 1.0)


def test_the_same_noise_proposes_the_same_whoever_else_runs():
    recogniser, args = made(), ({"seen": torch.ones(1, 2)},)
    few, many = (recogniser.simulate(args, Lanes.of(NOISE, n)) for n in (10, 40))
    assert torch.allclose(few["place"], many["place"][:10], atol=1e-5)


def test_each_run_may_see_something_else():
    recogniser = made()
    seen = torch.randn(30, 2, generator=torch.Generator().manual_seed(0))
    lanes = Lanes.of(NOISE, 30)
    together = recogniser.simulate(({"seen": seen},), lanes)
    alone = recogniser.simulate(({"seen": seen[4:5]},), lanes)
    assert float(together["part"][4]) == pytest.approx(float(alone["part"][4]), abs=1e-5)


def test_it_comes_back_from_bytes():
    recogniser, args, lanes = made(seed=5), ({"seen": torch.ones(1, 2)},), Lanes.of(NOISE, 10)
    again = Recogniser.unpack(recogniser.pack())
    assert torch.equal(again.simulate(args, lanes).logp, recogniser.simulate(args, lanes).logp)
    assert again.pack() == recogniser.pack()
    with pytest.raises(BadFile, match="hold no recogniser"):
        Recogniser.unpack(b"x" * 40)


def test_what_it_cannot_do_is_said():
    recogniser = made()
    with pytest.raises(UsageError, match="'seen' is not given"):
        recogniser.simulate(({},), Lanes.of(NOISE, 2))
    with pytest.raises(UsageError, match="takes no 'colour'"):
        recogniser.generate(({"seen": torch.ones(1, 2)},), {"colour": 1}, Lanes.of(NOISE, 2))
    with pytest.raises(UnknownName, match="no choice called 'sen'"):
        Recogniser.of(everything(), ["sen"], Lanes.of(NOISE, 2))
    with pytest.raises(Unsupported, match="nothing to recognise"):
        Recogniser.of(everything(), ["kind", "on", "size", "part", "place", "seen"], Lanes.of(NOISE, 2))
    varying = program(varies)
    with pytest.raises(Unsupported, match="ends that vary"):
        Recogniser.of(varying(), ["seen"], Lanes.of(NOISE, 9))
    assert math.isfinite(float(recogniser.simulate(({"seen": torch.ones(1, 2)},), Lanes.of(NOISE, 2)).logp.sum()))


def varies():
    x = yield "x", uniform(0.0, 1.0)
    y = yield "y", uniform(0.0, x + 0.1)
    yield "seen", normal(y, 1.0)
