"""Dreams teach what the model imagines, replays what was met."""

import pytest
import torch

from nightschool.errors import UsageError
from nightschool.items import Noise
from nightschool.society.infer import Importance, infer
from nightschool.society.lanes import Lanes
from nightschool.society.primitives import bernoulli, normal
from nightschool.society.program import program
from nightschool.society.recognisers import Lessons, Recogniser, teach

NOISE = Noise(("schooling",))


@program
def coin():
    heavy = yield "heavy", bernoulli(0.02)
    yield "pull", normal(3.0 * heavy.double(), 1.0)


def taught(lessons, steps=200):
    recogniser = Recogniser.of(coin(), ["pull"], Lanes.of(NOISE, 500), width=16)
    return recogniser, teach(recogniser, lessons, NOISE, steps=steps, batch=64)


def belief(recogniser, pull):
    _, logq = recogniser.generate(({"pull": pull},), {"heavy": torch.tensor([True])}, Lanes.of(NOISE, 1))
    return float(logq.exp())


def test_dreams_teach_the_posterior():
    recogniser, losses = taught(Lessons(coin()), steps=600)
    assert sum(losses[-50:]) < sum(losses[:50])
    light, heavy = 0.98 * torch.exp(torch.tensor(-0.5 * 16.0)), 0.02 * torch.exp(torch.tensor(-0.5 * 1.0))
    assert belief(recogniser, 4.0) == pytest.approx(float(heavy / (light + heavy)), abs=0.15)
    assert belief(recogniser, 0.0) < 0.05


def test_replays_teach_what_is_rare_in_dreams():
    """Where everything that was met is heavy, a recogniser that replays it expects that sooner."""
    met = [infer(coin(), {"pull": 1.2 + 0.1 * k}, NOISE.child(k), Importance(200)).trace for k in range(4)]
    heavy = [trace.take(trace["heavy"].nonzero()[:, 0]) for trace in met]
    replaying, _ = taught(Lessons(coin(), heavy, share=0.5))
    dreaming, _ = taught(Lessons(coin()))
    assert belief(replaying, 1.3) > belief(dreaming, 1.3) + 0.2


def test_a_batch_holds_the_share_of_replays():
    kept = coin.simulate((), Lanes.of(NOISE, 5))
    kept, _ = kept.model.update(kept, {"pull": torch.full((5,), 77.0, dtype=torch.float64)}, Lanes.of(NOISE, 5))
    batch = Lessons(coin(), [kept], share=0.25).batch(40, Lanes.of(NOISE, 40))
    assert int((batch["pull"] == 77.0).sum()) == 10
    assert len(batch["heavy"]) == 40


def test_the_same_noise_gives_the_same_weights():
    first, second = taught(Lessons(coin()), steps=20), taught(Lessons(coin()), steps=20)
    assert first[1] == second[1]
    assert first[0].pack() == second[0].pack()


def test_teaching_ends_where_it_is_told_to():
    recogniser = Recogniser.of(coin(), ["pull"], Lanes.of(NOISE, 50))
    losses = teach(recogniser, Lessons(coin()), NOISE, steps=50, going_on=lambda step, loss: step < 4)
    assert len(losses) == 5


def test_a_replay_of_another_model_is_refused():
    with pytest.raises(UsageError, match="lacks the choice 'pull'"):
        Lessons(coin(), [_other.simulate((), Lanes.of(NOISE, 3))]).batch(10, Lanes.of(NOISE, 10))


@program
def _other():
    yield "heavy", bernoulli(0.5)
