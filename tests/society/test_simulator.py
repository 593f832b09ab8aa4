"""A plain simulator, code with no density, is a member: it composes, is replayed, conditions and answers what-ifs."""

import math

import pytest
import torch

from nightschool.errors import ModelError
from nightschool.items import Noise
from nightschool.society.each import each
from nightschool.society.infer import Enumeration, Importance, infer
from nightschool.society.kept import pack, replay, unpack
from nightschool.society.lanes import Lanes
from nightschool.society.potentials import exactly
from nightschool.society.primitives import bernoulli, categorical, normal
from nightschool.society.program import program
from nightschool.society.seated import seated

KICKS = torch.zeros(3, dtype=torch.float64)  # logits of -1, 0 and 1
LANES = Lanes.of(Noise(("simulated",)), 64)


def ball(height, kicks):
    """Return how often a ball dropped from `height` bounces before it lies still: steps of time, no formula."""
    speed, bounces, kicks = 0.0, 0, list(kicks)
    for _ in range(400):
        speed -= 0.1
        height += 0.1 * speed
        if height < 0 and speed < 0:
            height, speed = -height, -0.6 * speed + 0.5 * (kicks.pop() if kicks else 0)
            bounces += 1
            if speed < 0.3:
                break
    return bounces


@each
def bouncing(height):
    kicks = []
    for k in range(3):
        kicks.append((yield f"kick{k}", categorical(KICKS)) - 1)
    return (yield "bounces", exactly(ball(height, kicks)))


@program
def table():
    """It is part of a larger program: whether the table is high decides from where the ball falls."""
    high = yield "high", bernoulli(0.5)
    count = yield "ball", bouncing(torch.where(high, 3.0, 1.0))
    yield "heard", normal(count.double(), 0.5)
    return high


def worked_out(heard):
    """Return p(high | heard) by running the simulator on everything that can happen."""
    mass = {True: 0.0, False: 0.0}
    for high in mass:
        for one in range(27):
            kicks = [one % 3 - 1, one // 3 % 3 - 1, one // 9 - 1]
            mass[high] += math.exp(-((ball(3.0 if high else 1.0, kicks) - heard) ** 2) / (2 * 0.25))
    return mass[True] / sum(mass.values())


@pytest.mark.parametrize("heard", [3.0, 5.0, 6.0])
def test_what_was_heard_tells_from_where_it_fell(heard):
    exact = worked_out(heard)
    assert 0.01 < exact < 0.99
    assert infer(table(), {"heard": heard}, Noise(("all",)), Enumeration()).table("high")[True] == pytest.approx(exact)
    sampled = infer(table(), {"heard": heard}, Noise(("some",)), Importance(4000))
    assert float(sampled.expect("high")) == pytest.approx(exact, abs=0.05)


def test_a_count_that_was_seen_is_an_observation_too():
    seen = infer(table(), {"ball/bounces": 4}, Noise(("seen",)), Importance(4000))
    alike = {high: sum(ball(height, [a, b, c]) == 4 for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1))
             for high, height in ((True, 3.0), (False, 1.0))}  # fmt: skip
    assert 0 < alike[True] + alike[False] < 54
    assert float(seen.expect("high")) == pytest.approx(alike[True] / (alike[True] + alike[False]), abs=0.05)
    assert set(seen.trace["ball/bounces"].tolist()) == {4}


def test_it_is_kept_and_replayed():
    trace = table.simulate((), LANES)
    back = unpack(pack(trace), {model.name: model for model in (table, bouncing)})
    assert torch.equal(back["ball/bounces"], trace["ball/bounces"])
    assert torch.equal(replay(back).logp, trace.logp)


def test_a_simulator_with_randomness_of_its_own_is_found_out():
    hidden = iter(range(10_000))

    @each
    def secretive():
        return (yield "bounces", exactly(next(hidden)))

    with pytest.raises(ModelError, match="a trace of secretive cannot be replayed"):
        replay(secretive.simulate((), LANES))


def test_in_another_world_the_kicks_are_the_same():
    trace = table.simulate((), LANES)
    other = table.imagine(trace, {"high": True}, LANES.child("other"))
    kicks = zip(*(other[f"ball/kick{k}"].tolist() for k in range(3)), strict=True)
    assert all(torch.equal(other[f"ball/kick{k}"], trace[f"ball/kick{k}"]) for k in range(3))
    assert other["ball/bounces"].tolist() == [ball(3.0, [kick - 1 for kick in own]) for own in kicks]


def test_it_takes_the_place_of_another_models_choice():
    @program
    def noise_of():
        count = yield "count", categorical(torch.zeros(12, dtype=torch.float64))
        yield "heard", normal(count.double(), 0.5)
        return count

    found = infer(seated(noise_of, {"count": lambda: bouncing(3.0)})(), {"heard": 5.0}, Noise(("seat",)), Enumeration())
    counts = [ball(3.0, [a, b, c]) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)]
    mass = [math.exp(-((count - 5) ** 2) / 0.5) for count in counts]
    right = sum(m for m, count in zip(mass, counts, strict=True) if count == 5) / sum(mass)
    assert 0 < right < 1
    assert found.table("count/bounces")[5] == pytest.approx(right)
