import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nightschool.errors import UnknownName, UsageError
from nightschool.items import Noise
from nightschool.society.lanes import Lanes
from nightschool.society.potentials import exactly, factor
from nightschool.society.primitives import bernoulli, laplace, normal
from nightschool.society.program import program
from support.small_models import line, sprinkler, sprinkler_exactly


def lanes(n=8, *words):
    return Lanes.of(Noise(("program", *words)), n)


@program
def garden():
    wet = yield "weather", sprinkler()
    height = yield "height", normal(torch.where(wet, 2.0, 1.0), 0.5)
    return height


def test_parts_are_addressed_by_slashes():
    trace = garden.simulate((), lanes())
    assert trace.addresses() == ("weather/rain", "weather/on", "weather/wet", "height")
    assert torch.equal(trace["weather"], trace["weather/wet"])
    assert trace["height"] is trace.value


def test_the_log_probability_is_that_of_all_choices():
    trace = sprinkler.simulate((), lanes(50))
    for i in range(50):
        joint = sprinkler_exactly(bool(trace["wet"][i]))
        assert math.exp(trace.logp[i]) == pytest.approx(joint[bool(trace["rain"][i]), bool(trace["on"][i])])


@given(st.dictionaries(st.sampled_from(["rain", "on", "wet"]), st.booleans()), st.integers(0, 99))
def test_weights_are_the_joint_over_what_was_drawn(known, seed):
    trace, logw = sprinkler.generate((), known, lanes(6, seed))
    drawn = sum((leaf.logp for _, leaf in trace.leaves() if not leaf.fixed), torch.zeros(6, dtype=torch.float64))
    assert logw.numpy() == pytest.approx((trace.logp - drawn).numpy())
    assert {address for address, leaf in trace.leaves() if leaf.fixed} == known.keys()
    assert trace.likelihood().numpy() == pytest.approx(logw.numpy())


@given(
    st.dictionaries(st.sampled_from(["weather/rain", "weather/on", "weather/wet"]), st.booleans()), st.integers(0, 99)
)
def test_updates_weigh_the_new_joint_against_the_old(change, seed):
    before = garden.simulate((), lanes(6, seed))
    after, logw = garden.update(before, change, lanes(6, seed, "update"))
    assert logw.numpy() == pytest.approx((after.logp - before.logp).numpy())
    assert torch.equal(after["height"], before["height"])
    back, undone = garden.update(after, {a: before[a] for a in change}, lanes(6))
    assert back.logp.numpy() == pytest.approx(before.logp.numpy())
    assert undone.numpy() == pytest.approx(-logw.numpy())


def test_a_given_choice_that_another_law_makes_now_is_weighed_against_the_old():
    @program
    def either(wide):
        yield "x", (laplace(0.0, 1.0) if wide else normal(0.0, 1.0))

    before = either.simulate((False,), lanes())
    after, logw = either.update(before, {"x": 1.0}, lanes(), (True,))
    assert logw.numpy() == pytest.approx((after.logp - before.logp).numpy())
    _, logw = either.update(before, {}, lanes(), (True,))  # drawn anew, as it would be on the way back
    assert logw.numpy() == pytest.approx(0.0, abs=1e-12)


def test_a_proposal_is_weighed_against_the_model():
    @program
    def guess():
        yield "rain", bernoulli(0.9)

    trace, logw = sprinkler.generate((), {"wet": True}, lanes(4000), guess())
    exact = sprinkler_exactly(True)
    assert float(logw.exp().mean()) == pytest.approx(sum(exact.values()), abs=0.02)
    assert not trace.part("rain").fixed
    assert trace.part("wet").fixed
    with pytest.raises(UsageError, match="guess proposes 'rain', which is given"):
        sprinkler.generate((), {"rain": True}, lanes(), guess())


def test_the_same_lanes_give_the_same_trace_in_any_company():
    many, few = garden.simulate((), lanes(30)), garden.simulate((), lanes(7))
    for address in few.addresses():
        assert torch.equal(many[address][:7], few[address])


def test_unknown_addresses_are_named_with_those_there_are():
    with pytest.raises(UnknownName, match=r"no choice called 'rian'; did you mean rain\? .in sprinkler"):
        garden.simulate((), lanes())["weather/rian"]
    with pytest.raises(UnknownName, match="no choice called 'hight'; did you mean height"):
        garden.generate((), {"hight": 1.0}, lanes())


def test_what_is_no_call_or_comes_twice_is_refused():
    @program
    def twice():
        yield "x", normal(0.0, 1.0)
        yield "x", normal(0.0, 1.0)

    @program
    def bare():
        yield normal(0.0, 1.0)

    with pytest.raises(UsageError, match="twice makes two choices at 'x'"):
        twice.simulate((), lanes())
    with pytest.raises(UsageError, match="bare yielded"):
        bare.simulate((), lanes())


def test_circles_are_refused_by_name():
    @program
    def egg():
        yield "from", hen()

    @program
    def hen():
        yield "from", egg()

    with pytest.raises(UsageError, match="egg > hen"):
        hen.simulate((), lanes())


def test_holding_a_choice_leaves_what_does_not_follow_from_it():
    before = garden.simulate((), lanes(200))
    after = garden.imagine(before, {"weather/on": True}, lanes(200, "other"))
    assert torch.equal(after["weather/rain"], before["weather/rain"])
    assert bool(after["weather/on"].all())
    dry = ~before["weather/wet"]
    assert bool((after["height"] >= before["height"] - 1e-9).all())
    assert bool((after["height"] > before["height"] + 0.9)[dry & after["weather/wet"]].all())


def test_factors_weigh_and_following_values_follow():
    @program
    def rule():
        x = yield "x", normal(0.0, 1.0)
        big = yield "big", exactly(x > 1)
        yield "rule", factor(torch.where(big, 0.0, -2.0))
        return x

    trace, logw = rule.generate((), {}, lanes(500))
    assert logw.numpy() == pytest.approx(torch.where(trace["x"] > 1, 0.0, -2.0).numpy())
    seen, logw = rule.generate((), {"big": True}, lanes(500))
    assert torch.equal(logw == 0, seen["x"] > 1)
    assert bool((logw[seen["x"] <= 1] == -torch.inf).all())
    moved, _ = rule.update(trace, {"x": 2.0}, lanes(500))
    assert bool(moved["big"].all())


def test_gradients_flow_through_given_values():
    at = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    trace, _ = line.generate((), {"slope": at, "offset": 0.0, "seen": torch.ones(1, 5, dtype=torch.float64)}, lanes(3))
    trace.logp.sum().backward()
    assert at.grad is not None
    assert at.grad.numpy() == pytest.approx([0.0] * 3)  # the points lie evenly on both sides
