"""Every scheduler against what can be worked out exactly: a hidden Markov model, a Kalman filter, a line, a lawn."""

import math

import pytest
import torch

from nightschool.errors import ModelError, Unsupported, UsageError
from nightschool.items import Noise
from nightschool.models.scripted import Scripted
from nightschool.society.infer import (
    Chains,
    Enumeration,
    Fresh,
    Hamiltonian,
    Importance,
    Langevin,
    Particles,
    Tempering,
    Walk,
    infer,
)  # fmt: skip
from nightschool.society.potentials import factor
from nightschool.society.primitives import bernoulli, normal
from nightschool.society.program import program
from nightschool.society.writing import Writes
from support.small_models import (
    SEEN,
    SEEN_LINE,
    WALKED,
    forward_exactly,
    hidden_markov,
    kalman_exactly,
    line,
    line_exactly,
    random_walk,
    sprinkler,
    sprinkler_exactly,
)  # fmt: skip

NOISE = Noise(("exact",))
SYMBOLS = {f"o{t}": symbol for t, symbol in enumerate(SEEN)}
PATH = {f"y{t}": y for t, y in enumerate(WALKED)}
POINTS = {"seen": torch.tensor([SEEN_LINE], dtype=torch.float64)}


def as_they_come(given):
    return [((t + 1,), [address]) for t, address in enumerate(given)]


def test_enumeration_is_exact():
    log_z, last = forward_exactly()
    posterior = infer(hidden_markov(8), SYMBOLS, NOISE, Enumeration())
    assert posterior.log_z == pytest.approx(log_z, abs=1e-10)
    assert posterior.table("s7") == pytest.approx(dict(enumerate(last)))
    joint = sprinkler_exactly(True)
    table = infer(sprinkler(), {"wet": True}, NOISE, Enumeration()).table("rain")
    assert table[True] == pytest.approx((joint[True, True] + joint[True, False]) / sum(joint.values()))


def test_enumeration_refuses_what_it_cannot_list():
    with pytest.raises(Unsupported, match=r"'slope' .normal. has no finite list"):
        infer(line(), POINTS, NOISE, Enumeration())
    with pytest.raises(Unsupported, match="are more than 100; use Importance"):
        infer(hidden_markov(8), SYMBOLS, NOISE, Enumeration(most=100))


def test_enumeration_refuses_a_text_that_is_not_given():
    model = Scripted(rule=lambda prompt, written: {"\n": 1} if written else {"a": 1, "b": 1})

    def ask(asks):
        model.submit(asks)
        replies = []
        while len(replies) < len(asks):
            replies += model.step().replies
        return replies

    @program
    def note():
        heads = yield "heads", bernoulli(0.5)
        text = yield "text", Writes(ask)("Say:")
        same = torch.tensor([(one == "a") is bool(up) for one, up in zip(text, heads.tolist(), strict=True)])
        yield "rule", factor(torch.where(same, 0.0, -3.0))

    with pytest.raises(Unsupported, match=r"'text' .writes. has no finite list"):
        infer(note(), {}, NOISE, Enumeration())
    seen = infer(note(), {"text": "a"}, NOISE, Enumeration())
    assert seen.table("heads")[True] == pytest.approx(1 / (1 + math.exp(-3)))


@pytest.mark.parametrize(
    "by", [Importance(40_000), Particles(4000, as_they_come(SYMBOLS))], ids=["importance", "particles"]
)
def test_a_hidden_markov_model(by):
    log_z, last = forward_exactly()
    posterior = infer(hidden_markov(8), SYMBOLS, NOISE, by)
    assert posterior.log_z == pytest.approx(log_z, abs=0.08)
    assert posterior.table("s7")[1] == pytest.approx(last[1], abs=0.04)


@pytest.mark.parametrize("moves", [(), (Walk(0.2),)], ids=["particles", "rejuvenated"])
def test_a_linear_walk(moves):
    log_z, mean, var = kalman_exactly()
    posterior = infer(random_walk(7), PATH, NOISE, Particles(3000, as_they_come(PATH), moves=moves))
    assert posterior.log_z == pytest.approx(log_z, abs=0.06)
    assert float(posterior.expect("x6")) == pytest.approx(mean, abs=0.04)
    assert float(posterior.expect(lambda trace: (trace["x6"] - mean) ** 2)) == pytest.approx(var, abs=0.03)


def test_particles_do_better_than_independent_runs():
    far, near = Particles(1000, as_they_come(PATH)), Importance(1000)
    assert infer(random_walk(7), PATH, NOISE, far).ess > 5 * infer(random_walk(7), PATH, NOISE, near).ess


@pytest.mark.parametrize(
    "by",
    [
        Chains(100, [Walk(0.25)], 150, 50),
        Chains(100, [Langevin(0.15)], 80, 30),
        Chains(100, [Hamiltonian(0.07, 5)], 40, 15),
        Chains(200, [Fresh(("slope",)), Fresh(("offset",))], 120, 40),
        Tempering(600, [Hamiltonian(0.12, 5)], 15),
    ],
    ids=["walk", "langevin", "hamiltonian", "fresh", "tempering"],
)
def test_a_line_through_points(by):
    mean, cov, log_z = line_exactly()
    posterior = infer(line(), POINTS, NOISE, by)
    for i, address in enumerate(("slope", "offset")):
        assert float(posterior.expect(address)) == pytest.approx(mean[i], abs=0.05)
        spread = float(posterior.expect(lambda trace, a=address, m=mean[i]: (trace[a] - m) ** 2))
        assert spread == pytest.approx(cov[i, i], rel=0.3)
    if isinstance(by, Tempering):
        assert posterior.log_z == pytest.approx(log_z, abs=0.15)
    else:
        assert math.isnan(posterior.log_z)
    assert 0 < posterior.accepted <= 1


def test_a_good_proposal_is_worth_more_runs():
    mean, cov, log_z = line_exactly()

    @program
    def near():
        yield "slope", normal(float(mean[0]), 1.3 * math.sqrt(cov[0, 0]))
        yield "offset", normal(float(mean[1]), 1.3 * math.sqrt(cov[1, 1]))

    with_it = infer(line(), POINTS, NOISE, Importance(500, near()))
    without = infer(line(), POINTS, NOISE, Importance(500))
    assert with_it.ess > 300 > 30 > without.ess
    assert with_it.log_z == pytest.approx(log_z, abs=0.06)


def test_the_evidence_is_right_on_average():
    exact = math.exp(forward_exactly()[0])
    by = Particles(60, as_they_come(SYMBOLS))
    estimates = [math.exp(infer(hidden_markov(8), SYMBOLS, Noise(("average", k)), by).log_z) for k in range(40)]
    assert sum(estimates) / 40 == pytest.approx(exact, rel=0.1)


def test_more_runs_begin_with_fewer():
    few, more = (infer(line(), POINTS, NOISE, Importance(n)) for n in (50, 200))
    assert torch.equal(more.logw[:50], few.logw)


def test_nothing_that_explains_is_an_error():
    @program
    def never():
        yield "x", bernoulli(0.0)

    with pytest.raises(ModelError, match="none of 1000 runs of never explains what is given at x"):
        infer(never(), {"x": True}, NOISE)


def test_a_stage_cannot_give_what_an_earlier_one_drew():
    with pytest.raises(UsageError, match="'y1' was drawn in a stage before"):
        infer(random_walk(2), PATH, NOISE, Particles(10, [((2,), ["y0"]), ((2,), ["y1"])]))


def test_what_would_have_been():
    """Seen wet while the sprinkler was on: would it have been wet with the sprinkler off?

    By hand: noise that made it wet by rain or sprinkler (p 0.9) also makes it wet without them (p 0.05) with
    probability 1/18; rain goes with the sprinkler on with probability 0.2 * 0.01 / (0.2 * 0.01 + 0.8 * 0.4).
    """
    rain = 0.2 * 0.01 / (0.2 * 0.01 + 0.8 * 0.4)
    posterior = infer(sprinkler(), {"on": True, "wet": True}, NOISE, Importance(20_000), do={"on": False})
    assert float(posterior.expect("wet")) == pytest.approx(rain + (1 - rain) / 18, abs=0.01)
    assert float(posterior.expect("rain")) == pytest.approx(rain, abs=0.01)
