"""Two digits in one picture: pages, and the recogniser that learns them."""

import torch

from nightschool.society.digits.half_dreamt import half_dreamt
from nightschool.society.digits.overlaid import PAGE, REACH, Pairs, laid, moved, pairs_loss
from nightschool.society.digits.shapes import SIDE
from support.digits import bars, digits


def test_moving_by_whole_pixels_is_shifting():
    move = torch.tensor([[3.0, -2.0]])
    page = moved(bars()[1:2], move).reshape(PAGE, PAGE)
    right = torch.zeros(PAGE, PAGE)
    right[REACH - 2 : REACH - 2 + SIDE, REACH + 3 : REACH + 3 + SIDE] = bars()[1].reshape(SIDE, SIDE)
    assert torch.allclose(page, right, atol=1e-4)


def test_ink_adds_up_and_saturates():
    assert laid(torch.tensor([1.0, 0.0, 0.5]), torch.tensor([1.0, 0.0, 0.5])).tolist() == [1.0, 0.0, 0.75]


def test_half_dreamt_pages_teach_the_recogniser_of_pairs():
    known, pool, pairs = digits(), torch.zeros(10, 2, 3), Pairs(10, 3)
    climber = torch.optim.Adam(pairs.parameters(), lr=3e-3)
    losses = []
    for step in range(25):
        pages = half_dreamt(known, pool, bars(), torch.arange(10), 16, torch.Generator().manual_seed(step))
        loss = pairs_loss(pairs, pages)
        climber.zero_grad()
        loss.backward()
        climber.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-5:]) < sum(losses[:5])
