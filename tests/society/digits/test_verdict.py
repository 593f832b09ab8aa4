"""A digit is named; an empty page and noise are explained by no model."""

import torch

from nightschool.society.digits.recognise import recognise_digit
from nightschool.society.digits.search import FAST, explain
from nightschool.society.digits.verdict import floor_of, judge
from support.digits import bars, digits


def verdict(image):
    known = digits()
    images = image.reshape(1, -1)
    return judge(known.shapes, images, explain(known.shapes, images, FAST, known.recogniser), known.floor)[0]


def test_a_bar_is_named():
    found = verdict(bars()[7])
    assert found.kind == "7"
    assert found.said.startswith("7 (")
    assert max(found.probability) == found.probability[7]


def test_nothing_explains_an_empty_page_noise_or_a_stranger():
    assert "there is no ink" in verdict(torch.zeros(784)).said
    noise = verdict(torch.rand(784, generator=torch.Generator().manual_seed(0)))
    assert noise.kind is None
    assert "no model explains this" in noise.said
    assert verdict(bars()[2].reshape(28, 28).flip(0).roll(2, 1).reshape(-1)).kind is None


def test_the_floor_lies_below_digits_like_the_learned_ones():
    known = digits()
    floor = floor_of(known.shapes, known.recogniser, bars())
    found = explain(known.shapes, bars(), FAST, known.recogniser)
    assert bool((found.best > floor).all())


def test_a_network_that_comes_to_nan_is_dropped_and_named():
    known = digits()
    with torch.no_grad():
        known.shapes.weights[0][4] = float("nan")
    found = explain(known.shapes, bars(), FAST, known.recogniser)
    verdicts = judge(known.shapes, bars(), found, known.floor)
    assert [one.kind for one in verdicts if one.kind is not None] == [
        name for name in known.shapes.names if name != "4"
    ]
    assert all(one.dropped == ("4",) for one in verdicts)
    assert verdicts[3].said.endswith("; dropped, for its log-probability is NaN: 4")
    told = recognise_digit(bars()[3].reshape(28, 28), known)
    assert told.tries[0].name == "3"
    assert len(told.tries) == 9
    with torch.no_grad():
        known.shapes.odds[:] = float("nan")
    [nobody] = judge(known.shapes, bars()[:1], explain(known.shapes, bars()[:1], FAST, known.recogniser), known.floor)
    assert nobody.kind is None
    assert "of every model the log-probability is NaN" in nobody.said
