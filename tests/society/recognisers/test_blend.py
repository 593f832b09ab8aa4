"""Weights against a guess stay right however wrong the guess is: by enumeration, and on average over many runs."""

import math

import pytest
import torch

from nightschool.errors import Unsupported, UsageError
from nightschool.items import Noise
from nightschool.society.infer import Enumeration, Importance, infer
from nightschool.society.lanes import Lanes
from nightschool.society.primitives import bernoulli, categorical, normal
from nightschool.society.program import program
from nightschool.society.recognisers import Blend, Lessons, Recogniser, teach

NOISE = Noise(("blend",))


@program
def lawn():
    weather = yield "weather", categorical(torch.tensor([0.6, 0.3, 0.1]).log())
    sprinkler = yield "sprinkler", bernoulli(torch.tensor([0.5, 0.2, 0.01], dtype=torch.float64)[weather])
    wet = 0.05 + 0.3 * weather.double() + 0.3 * sprinkler.double()
    yield "meter", normal(wet, 0.2)


@program
def line():
    slope = yield "slope", normal(0.0, 1.0)
    start = yield "start", normal(slope, 0.5)
    yield "seen", normal(slope + start, 0.3)


def log_z_of_line(seen):
    variance = 4 * 1.0 + 0.25 + 0.09  # slope + start = 2 slope + a step of 0.5
    return -0.5 * (math.log(2 * math.pi * variance) + seen * seen / variance)


def every_choice():
    weather, sprinkler = torch.arange(3).repeat_interleave(2), torch.tensor([False, True]).repeat(3)
    return {"weather": weather, "sprinkler": sprinkler}


@pytest.mark.parametrize("trust", [0.0, 0.5, 0.99])
@pytest.mark.parametrize("seed", [0, 1])
def test_weights_of_an_untaught_guess_are_exactly_unbiased(trust, seed):
    given = {"meter": 0.61}
    recogniser = Recogniser.of(lawn(), ["meter"], Lanes.of(NOISE, 50), seed=seed)
    with torch.no_grad():
        for weights in recogniser.module.parameters():
            weights.mul_(5.0)  # sure of itself, and wrong
    blend = Blend(lawn(), recogniser(given), given, trust=trust)
    every = every_choice()
    lanes = Lanes.of(NOISE, 6)
    _, log_q = blend.generate((), every, lanes)
    assert float(log_q.exp().sum()) == pytest.approx(1.0, abs=1e-6)
    _, log_joint = lawn.generate((), {**every, **given}, lanes)
    exact = infer(lawn(), given, NOISE, Enumeration()).log_z
    mean_weight = float((log_q.exp() * (log_joint - log_q).exp()).sum())
    assert math.log(mean_weight) == pytest.approx(exact, abs=1e-6)


def test_what_importance_reports_is_the_weight_against_the_mixture():
    given = {"meter": 0.61}
    recogniser = Recogniser.of(lawn(), ["meter"], Lanes.of(NOISE, 50))
    blend = Blend(lawn(), recogniser(given), given, trust=0.7)
    found = infer(lawn(), given, NOISE, Importance(64, blend()))
    chosen = {a: found.trace[a] for a in ("weather", "sprinkler")}
    _, log_q = blend.generate((), chosen, Lanes.of(NOISE, 64))
    assert torch.allclose(found.logw, found.trace.logp - log_q)
    assert found.trace.choices(free=True).keys() == {"weather", "sprinkler"}


def test_support_is_full_where_a_guess_alone_misses():
    """A guess that is sure of one place: without the prior it never comes to the truth, with it weights are bounded."""
    sure = _sure_of(-3.0)
    given = {"seen": 2.0}
    blended = infer(line(), given, NOISE, Importance(4000, Blend(line(), sure(), given, trust=0.9)()))
    assert blended.log_z == pytest.approx(log_z_of_line(2.0), abs=0.25)
    alone = infer(line(), given, NOISE, Importance(4000, sure()))
    assert alone.log_z < log_z_of_line(2.0) - 1.0
    best = -0.5 * math.log(2 * math.pi * 0.09)  # the highest density of what is seen
    assert float(blended.logw.max()) <= best - math.log(1 - 0.9) + 1e-9


def _sure_of(place):
    @program
    def sure():
        slope = yield "slope", normal(place, 0.01)
        yield "start", normal(slope, 0.01)

    return sure


def test_evidence_is_unbiased_with_a_taught_recogniser_and_costs_fewer_runs():
    recogniser = Recogniser.of(line(), ["seen"], Lanes.of(NOISE, 200), width=32)
    losses = teach(recogniser, Lessons(line()), NOISE, steps=250, batch=128)
    assert sum(losses[-20:]) < sum(losses[:20])
    given, exact = {"seen": 3.5}, log_z_of_line(3.5)
    blend = Blend(line(), recogniser(given), given, trust=0.9)
    z = [math.exp(infer(line(), given, NOISE.child(k), Importance(40, blend())).log_z - exact) for k in range(200)]
    middle, spread = sum(z) / 200, (sum((one - sum(z) / 200) ** 2 for one in z) / 199) ** 0.5
    assert abs(middle - 1) < 4 * spread / 200**0.5
    prior = infer(line(), given, NOISE, Importance(400))
    guided = infer(line(), given, NOISE, Importance(400, blend()))
    assert guided.ess > 5 * prior.ess
    assert float(guided.trace.logp.max()) >= float(prior.trace.logp.max()) - 0.05


def test_a_cheaper_prior_of_the_same_choices_gives_the_same_weights():
    @program
    def before():
        slope = yield "slope", normal(0.0, 1.0)
        yield "start", normal(slope, 0.5)

    given = {"seen": 1.0}
    recogniser = Recogniser.of(line(), ["seen"], Lanes.of(NOISE, 50))
    lanes = Lanes.of(NOISE, 20)
    whole, cheap = Blend(line(), recogniser(given), given), Blend(before(), recogniser(given))
    assert torch.allclose(whole.simulate((), lanes).logp, cheap.simulate((), lanes).logp)


def test_a_guess_must_make_what_its_choices_hang_on():
    @program
    def half():
        yield "start", normal(0.0, 1.0)

    given = {"seen": 1.0}
    with pytest.raises(Unsupported, match="leaves out 'slope'"):
        infer(line(), given, NOISE, Importance(4, Blend(line(), half(), given)()))


def test_trust_is_less_than_one():
    with pytest.raises(UsageError, match="less than 1, not 1"):
        Blend(line(), line(), trust=1.0)
