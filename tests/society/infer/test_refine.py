import pytest
import torch

from nightschool.errors import Unsupported
from nightschool.items import Noise
from nightschool.society.infer import Importance, infer, refine
from nightschool.society.lanes import Lanes
from nightschool.society.primitives import bernoulli, exponential
from nightschool.society.program import program
from support.small_models import SEEN_LINE, line, line_exactly

POINTS = {"seen": torch.tensor([SEEN_LINE], dtype=torch.float64)}


def test_it_climbs_to_the_best_line_and_never_down():
    mean, _, _ = line_exactly()
    trace = infer(line(), POINTS, Noise(("refine",)), Importance(10)).trace
    few, many = refine(trace, 5), refine(trace, 80, rate=0.1)
    assert bool((few.logp >= trace.logp).all())
    assert bool((many.logp >= few.logp).all())
    assert many["slope"].tolist() == pytest.approx([mean[0]] * 10, abs=0.06)
    assert torch.equal(many["seen"], trace["seen"])


def test_only_what_may_move_moves():
    trace = infer(line(), POINTS, Noise(("refine",)), Importance(4)).trace
    assert torch.equal(refine(trace, 5, only=["slope"])["offset"], trace["offset"])


def test_bounds_are_kept():
    @program
    def waiting():
        yield "time", exponential(1.0)

    trace = waiting.simulate((), Lanes.of(Noise(("bounds",)), 20))
    better = refine(trace, 60, rate=0.3)
    assert bool((better["time"] > 0).all())
    assert bool((better["time"] < trace["time"]).all())


def test_there_must_be_something_to_move():
    @program
    def coin():
        yield "heads", bernoulli(0.5)

    with pytest.raises(Unsupported, match="coin makes no free continuous choice"):
        refine(coin.simulate((), Lanes.of(Noise(("none",)), 2)))
