"""What one digit leaves of a page, and the recogniser that learns to tell."""

import torch

from nightschool.society.digits.half_dreamt import Pages, half_dreamt
from nightschool.society.digits.leftover import Leftover, half_hidden, left_by, left_of, leftover_loss
from nightschool.society.digits.overlaid import laid, moved
from support.digits import bars, digits, drawing_bars


def test_what_is_left_is_the_other_where_it_can_be_seen():
    places = torch.tensor([[2.0, 1.0], [-1.0, 0.0]])
    first, second = moved(bars()[[0, 6]], places)
    rest, cover = left_by(second[None], laid(first, second)[None], places[:1])[0]
    seen = cover < 0.01
    assert torch.allclose(rest[seen], bars()[0][seen], atol=1e-4)
    assert float(rest[~seen].sum()) < 0.01  # nothing can be told of what is hidden
    assert float((bars()[0] * (cover > 0.99)).sum()) > 5


def pages_of_bars(n: int, dice: torch.Generator) -> Pages:
    return half_dreamt(digits(), torch.zeros(10, 2, 3), bars(), torch.arange(10), n, dice)


def test_hidden_digits_are_seen_around_what_hides_them():
    dice = torch.Generator().manual_seed(1)
    hidden = half_hidden(pages_of_bars(40, dice), dice)
    rest, hides = hidden.seen.unbind(1)
    assert rest.shape == (40, 28 * 28)
    assert hidden.shapes.shape == (40, 3)
    assert float(hidden.moves.abs().mean()) > 0.1
    assert float(rest[hides > 0.95].max()) < 0.3
    lying = torch.stack([rest[hidden.kinds < 5].reshape(-1, 28, 28).std(i).mean() for i in (1, 2)])
    assert float(lying[0]) < float(lying[1])  # the first five kinds stand, whatever hides them


def test_what_is_left_of_a_page_is_told_of_both_digits():
    dice = torch.Generator().manual_seed(2)
    pages = pages_of_bars(8, dice)
    left = left_of(pages, drawing_bars(), dice)
    assert left.seen.shape == (16, 2, 28 * 28)
    assert torch.equal(left.kinds, pages.kinds.reshape(-1))
    assert float(left.seen.min()) >= 0


def test_half_dreamt_pages_teach_it():
    leftover, known = Leftover(10, 3), digits()
    climber = torch.optim.Adam(leftover.parameters(), lr=4e-3)
    losses = []
    for step in range(20):
        dice = torch.Generator().manual_seed(step)
        pages = pages_of_bars(12, dice)
        loss = leftover_loss(leftover, left_of(pages, known.shapes, dice)) + leftover_loss(
            leftover, half_hidden(pages, dice)
        )
        climber.zero_grad()
        loss.backward()
        climber.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])
