import pytest
import torch

from nightschool.errors import UnknownName
from nightschool.items import Noise
from nightschool.society.each import each
from nightschool.society.lanes import Lanes
from nightschool.society.primitives import bernoulli, normal
from nightschool.society.ways import alike, filled, made, rows_of


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
