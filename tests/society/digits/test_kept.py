"""Digits on disk, and one picture in the terms of drawings."""

from dataclasses import replace

import pytest
import torch

from nightschool.errors import BadFile
from nightschool.society.digits.kept import Digits
from nightschool.society.digits.pictures import too_fine
from nightschool.society.digits.recognise import FINE, recognise_digit
from support.digits import bars, digits


def test_it_comes_back_from_bytes():
    known = digits()
    again = Digits.unpack(known.pack())
    assert again.pack() == known.pack()
    assert again.floor == -200.0
    assert not any(weight.requires_grad for weight in again.shapes.parameters())
    with pytest.raises(BadFile, match="hold no digits"):
        Digits.unpack(b"x" * 30)


def test_a_picture_is_told_with_every_try():
    found = recognise_digit(bars()[4].reshape(28, 28), digits())
    assert found.explained
    assert found.tries[0].name == "4"
    assert len(found.tries) == 10
    assert found.tries[0].nats == pytest.approx(0.0, abs=1e-3)
    assert found.tries[0].nats > found.tries[1].nats
    assert found.tries[0].fit > 0.9
    for one in found.tries:  # what the evidence is made of adds up to it
        lead = sum(one.terms.values()) - sum(found.tries[0].terms.values())
        assert lead == pytest.approx(one.nats, abs=1e-2)
    assert found.tries[0].picture.shape == (28, 28)


def test_an_empty_picture_is_explained_by_none():
    found = recognise_digit(torch.zeros(60, 40), digits())
    assert not found.explained
    assert "no model explains this: there is no ink" in found.said


def test_noise_of_any_size_is_explained_by_none():
    """Shrunk to the size of digits, noise is a grey patch, which networks of digits may well draw."""
    dice = torch.Generator().manual_seed(0)
    for side in (36, 100, 300):
        assert too_fine(torch.rand(side, side, generator=dice)) > FINE
    known = digits()
    with torch.no_grad():
        patch = torch.full((28, 28), -6.0)
        patch[4:24, 4:24] = 0.0
        known.shapes.shifts[-1][4] = patch.reshape(-1)  # a network that draws just that
        found = recognise_digit(torch.rand(200, 200, generator=dice), replace(known, floor=-9e9))
    assert not found.explained
    assert "of the picture is too fine for a digit, and 50% is the most" in found.said


def test_a_digit_of_another_size_is_not_too_fine():
    large = torch.nn.functional.interpolate(bars()[4].reshape(1, 1, 28, 28), size=(200, 200), mode="bilinear")[0, 0]
    assert too_fine(large) < 0.3
    assert too_fine(bars()[4].reshape(28, 28)) == 0.0
    assert too_fine(torch.zeros(50, 50)) == 0.0
