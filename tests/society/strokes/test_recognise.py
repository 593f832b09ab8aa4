import pytest
import torch

from nightschool.errors import UsageError
from nightschool.items import Noise
from nightschool.society.lanes import Lanes
from nightschool.society.strokes.match import Settings
from nightschool.society.strokes.recognise import exemplars, recognise
from nightschool.society.strokes.warp import Prior, Warp
from support.drawings import SHAPES, drawing

KNOWN = {name: drawing(name) for name in SHAPES}
QUICK = Settings(steps=20)


def test_a_drawing_is_named_and_the_tries_are_shown():
    found = recognise(drawing("ladder", turn=-0.1, shake=3.0), KNOWN, QUICK)
    assert found.explained
    assert found.said.startswith("ladder")
    assert found.tries[0].name == "ladder"
    assert len(found.tries) == len(SHAPES)
    assert sum(one.probability for one in found.tries) == pytest.approx(1.0)
    assert found.tries[0].points.shape == found.tries[0].lines.shape


def test_noise_is_not_a_character():
    noise = (Lanes.of(Noise(("noise",)), 105).uniform((105,)) < 0.04).float()
    found = recognise(noise, KNOWN, QUICK)
    assert not found.explained
    assert found.said.startswith("no model explains this: the best, ")


def test_nothing_is_not_a_character():
    found = recognise(torch.zeros(105, 105), KNOWN)
    assert (found.explained, found.tries) == (False, ())
    assert found.said == "no model explains this: there are 0 pixels of ink"


def test_something_must_be_known():
    with pytest.raises(UsageError, match="nightschool concept add NAME IMAGE"):
        recognise(drawing("cross"), {})


def test_a_drawing_is_drawn_again():
    points = exemplars(drawing("cross"), Warp.drawn(Noise(("again",)), 6, Prior(), temperature=0.3))
    assert points.shape[0] == 6
    assert float((points[0] - points[1]).abs().max()) > 1
