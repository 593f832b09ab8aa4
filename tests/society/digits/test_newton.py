"""Steps of Newton: slopes are right, tops are found, and the evidence of a Gaussian is exact."""

import itertools
import math

import pytest
import torch

from nightschool.society.digits.newton import Looked, ascend, drawn_with_slopes
from nightschool.society.digits.overlaid import MOVE, PAGE, laid, moved
from nightschool.society.digits.page import PageModel
from support.digits import bars, drawing_bars


def test_slopes_are_those_of_the_drawing():
    shapes, kind = drawing_bars(), torch.tensor([3, 3, 8])
    place = torch.randn(3, 3, generator=torch.Generator().manual_seed(0))
    drawn, slopes = drawn_with_slopes(shapes, kind, place)
    assert torch.allclose(drawn, shapes.draw(kind, place).float(), atol=1e-6)
    for i in range(3):
        exact = torch.autograd.functional.jacobian(
            lambda z, k=kind[i : i + 1]: shapes.draw(k, z[None]).float()[0], place[i]
        )
        assert torch.allclose(slopes[i], exact.T, atol=1e-5)


def test_the_evidence_of_a_gaussian_is_exact():
    """A point of two numbers, normal(0, 1), is seen through three sums with noise: log p(seen) is known."""
    matrix = torch.tensor([[1.0, 0.5], [-0.3, 2.0], [0.7, 0.1]])
    seen, sigma = torch.tensor([0.4, -1.0, 0.9]), 0.5

    def look(at: torch.Tensor) -> Looked:
        left = seen - at @ matrix.T
        fit = -(left**2).sum(1) / (2 * sigma**2) - 3 * math.log(sigma * math.sqrt(2 * math.pi))
        prior = -(at**2).sum(1) / 2 - math.log(2 * math.pi)
        curve = matrix.T @ matrix / sigma**2 + torch.eye(2)
        return Looked(fit + prior, left @ matrix / sigma**2 - at, curve.expand(len(at), 2, 2))

    peak = ascend(look, torch.randn(4, 2, generator=torch.Generator().manual_seed(1)), 12)
    together = torch.distributions.MultivariateNormal(torch.zeros(3), matrix @ matrix.T + sigma**2 * torch.eye(3))
    assert peak.evidence.tolist() == pytest.approx([float(together.log_prob(seen))] * 4, abs=1e-3)


def test_a_page_is_climbed_and_never_lost():
    shapes, kinds = drawing_bars(), torch.tensor([[0, 6], [0, 6], [2, 8]])
    dice = torch.Generator().manual_seed(2)
    place = torch.tensor([[1.0, -2.0], [-1.0, 0.5]])
    page = laid(*moved(bars()[[0, 6]], place)).expand(3, PAGE * PAGE)
    model = PageModel(shapes, kinds, page, 0.2)
    start = 0.3 * torch.randn(3, 10, generator=dice)
    heights = [ascend(model.look, start, steps).looked.value for steps in (0, 1, 3, 12)]
    for low, high in itertools.pairwise(heights):
        assert bool((high >= low - 1e-3).all())
    at = ascend(model.look, start, 12).at.reshape(3, 2, 5)
    assert torch.allclose(at[0, :, 3:] * MOVE, place, atol=0.3)
    assert float(heights[-1][0]) > float(heights[-1][2]) + 100
