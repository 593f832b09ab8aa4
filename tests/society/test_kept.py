import pytest
import torch

from nightschool.errors import BadFile, ModelError, UnknownName
from nightschool.items import Noise
from nightschool.society.each import each
from nightschool.society.kept import pack, replay, unpack
from nightschool.society.lanes import Lanes
from nightschool.society.potentials import exactly
from nightschool.society.primitives import bernoulli, normal
from nightschool.society.program import program
from support.small_models import random_walk, sprinkler

LANES = Lanes.of(Noise(("kept",)), 12)


@each
def told():
    if (yield "heads", bernoulli(0.5)):
        yield "weather", sprinkler()
    return (yield "word", exactly("heads"))


MODELS = {model.name: model for model in (random_walk, told, sprinkler)}


@pytest.mark.parametrize(("model", "args"), [(random_walk, (3,)), (told, ())], ids=["columns", "each"])
def test_a_trace_comes_back_as_it_went(model, args):
    trace = model.simulate(args, LANES)
    data = pack(trace)
    assert pack(trace) == data
    back = unpack(data, MODELS)
    assert back.addresses() == trace.addresses()
    assert torch.equal(back.logp, trace.logp)
    assert list(back.value) == list(trace.value)
    again, logw = model.update(back, {}, LANES)
    assert logw.tolist() == [0.0] * 12
    assert list(again.value) == list(trace.value)


def test_it_names_what_it_needs():
    with pytest.raises(UnknownName, match="no generative model called 'random_walk'"):
        unpack(pack(random_walk.simulate((2,), LANES)))


@pytest.mark.parametrize("data", [b"", b"\x05", b"\xff" * 40])
def test_other_bytes_are_refused(data):
    with pytest.raises(BadFile, match="hold no trace"):
        unpack(data)


def test_a_cut_file_is_refused():
    data = pack(random_walk.simulate((2,), LANES))
    with pytest.raises(BadFile, match="hold no trace"):
        unpack(data[: len(data) - 20], MODELS)


def test_a_trace_is_replayed():
    trace = random_walk.simulate((3,), LANES)
    assert torch.equal(replay(trace).logp, trace.logp)


def test_a_program_that_some_runs_call_is_replayed():
    trace = told.simulate((), LANES)
    assert 0 < len(trace.part("weather")) < 12
    assert torch.equal(replay(trace).logp, trace.logp)


def test_what_hides_its_noise_in_some_runs_is_found_out():
    hidden = iter(range(24))

    @each
    def within():
        yield "x", normal(0.0, 1.0)

    @each
    def secretive():
        if (yield "heads", bernoulli(0.5)):
            yield "part", within()
            yield "y", normal(float(next(hidden)), 1.0)

    trace = secretive.simulate((), LANES)
    with pytest.raises(ModelError, match="a trace of secretive cannot be replayed: run"):
        replay(trace)


def test_what_hides_its_noise_is_found_out():
    hidden = iter(range(10))

    @program
    def secretive():
        return (yield "x", normal(float(next(hidden)), 1.0))

    trace = secretive.simulate((), LANES)
    with pytest.raises(ModelError, match="a trace of secretive cannot be replayed: run"):
        replay(trace)
