"""What one digit leaves of a page, and the recogniser that learns to tell."""

import torch

from nightschool.society.digits.half_dreamt import half_dreamt
from nightschool.society.digits.leftover import Leftover, left_by, leftover_loss
from nightschool.society.digits.overlaid import laid, moved
from support.digits import bars, digits


def test_what_is_left_is_the_other_where_it_can_be_seen():
    places = torch.tensor([[2.0, 1.0], [-1.0, 0.0]])
    first, second = moved(bars()[[0, 6]], places)
    rest, cover = left_by(second[None], laid(first, second)[None], places[:1])[0]
    seen = cover < 0.01
    assert torch.allclose(rest[seen], bars()[0][seen], atol=1e-4)
    assert float(rest[~seen].sum()) < 0.01  # nothing can be told of what is hidden
    assert float((bars()[0] * (cover > 0.99)).sum()) > 5


def test_half_dreamt_pages_teach_it():
    leftover, known, pool = Leftover(10, 3), digits(), torch.zeros(10, 2, 3)
    climber = torch.optim.Adam(leftover.parameters(), lr=4e-3)
    losses = []
    for step in range(20):
        dice = torch.Generator().manual_seed(step)
        pages = half_dreamt(known, pool, bars(), torch.arange(10), 16, dice)
        loss = leftover_loss(leftover, known.shapes, pages, dice)
        climber.zero_grad()
        loss.backward()
        climber.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])
