"""Two digits in one picture, explained by two networks at once."""

import torch

from nightschool.society.digits.overlaid import (
    PAGE,
    REACH,
    Pairs,
    PairSearch,
    dream,
    dream_loss,
    explain_pair,
    laid,
    moved,
)
from nightschool.society.digits.shapes import SIDE
from support.digits import bars, digits, drawing_bars


def test_moving_by_whole_pixels_is_shifting():
    move = torch.tensor([[3.0, -2.0]])
    page = moved(bars()[1:2], move).reshape(PAGE, PAGE)
    right = torch.zeros(PAGE, PAGE)
    right[REACH - 2 : REACH - 2 + SIDE, REACH + 3 : REACH + 3 + SIDE] = bars()[1].reshape(SIDE, SIDE)
    assert torch.allclose(page, right, atol=1e-4)


def test_ink_adds_up_and_saturates():
    assert laid(torch.tensor([1.0, 0.0, 0.5]), torch.tensor([1.0, 0.0, 0.5])).tolist() == [1.0, 0.0, 0.75]


def test_both_are_found():
    pairs = Pairs(10, 3)
    pairs.requires_grad_(False)
    pairs.there.weight.zero_()
    places = torch.tensor([[0.0, 0.0]])
    truth = [(0, 6), (2, 8), (4, 5)]
    pages = torch.cat([laid(moved(bars()[a : a + 1], places), moved(bars()[b : b + 1], places)) for a, b in truth])
    # an untaught recogniser: all 45 pairs are tried, and the evidence decides
    found = explain_pair(digits(), pairs, pages, PairSearch())
    assert [tuple(sorted(pair)) for pair in found.kinds.tolist()] == truth
    assert found.drawn.shape == (3, 2, PAGE * PAGE)


def test_dreams_teach_the_recogniser_of_pairs():
    shapes, pairs = drawing_bars(), Pairs(10, 3)
    climber = torch.optim.Adam(pairs.parameters(), lr=3e-3)
    losses = []
    for step in range(25):
        dice = torch.Generator().manual_seed(step)
        page, kinds, shape, moves = dream(shapes, torch.zeros(10, 2, 3), 16, dice)
        assert bool((kinds[:, 0] != kinds[:, 1]).all())
        assert float(moves.abs().max()) <= REACH
        loss = dream_loss(pairs, page, kinds, shape, moves)
        climber.zero_grad()
        loss.backward()
        climber.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-5:]) < sum(losses[:5])
