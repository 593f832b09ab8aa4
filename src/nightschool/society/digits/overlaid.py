"""Two digits in one picture: two networks draw, each somewhere, and their ink adds up; and a recogniser of such pages,
which learns from pages of one real digit and one that is dreamt (`half_dreamt`).

page = 1 - (1 - first)(1 - second) + Gaussian noise, each first moved by up to `REACH` pixels on a page of 36 by 36.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from nightschool.society.digits.shapes import SIDE

if TYPE_CHECKING:
    from nightschool.society.digits.half_dreamt import Pages

REACH = 4
PAGE = SIDE + 2 * REACH
MOVE = 2.5
"""pixels: the standard deviation of places under the model"""


def laid(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the page on which the ink of both adds up."""
    return 1 - (1 - first) * (1 - second)


def moved(pictures: torch.Tensor, move: torch.Tensor) -> torch.Tensor:
    """Return [n, ..., page] pictures [n, ..., pixels] moved by `move` [n, 2] pixels right and down from the page's
    middle."""
    n = len(pictures)
    x = torch.arange(PAGE) - (PAGE - 1) / 2
    grid_x = ((x[None] - move[:, :1]) / (SIDE / 2))[:, None].expand(n, PAGE, PAGE)
    grid_y = ((x[None] - move[:, 1:]) / (SIDE / 2))[:, :, None].expand(n, PAGE, PAGE)
    grid = torch.stack([grid_x, grid_y], 3)
    page = nn.functional.grid_sample(pictures.reshape(n, -1, SIDE, SIDE), grid, align_corners=False)
    return page.reshape(*pictures.shape[:-1], PAGE * PAGE)


def cropped(pages: torch.Tensor, move: torch.Tensor) -> torch.Tensor:
    """Return [n, pixels] what of pages [n, page] lies where a picture moved by `move` [n, 2] would."""
    n = len(pages)
    x = torch.arange(SIDE) - (SIDE - 1) / 2
    grid_x = ((x[None] + move[:, :1]) / (PAGE / 2))[:, None].expand(n, SIDE, SIDE)
    grid_y = ((x[None] + move[:, 1:]) / (PAGE / 2))[:, :, None].expand(n, SIDE, SIDE)
    grid = torch.stack([grid_x, grid_y], 3)
    return nn.functional.grid_sample(pages.reshape(n, 1, PAGE, PAGE), grid, align_corners=False).reshape(n, -1)


class Pairs(nn.Module):
    """A recogniser of pages: how likely each kind is to be there and, if it is, its shape and place."""

    def __init__(self, kinds: int, latents: int, seed: int = 0) -> None:
        super().__init__()
        self.kinds, self.latents = kinds, latents
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.trunk = nn.Sequential(
                nn.Unflatten(1, (1, PAGE)), nn.Conv2d(1, 32, 5, stride=2, padding=2), nn.GELU(),
                nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.GELU(), nn.Conv2d(64, 64, 3, padding=1), nn.GELU(),
                nn.Flatten(), nn.Linear(64 * 81, 256), nn.GELU(),
            )  # fmt: skip
            self.there = nn.Linear(256, kinds)
            self.what = nn.Linear(256, kinds * (latents + 2))

    def forward(self, pages: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return log-odds [n, kinds], shapes [n, kinds, latents] and moves [n, kinds, 2] for pages [n, page]."""
        features = self.trunk(pages.reshape(len(pages), PAGE, PAGE))
        what = self.what(features).float().reshape(len(pages), self.kinds, -1)
        return self.there(features).float(), what[..., : self.latents], what[..., self.latents :]


def pairs_loss(pairs: Pairs, pages: Pages) -> torch.Tensor:
    """Return the mean loss of what `pairs` says of `pages`."""
    there, shapes, moves = pairs(pages.shown)
    truth = torch.zeros_like(there).scatter(1, pages.kinds, 1.0)
    at = torch.arange(len(pages.shown))[:, None], pages.kinds
    missed = ((shapes[at] - pages.shapes) ** 2).sum(2) / 2 + ((moves[at] - pages.moves) ** 2).sum(2) / 2
    return nn.functional.binary_cross_entropy_with_logits(there, truth) * 10 + missed.mean()
