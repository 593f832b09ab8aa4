import torch

from nightschool.items import Noise
from nightschool.society.infer.latents import Latents
from nightschool.society.lanes import Lanes
from nightschool.society.primitives import exponential, normal
from nightschool.society.program import program
from support.small_models import SEEN_LINE, line

LANES = Lanes.of(Noise(("latents",)), 6)


@program
def decaying():
    rate = yield "rate", exponential(1.0)
    yield "seen", normal(rate, 0.5)


def checked(trace, latents, at):
    """Return the gradient at `at`, compared with finite differences."""
    _, _, slope = latents.slope(trace, at, LANES)
    for i in range(at.shape[1]):
        step = torch.zeros(at.shape[1], dtype=torch.float64)
        step[i] = 1e-5
        _, above = latents.written(trace, at + step, LANES)
        _, below = latents.written(trace, at - step, LANES)
        assert torch.allclose((above - below) / 2e-5, slope[:, i], atol=1e-4)


def test_the_slope_is_that_of_prior_and_likelihood_also_where_the_runs_are():
    trace, _ = line.generate((), {"seen": torch.tensor([SEEN_LINE], dtype=torch.float64)}, LANES)
    latents = Latents.of(trace)
    here = latents.read(trace)
    checked(trace, latents, here)
    checked(trace, latents, here + 0.3)


def test_bounded_choices_are_mapped_from_the_whole_line():
    trace, _ = decaying.generate((), {"seen": 1.0}, LANES)
    latents = Latents.of(trace)
    at = latents.read(trace)
    assert torch.allclose(at.exp()[:, 0], trace["rate"])
    checked(trace, latents, at - 1.0)
    _, density = latents.written(trace, at, LANES)
    assert torch.allclose(density, trace.logp + at[:, 0])


def test_a_power_tempers_the_likelihood_alone():
    trace, _ = decaying.generate((), {"seen": 1.0}, LANES)
    latents = Latents.of(trace)
    at = latents.read(trace)
    _, whole = latents.written(trace, at, LANES)
    _, prior = latents.written(trace, at, LANES, power=0.0)
    assert torch.allclose(whole - prior, trace.likelihood())
