import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nightschool.errors import UnknownName
from nightschool.items import Noise
from nightschool.society.each import each
from nightschool.society.lanes import Lanes
from nightschool.society.primitives import bernoulli, normal
from nightschool.society.traces import alike, filled, join, made, pick, rows_of
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


@each
def inner():
    if (yield "more", bernoulli(0.5)):
        yield "x", normal(0.0, 1.0)


@each
def outer():
    if (yield "call", bernoulli(0.5)):
        yield "part", inner()


TRACE = outer.simulate((), Lanes.of(Noise(("ways",)), 40))
WITH = [i for i, yes in enumerate(TRACE["call"].tolist()) if yes]
BOTH = [i for i, yes in zip(WITH, TRACE["part/more"].tolist(), strict=True) if yes]


def test_rows_are_those_of_the_whole():
    assert rows_of(TRACE, "call") is None
    assert rows_of(TRACE, "part/more").tolist() == WITH
    assert rows_of(TRACE, "part/x").tolist() == BOTH
    with pytest.raises(UnknownName, match="no choice called 'y'"):
        rows_of(TRACE, "part/y")


def test_runs_that_make_the_same_choices_are_grouped():
    groups = {tuple(rows.tolist()) for rows in alike(TRACE, ["part/more", "part/x", "elsewhere"])}
    without = tuple(sorted(set(range(40)) - set(WITH)))
    assert groups == {tuple(BOTH), tuple(sorted(set(WITH) - set(BOTH))), without}
    assert not bool(made(TRACE, ["elsewhere"]).any())
    assert [rows.tolist() for rows in alike(TRACE, [])] == [list(range(40))]


def test_a_column_of_all_runs_holds_each_its_own():
    whole = filled(TRACE, "part/x")
    assert len(whole) == 40
    assert torch.equal(whole[BOTH], TRACE["part/x"])
