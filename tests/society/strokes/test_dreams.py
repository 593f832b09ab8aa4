"""Dreams teach which concepts are worth fitting."""

import pytest
import torch

from nightschool.errors import BadFile, UsageError
from nightschool.items import Noise
from nightschool.society.strokes.dreams import Shortlist, dream, learn_shortlist, nearest, pictures
from nightschool.society.strokes.ink import trace_ink
from nightschool.society.strokes.warp import Prior
from support.drawings import SHAPES, drawing

NOISE = Noise(("dreams",))
KNOWN = {name: drawing(name) for name in SHAPES}


def test_a_dreamer_proposes_the_right_concept_first():
    shortlist, losses = learn_shortlist(KNOWN, "d", NOISE, steps=60, batch=48)
    assert sum(losses[-10:]) < 0.5 * sum(losses[:10])
    for name in SHAPES:
        changed = drawing(name, turn=0.15, stretch=0.85, shake=2.0)
        assert shortlist.propose(changed, 2)[0] == name
    assert len(shortlist.propose(drawing("cross"), 99)) == len(SHAPES)


def test_a_picture_does_not_depend_on_place_and_size():
    ink = trace_ink([drawing("house")])
    moved = 1.7 * ink.place + torch.tensor([0.4, -2.0])
    assert torch.allclose(pictures(ink.place, ink.mask), pictures(moved, ink.mask), atol=1e-4)


def test_dreams_are_repeatable_and_of_every_concept():
    inks = trace_ink(list(KNOWN.values()))
    first, second = (dream(inks, Prior(), NOISE, 60) for _ in range(2))
    assert torch.equal(first[0], second[0])
    assert set(first[1].tolist()) == set(range(len(SHAPES)))


def test_it_comes_back_from_bytes():
    shortlist, _ = learn_shortlist(KNOWN, "d", NOISE, steps=3)
    again = Shortlist.unpack(shortlist.pack())
    assert again.names == shortlist.names
    assert again.digest == "d"
    assert again.propose(KNOWN["house"], 5) == shortlist.propose(KNOWN["house"], 5)
    with pytest.raises(BadFile, match="hold no recogniser of drawings"):
        Shortlist.unpack(b"x" * 30)


def test_one_drawing_is_too_few():
    with pytest.raises(UsageError, match="nothing to choose among 1"):
        learn_shortlist({"cross": KNOWN["cross"]}, "d", NOISE)


def test_without_dreams_what_looks_alike_is_proposed():
    assert nearest(KNOWN["ladder"], KNOWN, 1) == ["ladder"]
