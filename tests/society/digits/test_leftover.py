"""What one digit leaves of a page, and the recogniser that learns to tell."""

import torch

from nightschool.society.digits.leftover import Leftover, dreamt, half_hidden, left_by, leftover_loss
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


def test_hidden_digits_are_seen_around_what_hides_them():
    pool, labels = torch.zeros(10, 2, 3), torch.arange(10)
    dice = torch.Generator().manual_seed(1)
    seen, kind, shape, move = half_hidden(digits(), pool, bars(), labels, 40, dice)
    rest, hides = seen.unbind(1)
    assert rest.shape == (40, 28 * 28)
    assert shape.shape == (40, 3)
    assert float(move.abs().mean()) > 0.1
    assert float(rest[hides > 0.95].max()) < 0.3
    lying = torch.stack([rest[kind < 5].reshape(-1, 28, 28).std(i).mean() for i in (1, 2)])
    assert float(lying[0]) < float(lying[1])  # the first five kinds stand, whatever hides them


def test_single_digits_and_dreams_teach_it():
    leftover, known, pool = Leftover(10, 3), digits(), torch.zeros(10, 2, 3)
    climber = torch.optim.Adam(leftover.parameters(), lr=4e-3)
    losses = []
    for step in range(20):
        dice = torch.Generator().manual_seed(step)
        lessons = (half_hidden(known, pool, bars(), torch.arange(10), 12, dice), dreamt(known, pool, 4, dice))
        loss = sum(leftover_loss(leftover, lesson) for lesson in lessons)
        climber.zero_grad()
        loss.backward()
        climber.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])
