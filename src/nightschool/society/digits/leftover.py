"""What one digit leaves of a page is looked at anew: a recogniser of single digits that are partly hidden.

Where another digit has its ink, nothing can be told; what lies elsewhere is shown, and how much each pixel is worth.
It learns from what is left of pages of one real digit and one that is dreamt (`half_dreamt`), once the other of the two
is explained as well as a search would at first.
"""

from __future__ import annotations

import torch
from torch import nn

from nightschool.society.digits.half_dreamt import Pages
from nightschool.society.digits.overlaid import cropped, moved
from nightschool.society.digits.shapes import SIDE, Shapes

_LEAST = 0.2  # part of a page's white that must be left, for what was there to be told at full strength
_ASTRAY = 0.6  # pixels by which places are wrong where a search begins
_SHAKEN = 0.3  # by which shapes are


class Leftover(nn.Module):
    """A recogniser of what another digit leaves: which kind it is and, for each kind, its shape and by how far its
    place is wrong."""

    def __init__(self, kinds: int, latents: int, seed: int = 0) -> None:
        super().__init__()
        self.kinds, self.latents = kinds, latents
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.trunk = nn.Sequential(
                nn.Unflatten(2, (SIDE, SIDE)), nn.Conv2d(2, 32, 5, stride=2, padding=2), nn.GELU(),
                nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.GELU(), nn.Conv2d(64, 96, 3, padding=1), nn.GELU(),
                nn.Flatten(), nn.Linear(96 * 49, 256), nn.GELU(),
            )  # fmt: skip
            self.kind = nn.Linear(256, kinds)
            self.what = nn.Linear(256, kinds * (latents + 2))

    def forward(self, seen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return log-probabilities of kinds [n, kinds], shapes [n, kinds, latents] and moves [n, kinds, 2] in pixels,
        for `seen` [n, 2, pixels]: what is left, and the ink of the other."""
        features = self.trunk(seen)
        what = self.what(features).float().reshape(len(seen), self.kinds, -1)
        return torch.log_softmax(self.kind(features).float(), 1), what[..., : self.latents], what[..., self.latents :]


def left_by(other: torch.Tensor, page: torch.Tensor, move: torch.Tensor) -> torch.Tensor:
    """Return [n, 2, pixels] what `other` [n, page] leaves of `page` [n, page], where a picture moved by `move` [n, 2]
    would be, and the ink of the other there."""
    rest = ((page - other) / (1 - other).clamp_min(_LEAST)).clamp(0, 1)
    return torch.stack([cropped(rest, move), cropped(other, move)], 1)


def leftover_loss(leftover: Leftover, shapes: Shapes, pages: Pages, dice: torch.Generator) -> torch.Tensor:
    """Return the mean loss of what `leftover` says of both digits of `pages`, each looked at in what the other leaves
    where that is explained nearly."""
    n, d = len(pages.shown), shapes.settings.latents
    kind, shape, place = pages.kinds.reshape(-1), pages.shapes.reshape(2 * n, d), pages.moves.reshape(2 * n, 2)
    with torch.no_grad():
        nearly = pages.shapes.flip(1).reshape(2 * n, d) + _wrong(2 * n, _SHAKEN, d, dice)
        other = shapes.draw(pages.kinds.flip(1).reshape(-1), nearly).float()
        other = moved(other, pages.moves.flip(1).reshape(2 * n, 2) + _wrong(2 * n, _ASTRAY, 2, dice))
        wrong = _wrong(2 * n, _ASTRAY, 2, dice)
        seen = left_by(other, pages.shown.repeat_interleave(2, 0), place + wrong)
    logq, told, moves = leftover(seen)
    rows = torch.arange(2 * n)
    missed = ((told[rows, kind] - shape) ** 2).sum(1)
    astray = ((moves[rows, kind] + wrong) ** 2).sum(1)
    return nn.functional.nll_loss(logq, kind) + 0.03 * missed.mean() + 0.1 * astray.mean()


def _wrong(n: int, amount: float, size: int, dice: torch.Generator) -> torch.Tensor:
    """Return [n, size] errors: most of them small, for a search soon knows better."""
    return 2 * amount * torch.rand(n, 1, generator=dice) ** 2 * torch.randn(n, size, generator=dice)
