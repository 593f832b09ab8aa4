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
    again = exemplars(drawing("cross"), Warp.drawn(Noise(("again",)), 6, Prior(), temperature=0.3))
    assert len(again) == 6
    (first, lines), (second, _) = again[:2]
    assert first.shape == second.shape == lines.shape
    assert float((first - second).abs().max()) > 1


def test_what_is_explained_is_drawn_again_and_evidence_is_the_sum_of_its_terms():
    found = recognise(drawing("ladder", turn=-0.1, shake=3.0), KNOWN, QUICK)
    assert len(found.again) == 8
    best, second = found.tries[:2]
    assert sum(second.terms.values()) - sum(best.terms.values()) == pytest.approx(second.nats, abs=1e-3)
    again = recognise(drawing("ladder", turn=-0.1, shake=3.0), KNOWN, QUICK).again
    assert torch.equal(found.again[0][0], again[0][0])
