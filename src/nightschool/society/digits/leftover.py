"""What one digit leaves of a page is looked at anew: a recogniser of single digits that are partly hidden.

Where another digit has its ink, nothing can be told; what lies elsewhere is shown, and how much each pixel is worth.
It learns from single digits alone, and nothing overlaid: real ones, seen through holes as a dreamt digit would leave
them, and dreams of pages, out of which the second digit was explained as well as a search would at first.
"""

from __future__ import annotations

import torch
from torch import nn

from nightschool.society.digits.guessing import guesses
from nightschool.society.digits.kept import Digits
from nightschool.society.digits.overlaid import REACH, cropped, laid, moved
from nightschool.society.digits.pictures import bent
from nightschool.society.digits.shapes import SIDE, Shapes

_LEAST = 0.2  # part of a page's white that must be left, for what was there to be told at full strength
_ASTRAY = 0.6  # pixels by which places in dreams are wrong
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


Lesson = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]
"""seen[n, 2, pixels], and what is to be said of it: kind[n], shape[n, latents], move[n, 2]"""


def half_hidden(digits: Digits, pool: torch.Tensor, images: torch.Tensor, labels: torch.Tensor, n: int,
                dice: torch.Generator) -> Lesson:  # fmt: skip
    """Return `n` of the single digits `images` [m, pixels], bent, moved a little, and hidden where a dreamt digit of
    another kind would lie."""
    rows = torch.randint(len(images), (n,), generator=dice)
    kind, k, still = labels[rows], len(digits.shapes.names), torch.zeros(n, 2)
    other = (kind + torch.randint(1, k, (n,), generator=dice)) % k
    apart = (2 * torch.rand(n, 2, 2, generator=dice) - 1).sum(1) * REACH
    wrong = _wrong(n, _ASTRAY, 2, dice)
    with torch.no_grad():
        hides = cropped(moved(_drawn(digits.shapes, other, _from(pool, other, dice)), apart), still)
        seen = bent(images[rows], dice)
        shape = _shape_of(digits, seen, kind)
        seen = cropped(moved(seen, -wrong), still)
    return torch.stack([seen * (1 - hides) / (1 - hides).clamp_min(_LEAST), hides], 1), kind, shape, -wrong


def dream_pages(shapes: Shapes, pool: torch.Tensor, n: int, dice: torch.Generator
                ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:  # fmt: skip
    """Return pages [n, page] of two drawings, made sharper and bent as real digits are, their kinds [n, 2], moves
    [n, 2, 2], and each drawing alone [n, 2, pixels]. pool[kinds, m, latents]: shapes that single digits had."""
    kinds = torch.stack([torch.randperm(len(shapes.names), generator=dice)[:2] for _ in range(n)])
    moves = (2 * torch.rand(n, 2, 2, generator=dice) - 1) * REACH
    both = _drawn(shapes, kinds.reshape(-1), _from(pool, kinds.reshape(-1), dice))
    both = bent(_sharpened(both, 1 + torch.rand(2 * n, 1, generator=dice)), dice, 0.4)
    first, second = moved(both, moves.reshape(2 * n, 2)).reshape(n, 2, -1).unbind(1)
    saturated = torch.rand(n, 1, generator=dice) < 0.5  # ink on real pages is a sum that is cut off
    page = torch.where(saturated, (first + second).clamp_max(1), laid(first, second))
    return page, kinds, moves, both.reshape(n, 2, -1)


def dreamt(digits: Digits, pool: torch.Tensor, n: int, dice: torch.Generator) -> Lesson:
    """Return what is left of `n` dreamt pages where the second digit is explained nearly."""
    d = digits.shapes.settings.latents
    with torch.no_grad():
        page, kinds, moves, both = dream_pages(digits.shapes, pool, n, dice)
        shape = _shape_of(digits, both.flatten(0, 1), kinds.reshape(-1)).reshape(n, 2, d)
        nearly = _drawn(digits.shapes, kinds[:, 1], shape[:, 1] + _wrong(n, _SHAKEN, d, dice))
        other = moved(nearly, moves[:, 1] + _wrong(n, _ASTRAY, 2, dice))
        wrong = _wrong(n, _ASTRAY, 2, dice)
    return left_by(other, page, moves[:, 0] + wrong), kinds[:, 0], shape[:, 0], -wrong


def leftover_loss(leftover: Leftover, lesson: Lesson) -> torch.Tensor:
    """Return the mean loss of what `leftover` says."""
    seen, kind, shape, move = lesson
    logq, shapes, moves = leftover(seen)
    rows = torch.arange(len(kind))
    missed = ((shapes[rows, kind] - shape) ** 2).sum(1)
    astray = ((moves[rows, kind] - move) ** 2).sum(1)
    return nn.functional.nll_loss(logq, kind) + 0.03 * missed.mean() + 0.1 * astray.mean()


def _wrong(n: int, amount: float, size: int, dice: torch.Generator) -> torch.Tensor:
    """Return [n, size] errors: most of them small, for a search soon knows better."""
    return 2 * amount * torch.rand(n, 1, generator=dice) ** 2 * torch.randn(n, size, generator=dice)


def _from(pool: torch.Tensor, kind: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
    old = pool[kind, torch.randint(pool.shape[1], (len(kind),), generator=dice)]
    return old + 0.2 * torch.randn(old.shape, generator=dice)


def _drawn(shapes: Shapes, kind: torch.Tensor, shape: torch.Tensor) -> torch.Tensor:
    return shapes.draw(kind, shape).float()


def _sharpened(drawn: torch.Tensor, by: torch.Tensor) -> torch.Tensor:
    """Return drawings with more contrast, as pen strokes have: networks blur what they are not sure of."""
    return torch.sigmoid(by * torch.logit(drawn, 1e-6))


def _shape_of(digits: Digits, pictures: torch.Tensor, kind: torch.Tensor) -> torch.Tensor:
    """Return [n, latents] the shapes that whole digits would be given."""
    return guesses(digits.recogniser, pictures, len(digits.shapes.names))[1][kind, torch.arange(len(kind))]
