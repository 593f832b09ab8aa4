"""Pages of one real digit and one that is dreamt."""

import torch

from nightschool.society.digits.half_dreamt import half_dreamt
from nightschool.society.digits.overlaid import PAGE, REACH, moved
from nightschool.society.digits.pictures import bent
from support.digits import bars, digits


def pages_of_bars(n: int, seed: int = 1):
    dice = torch.Generator().manual_seed(seed)
    return half_dreamt(digits(), torch.zeros(10, 2, 3), bars(), torch.arange(10), n, dice)


def test_both_lie_where_it_says_and_their_ink_adds_up():
    pages = pages_of_bars(30)
    assert pages.shown.shape == (30, PAGE * PAGE)
    assert pages.shapes.shape == (30, 2, 3)
    assert float(pages.moves.abs().max()) <= REACH
    assert bool((pages.kinds[:, 0] != pages.kinds[:, 1]).all())
    laid = moved(pages.alone.flatten(0, 1), pages.moves.flatten(0, 1)).reshape(30, 2, -1)
    assert torch.allclose(pages.shown, laid.sum(1).clamp_max(1), atol=1e-6)
    assert float(pages.shown.max()) <= 1


def test_the_first_is_real_and_the_second_is_not():
    """Of a kind without a single digit there are dreams alone: no two real ones lie on a page."""
    dice = torch.Generator().manual_seed(2)
    pages = half_dreamt(digits(), torch.zeros(10, 2, 3), bars()[:5], torch.arange(5), 60, dice)
    assert int(pages.kinds[:, 0].max()) == 4
    assert int(pages.kinds[:, 1].max()) == 9
    again = torch.Generator().manual_seed(2)
    rows = torch.randint(5, (60,), generator=again)
    torch.randint(1, 10, (60,), generator=again)
    torch.rand(60, 2, 2, generator=again)
    assert torch.equal(pages.kinds[:, 0], rows)
    assert torch.allclose(pages.alone[:, 0], bent(bars()[rows], again))


def test_the_same_dice_the_same_pages():
    one, two, other = pages_of_bars(4), pages_of_bars(4), pages_of_bars(4, seed=3)
    assert torch.equal(one.shown, two.shown)
    assert not torch.equal(one.shown, other.shown)
