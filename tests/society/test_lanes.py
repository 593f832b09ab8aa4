import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nightschool.items import Noise
from nightschool.society.lanes import Lanes


@given(st.integers(1, 50), st.integers(1, 50), st.integers(0, 2**40))
def test_fewer_lanes_are_the_first_of_more(few, more, seed):
    noise = Noise(("test", seed))
    few, more = sorted((few, few + more))
    assert torch.equal(Lanes.of(noise, few).uniform((3,)), Lanes.of(noise, more).uniform((3,))[:few])


def test_a_lane_draws_the_same_whatever_the_others_are():
    lanes = Lanes.of(Noise(("test",)), 20)
    some = torch.tensor([7, 3, 7])
    assert torch.equal(lanes.take(some).normal((2,)), lanes.normal((2,))[some])


def test_children_are_unlike_each_other_and_their_parent():
    lanes = Lanes.of(Noise(("test",)), 5)
    drawn = [lanes.uniform(), lanes.child("a").uniform(), lanes.child("b").uniform(), lanes.child("a", "b").uniform()]
    assert len({round(float(u), 12) for us in drawn for u in us}) == 20


@pytest.mark.parametrize("seed", range(4))
def test_numbers_are_uniform_and_independent(seed):
    u = Lanes.of(Noise(("uniform", seed)), 20_000).uniform((2,))
    assert ((u > 0) & (u < 1)).all()
    assert stats.kstest(u[:, 0].numpy(), "uniform").pvalue > 1e-4
    for a, b in ((u[:, 0], u[:, 1]), (u[:-1, 0], u[1:, 0])):
        assert abs(float(torch.corrcoef(torch.stack([a, b]))[0, 1])) < 0.03
