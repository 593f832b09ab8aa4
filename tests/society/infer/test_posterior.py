import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nightschool.items import Noise
from nightschool.society.each import each
from nightschool.society.infer import Importance, Posterior, infer
from nightschool.society.infer.posterior import log_mean, systematic
from nightschool.society.lanes import Lanes
from nightschool.society.primitives import bernoulli, normal


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=30), st.floats(0, 1, exclude_max=True), st.integers(1, 60))
def test_systematic_resampling_is_fair_to_one(logw, u, n):
    logw = torch.tensor(logw, dtype=torch.float64)
    counts = torch.bincount(systematic(logw, u, n), minlength=len(logw))
    assert int(counts.sum()) == n
    assert bool(((counts - n * torch.softmax(logw, 0)).abs() < 1 + 1e-6).all())


def test_what_has_no_weight_is_never_resampled():
    logw = torch.tensor([-math.inf, 0.0, -math.inf], dtype=torch.float64)
    assert systematic(logw, 0.999999, 5).tolist() == [1] * 5


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=20))
def test_equal_runs_are_worth_what_they_are(logw):
    trace = normal.simulate((0.0, 1.0), Lanes.of(Noise(("worth",)), len(logw)))
    posterior = Posterior(trace, torch.tensor(logw, dtype=torch.float64), 0.0, len(logw))
    assert 1 - 1e-9 <= posterior.ess <= len(logw) + 1e-9
    assert Posterior(trace, torch.zeros(len(logw)), 0.0, 0).ess == pytest.approx(len(logw))
    assert log_mean(posterior.logw) == pytest.approx(math.log(sum(map(math.exp, logw)) / len(logw)))


def test_a_table_counts_the_runs_without_the_choice():
    @each
    def sometimes():
        if (yield "first", bernoulli(0.25)):
            yield "second", bernoulli(1.0)

    table = infer(sometimes(), {}, Noise(("table",)), Importance(4000)).table("second")
    assert list(table) == [None, True]
    assert table[True] == pytest.approx(0.25, abs=0.03)


def test_resampled_runs_have_equal_weight():
    posterior = infer(normal(0.0, 1.0), {}, Noise(("equal",)), Importance(50))
    tilted = Posterior(posterior.trace, posterior.trace.value, 0.0, 50)
    again = tilted.resampled(Lanes.of(Noise(("again",)), 5000))
    assert float(again.value.mean()) == pytest.approx(
        float(torch.softmax(tilted.logw, 0) @ tilted.trace.value), abs=0.01
    )
    assert tilted.best() == int(posterior.trace.logp.argmax())
