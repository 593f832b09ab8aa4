import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nightschool.items import Noise
from nightschool.society.lanes import Lanes
from nightschool.society.traces import join, pick
from support.small_models import random_walk

LANES = Lanes.of(Noise(("traces",)), 10)
A = random_walk.simulate((3,), LANES.child("a"))
B = random_walk.simulate((3,), LANES.child("b"))


@given(st.lists(st.booleans(), min_size=10, max_size=10))
def test_picking_takes_each_run_from_one_of_two(mask):
    mask = torch.tensor(mask)
    picked = pick(mask, A, B)
    for address in A.addresses():
        assert torch.equal(picked[address], torch.where(mask, A[address], B[address]))
    assert torch.equal(picked.logp, torch.where(mask, A.logp, B.logp))
    assert torch.equal(picked.value, torch.where(mask, A.value, B.value))


@given(st.permutations(range(20)))
def test_joined_runs_come_in_the_order_asked_for(order):
    order = torch.tensor(order)
    whole = join([A, B], order)
    assert torch.equal(whole["x2"], torch.cat([A["x2"], B["x2"]])[order])


def test_traces_cannot_be_changed():
    with pytest.raises(AttributeError):
        A.logp = B.logp


def test_free_choices_are_those_not_given():
    trace, _ = random_walk.generate((2,), {"y0": 0.0, "y1": 1.0}, LANES)
    assert trace.choices(free=True).keys() == {"x0", "x1"}
    assert trace.loosened(frozenset({"y0"})).choices(free=True).keys() == {"x0", "x1", "y0"}
