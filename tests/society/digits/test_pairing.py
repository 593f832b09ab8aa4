"""Two digits that explain a page are found, told by evidence and by what each leaves to the other."""

import torch

from nightschool.society.digits.leftover import Leftover
from nightschool.society.digits.overlaid import PAGE, Pairs, laid, moved
from nightschool.society.digits.page import PageModel, exchanged
from nightschool.society.digits.pairing import PairSearch, explain_pair
from support.digits import bars, drawing_bars


def untaught() -> tuple[Pairs, Leftover]:
    """Return recognisers that have nothing to say."""
    pairs, leftover = Pairs(10, 3).requires_grad_(False), Leftover(10, 3).requires_grad_(False)
    for layer in (leftover.kind, leftover.what):
        layer.weight.zero_()
        layer.bias.zero_()
    return pairs, leftover


def page_of(first: int, second: int) -> torch.Tensor:
    places = torch.zeros(1, 2)
    return laid(moved(bars()[first : first + 1], places), moved(bars()[second : second + 1], places))


def test_both_are_found():
    truth = [(0, 6), (2, 8), (4, 5)]
    # untaught recognisers: all 45 pairs are tried, and the evidence decides
    found = explain_pair(drawing_bars(), *untaught(), torch.cat([page_of(*pair) for pair in truth]))
    assert [tuple(sorted(pair)) for pair in found.kinds.tolist()] == truth
    assert found.drawn.shape == (3, 2, PAGE * PAGE)


def test_a_pair_that_the_recogniser_does_not_believe_in_loses():
    pairs, leftover = untaught()
    leftover.kind.bias[6] = -50.0
    search = PairSearch(kept=(45, 10), steps=(3, 3), pool=(3, 1), trust=0.0)
    assert sorted(explain_pair(drawing_bars(), pairs, leftover, page_of(0, 6), search).kinds[0].tolist()) == [0, 6]
    doubtful = PairSearch(kept=(45, 10), steps=(3, 3), pool=(3, 1), trust=1000.0)
    assert 6 not in explain_pair(drawing_bars(), pairs, leftover, page_of(0, 6), doubtful).kinds[0].tolist()


def test_messages_never_explain_worse():
    leftover = Leftover(10, 3).requires_grad_(False)
    kinds = torch.tensor([[0, 6], [1, 7], [2, 8]])
    model = PageModel(drawing_bars(), kinds, page_of(0, 6).expand(3, -1), 0.4, 2)
    start = torch.randn(3, 10, generator=torch.Generator().manual_seed(0))
    before, after = model.height(start), model.height(exchanged(model, leftover, start, 3))
    assert bool((after >= before).all())
    same = model.look(start).value - before  # the log joint, but for what is the same everywhere
    assert torch.allclose(same, same[:1].expand(3), atol=1e-2)
