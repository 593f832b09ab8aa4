import pytest
import torch
from scipy import stats

from nightschool.errors import NotANumber, UnknownName
from nightschool.items import Noise
from nightschool.society.lanes import Lanes
from nightschool.society.primitives import bernoulli, categorical, exponential, laplace, normal, uniform

LANES = Lanes.of(Noise(("primitives",)), 20_000)
LOGITS = torch.tensor([0.5, -1.0, 1.5], dtype=torch.float64)
CALLS = [normal(1.0, 2.0), uniform(-1.0, 3.0), laplace(0.5, 2.0), exponential(0.7), bernoulli(0.3), categorical(LOGITS)]
SCIPY = {
    "normal": stats.norm(1, 2), "uniform": stats.uniform(-1, 4), "laplace": stats.laplace(0.5, 2),
    "exponential": stats.expon(scale=1 / 0.7),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.model.name)
def test_draws_follow_the_law(call):
    trace = call.model.simulate(call.args, LANES)
    if call.model.name in SCIPY:
        law = SCIPY[call.model.name]
        assert stats.kstest(trace.value.numpy(), law.cdf).pvalue > 1e-4
        assert trace.logp.numpy() == pytest.approx(law.logpdf(trace.value.numpy()))
    else:
        p = torch.softmax(LOGITS, 0) if call.model is categorical else torch.tensor([0.7, 0.3], dtype=torch.float64)
        seen = torch.bincount(trace.value.long())
        assert stats.chisquare(seen.numpy(), (p / p.sum() * len(LANES)).numpy()).pvalue > 1e-4
        assert trace.logp.exp().numpy() == pytest.approx(p[trace.value.long()].numpy())


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.model.name)
def test_noise_that_was_recovered_makes_the_same_choice_again(call):
    trace = call.model.simulate(call.args, LANES)
    args = call.model.aligned(call.args, len(LANES))
    noise = call.model.recover(args, trace.value, LANES.child("other"))
    again = call.model.draw(args, noise)
    assert again.double().numpy() == pytest.approx(trace.value.double().numpy(), abs=1e-6)


def test_recovered_gumbels_are_those_of_the_prior_on_average():
    trace = categorical.simulate((LOGITS,), LANES)
    noise = categorical.recover(categorical.aligned((LOGITS,), len(LANES)), trace.value, LANES.child("other"))
    for level in range(3):
        assert stats.kstest(noise[:, level].numpy(), stats.gumbel_r.cdf).pvalue > 1e-4


def test_given_values_are_weighed_and_stay_fixed():
    trace, logw = normal.generate((0.0, 1.0), {"": 0.5}, LANES.take(torch.arange(3)))
    assert trace.fixed
    assert logw.numpy() == pytest.approx(stats.norm.logpdf([0.5] * 3))


def test_rows_come_first_and_the_rest_is_repeated():
    mean = torch.zeros(1, 2, 5)
    trace = normal.simulate((mean, torch.ones(4)), LANES.take(torch.arange(4)))
    assert trace.value.shape == (4, 2, 5)
    assert trace.logp.shape == (4,)


def test_not_a_number_is_an_error_that_names_the_model():
    with pytest.raises(NotANumber, match="normal is NaN in run 0"):
        normal.generate((float("nan"), 1.0), {"": 0.0}, LANES)


def test_a_choice_has_no_choices_within():
    with pytest.raises(UnknownName, match="normal makes one choice"):
        normal.generate((0.0, 1.0), {"x": 0.0}, LANES)


def test_coins_that_never_and_always_fall_so():
    for p in (0.0, 1.0):
        trace = bernoulli.simulate((p,), LANES)
        assert bool((trace.value == bool(p)).all())
        assert float(trace.logp.abs().max()) == 0.0
