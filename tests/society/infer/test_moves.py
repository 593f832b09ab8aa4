"""Moves against exact answers where choices come and go, lie below each other, or bound each other."""

import math

import pytest
import torch

from nightschool.errors import UnknownName, Unsupported, UsageError
from nightschool.items import Noise
from nightschool.society.each import each
from nightschool.society.infer import Chains, Fresh, Hamiltonian, Langevin, Tempering, Walk, infer
from nightschool.society.lanes import Lanes
from nightschool.society.potentials import factor
from nightschool.society.primitives import bernoulli, categorical, normal, uniform
from nightschool.society.program import program
from nightschool.society.seated import seated, through

NOISE = Noise(("moves",))
EVEN = torch.zeros(20, dtype=torch.float64)


def bell(x, mean, width):
    return math.exp(-0.5 * ((x - mean) / width) ** 2) / width


@each
def sharp():
    """A sharp choice in half of the runs."""
    b = yield "b", bernoulli(0.5)
    if b:
        yield "x", normal(0.0, 0.02)


@each
def many():
    """A choice among many in half of the runs, and what is seen in all."""
    b = yield "b", bernoulli(0.5)
    if b:
        yield "x", categorical(EVEN)
    yield "y", normal(0.0 if b else 3.0, 1.0)


@each
def inner():
    z = yield "z", normal(0.0, 0.1)
    if z > 0:
        yield "w", categorical(EVEN)
        yield "weight", factor(-1.0)
    return z


@each
def outer():
    b = yield "b", bernoulli(0.5)
    yield "y", normal((yield "part", inner()) if b else 0.2, 0.2)


def given_b(y, b):
    """Return p(y, b) of `outer`, by a fine grid."""
    if not b:
        return 0.5 * bell(y, 0.2, 0.2)
    at = torch.linspace(-0.8, 0.8, 4001, dtype=torch.float64)
    prior = torch.softmax(-0.5 * (at / 0.1) ** 2, 0)
    seen = torch.exp(-0.5 * ((y - at) / 0.2) ** 2) / 0.2
    return 0.5 * float((prior * torch.where(at > 0, math.exp(-1), 1.0) * seen).sum())


def share(posterior, address="b"):
    return float(posterior.expect(lambda trace: trace[address].double()))


def test_a_choice_is_not_left_because_it_is_sharp():
    assert share(infer(sharp(), {}, NOISE, Chains(200, [Fresh(("b",))], 60, 30))) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    "by", [Chains(200, [Fresh(("b",))], 60, 30), Tempering(1000, [Fresh(("b",))], 8)], ids=["chains", "tempering"]
)
def test_a_choice_is_not_left_because_it_is_one_of_many(by):
    exact = bell(1.0, 0.0, 1.0) / (bell(1.0, 0.0, 1.0) + bell(1.0, 3.0, 1.0))
    assert share(infer(many(), {"y": 1.0}, NOISE, by)) == pytest.approx(exact, abs=0.04)


@pytest.mark.parametrize(
    "moves",
    [[Fresh(("b",)), Walk(0.1)], [Fresh(("b",)), Fresh(("part/z",))], [Fresh(("part/z", "b"))], [Fresh(("b",))]],
    ids=["walk", "one by one", "together", "what it leads to"],
)
def test_programs_that_some_runs_call(moves):
    exact = given_b(0.1, True) / (given_b(0.1, True) + given_b(0.1, False))
    found = infer(outer(), {"y": 0.1}, NOISE, Chains(200, moves, 60, 20))
    assert share(found) == pytest.approx(exact, abs=0.04)


def test_a_step_that_brings_or_takes_choices():
    @each
    def stepping():
        x = yield "x", normal(0.0, 1.0)
        z = (yield "z", normal(0.0, 0.02)) if x > 0 else 1.0
        yield "y", normal(z, 0.7)

    seen = bell(0.5, 0.0, math.hypot(0.02, 0.7)), bell(0.5, 1.0, 0.7)
    for given, exact in (({}, 0.5), ({"y": 0.5}, seen[0] / sum(seen))):
        found = infer(stepping(), given, NOISE, Chains(200, [Walk(1.0)], 60, 20))
        above = float((found.trace["x"] > 0).double().mean())
        assert above == pytest.approx(exact, abs=0.04)


def test_one_run_alone_goes_all_ways():
    """A choice that no run makes any more is not asked for again."""

    @each
    def stepping():
        x = yield "x", normal(0.0, 1.0)
        if x > 0:
            yield "z", normal(0.0, 0.02)

    found = infer(stepping(), {}, NOISE, Chains(1, [Walk(2.0)], 1000, 0))
    assert float((found.trace["x"] > 0).double().mean()) == pytest.approx(0.5, abs=0.1)


def test_choices_drawn_together_are_drawn_under_each_other():
    @program
    def pair():
        a = yield "a", bernoulli(0.5)
        yield "b", bernoulli(torch.where(a, 0.95, 0.1))

    found = infer(pair(), {}, NOISE, Chains(400, [Fresh(("b", "a"))], 40, 10))
    assert found.accepted == 1.0
    assert share(found, "b") == pytest.approx(0.525, abs=0.02)
    assert share(found, "a") == pytest.approx(0.5, abs=0.02)


def test_a_middle_that_cannot_be_stops_nothing():
    """Either alone is impossible: both are changed at once."""

    @program
    def twins():
        a = yield "a", bernoulli(0.2)
        yield "b", bernoulli(a.double())

    found = infer(twins(), {}, NOISE, Chains(400, [Fresh(("a", "b"))], 30, 10))
    assert share(found) == pytest.approx(0.2, abs=0.02)
    assert torch.equal(found.trace["a"], found.trace["b"])


@pytest.mark.parametrize("move", [Walk(0.7), Hamiltonian(0.3, 4)], ids=["walk", "hamiltonian"])
def test_bounds_that_move(move):
    @program
    def within():
        size = yield "size", uniform(0.2, 3.0)
        yield "x", uniform(0.0, size)
        yield "again", uniform(0.0, size)

    found = infer(within(), {"again": 0.1}, NOISE, Chains(4000, [move], 30, 20))
    at = torch.linspace(0.2, 3.0, 4001, dtype=torch.float64)
    exact = float((at * torch.softmax(-at.log(), 0)).sum())
    assert float(found.expect("size")) == pytest.approx(exact, abs=0.05)
    assert float(found.expect("x")) == pytest.approx(exact / 2, abs=0.05)


def test_a_model_made_anew_in_every_run_of_the_program_keeps_its_choices():
    """`through` makes its program where it is called; what it chose is known again by its address."""

    @program
    def decoder():
        z = yield "z", normal(0.0, 1.0)
        yield "seen", normal(z, 1.0)

    turned = seated(decoder, {"z": lambda: through(normal(0.0, 1.0), lambda x: 2 * x)})
    found = infer(turned(), {"seen": 3.0}, NOISE, Chains(300, [Walk(0.8)], 120, 60))
    assert float(found.expect("z/from")) == pytest.approx(2 * 3 / 5, abs=0.05)
    spread = float(found.expect(lambda trace: (trace["z/from"] - 1.2) ** 2))
    assert spread == pytest.approx(1 / 5, rel=0.1)


@pytest.mark.parametrize("move", [Langevin(1.5), Hamiltonian(0.7, 3)], ids=["langevin", "hamiltonian"])
def test_a_gradient_ends_where_choices_come(move):
    @each
    def stepping():
        if (yield "x", normal(0.0, 1.0)) > 0:
            yield "z", normal(0.0, 1.0)

    with pytest.raises(Unsupported, match=r"'z' comes or goes with a step along the gradient.*use Walk or Fresh"):
        infer(stepping(), {}, NOISE, Chains(50, [move], 20, 0))


def test_a_gradient_within_each_way():
    @each
    def forked():
        b = yield "b", bernoulli(0.5)
        x = yield "x", normal(0.0, 1.0)
        z = (yield "z", normal(0.0, 1.0)) if b else 0.0
        yield "y", normal(x + z, 1.0)

    found = infer(forked(), {"y": 3.0}, NOISE, Chains(400, [Fresh(("b",)), Hamiltonian(0.4, 4)], 60, 30))
    both, one = bell(3.0, 0.0, 3**0.5), bell(3.0, 0.0, 2**0.5)
    assert share(found) == pytest.approx(both / (both + one), abs=0.04)
    assert float(found.expect("x")) == pytest.approx((both * 1.0 + one * 1.5) / (both + one), abs=0.05)


def test_what_is_given_must_be_made_whichever_way_it_goes():
    @each
    def seldom():
        if (yield "b", bernoulli(0.5)):
            yield "y", normal(0.0, 1.0)

    with pytest.raises(Unsupported, match="'y' is given and made in some runs only"):
        infer(seldom(), {"y": 0.0}, NOISE, Chains(50, [Fresh(("b",))], 20, 0))


def test_what_cannot_be_drawn_afresh_is_named():
    trace, _ = many.generate((), {"y": 1.0}, Lanes.of(NOISE, 20))
    with pytest.raises(UsageError, match="'y' is given"):
        Fresh(("y",)).move(trace, Lanes.of(NOISE, 20))
    with pytest.raises(UnknownName, match="no choice called 'z'"):
        Fresh(("z",)).move(trace, Lanes.of(NOISE, 20))
    whole = outer.simulate((), Lanes.of(NOISE, 20))
    with pytest.raises(UnknownName, match="no choice called 'part'"):
        Fresh(("part",)).move(whole, Lanes.of(NOISE, 20))


def test_runs_without_anything_to_move_stay():
    trace = sharp.simulate((), Lanes.of(NOISE, 40))
    moved, accepted = Walk(0.01).move(trace, Lanes.of(NOISE, 40))
    assert not bool(accepted[~trace["b"]].any())
    assert bool(accepted.any())
    assert torch.equal(moved["b"], trace["b"])
