"""Searches: what explains is found, and looking longer never explains worse."""

import pytest
import torch

from nightschool.items import Noise
from nightschool.society.digits.search import FAST, LONG, ROBUST, Search, climb, explain
from nightschool.society.lanes import Lanes
from support.digits import bars, digits, drawing_bars


@pytest.mark.parametrize("search", [FAST, LONG, Search(draws=20, guessed=False), Search(guessed=False, steps=5)])
def test_every_search_finds_the_bar(search):
    known = digits()
    found = explain(known.shapes, bars(), search, known.recogniser)
    assert found.kind.tolist() == list(range(10))
    assert torch.allclose(found.log_joint, known.shapes.log_joint(bars(), found.shape), atol=0.01)


def test_longer_never_explains_worse():
    shapes = drawing_bars()
    images = (bars() + 0.2 * torch.rand(10, 784, generator=torch.Generator().manual_seed(2))).clamp(0, 1)
    draws = [explain(shapes, images, Search(draws=n, guessed=False)).log_joint for n in (5, 50, 500)]
    assert bool((draws[0] <= draws[1] + 1e-3).all())
    assert bool((draws[1] <= draws[2] + 1e-3).all())
    steps = [explain(shapes, images, Search(draws=5, guessed=False, steps=n)).log_joint for n in (0, 5, 40)]
    assert bool((steps[0] <= steps[1] + 1e-3).all())
    assert bool((steps[1] <= steps[2] + 1e-3).all())


def test_a_start_is_tried_too():
    shapes = drawing_bars()
    good = explain(shapes, bars(), Search(draws=300, guessed=False, steps=40)).shape
    told = explain(shapes, bars(), Search(draws=1, guessed=False), start=good)
    assert bool((told.log_joint >= shapes.log_joint(bars(), good) - 1e-3).all())


def test_climbing_keeps_the_best_place():
    shapes = drawing_bars()
    start = Lanes.of(Noise(("start",)), 10).normal((10, 3)).transpose(0, 1).float()
    wild = climb(shapes, bars(), start, 10, rate=50.0)
    assert bool((shapes.log_joint(bars(), wild) >= shapes.log_joint(bars(), start) - 1e-3).all())


def test_company_changes_nothing():
    known = digits()
    together = explain(known.shapes, bars(), LONG, known.recogniser)
    alone = explain(known.shapes, bars()[3:4], LONG, known.recogniser)
    assert torch.allclose(together.log_joint[:, 3:4], alone.log_joint, atol=0.5)


def test_more_noise_is_the_same_networks_with_more_prior():
    known, odd = digits(), torch.full((10, 10, 3), 4.0)
    found = explain(known.shapes, bars(), ROBUST, known.recogniser)
    assert found.kind.tolist() == list(range(10))
    wide = known.shapes.seen_through(0.7)
    assert known.shapes.settings.sigma == 0.2
    assert torch.allclose(found.log_joint, wide.log_joint(bars(), found.shape), atol=0.01)
    cost = [
        float((one.log_joint(bars(), 0 * odd) - one.log_joint(bars(), odd)).diagonal().mean())
        for one in (known.shapes, wide)
    ]
    fit = [(cost[i] - 24.0) * one.settings.sigma**2 for i, one in enumerate((known.shapes, wide))]
    assert fit[0] == pytest.approx(fit[1], abs=0.05)  # the prior costs 24 nats with either, the misfit is scaled
