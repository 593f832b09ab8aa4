"""Pages to learn from, each of one single digit and one that is dreamt: two real ones are never laid on each other.

What a network draws is not quite what a pen does. So each page has both: the recognisers see how real digits look
under and over another, and one of the two has a shape that nobody wrote.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from nightschool.society.digits.guessing import guesses
from nightschool.society.digits.kept import Digits
from nightschool.society.digits.overlaid import REACH, moved
from nightschool.society.digits.pictures import bent

_SHAKEN = 0.2  # by which a dreamt shape is unlike that of the single digit that it began with


@dataclass(frozen=True, slots=True, eq=False)
class Pages:
    """shown[n, page]; and of the real digit and the dreamt one, in this order: kinds[n, 2], shapes[n, 2, latents],
    moves[n, 2, 2] in pixels from the page's middle, and alone[n, 2, pixels], what each looks like by itself."""

    shown: torch.Tensor
    kinds: torch.Tensor
    shapes: torch.Tensor
    moves: torch.Tensor
    alone: torch.Tensor


def half_dreamt(digits: Digits, pool: torch.Tensor, images: torch.Tensor, labels: torch.Tensor, n: int,
                dice: torch.Generator) -> Pages:  # fmt: skip
    """Return `n` pages, each of one of the single digits `images` [m, pixels] of `labels` [m], bent, and a dreamt one
    of another kind, made sharper and bent as well.

    pool[kinds, m, latents]: shapes that single digits had, with which dreams begin. Ink adds up to at most 1.
    """
    k, d = len(digits.shapes.names), digits.shapes.settings.latents
    rows = torch.randint(len(images), (n,), generator=dice)
    other = (labels[rows] + torch.randint(1, k, (n,), generator=dice)) % k
    kinds = torch.stack([labels[rows], other], 1)
    moves = (2 * torch.rand(n, 2, 2, generator=dice) - 1) * REACH
    with torch.no_grad():
        real = bent(images[rows], dice)
        dreamt = _sharpened(
            digits.shapes.draw(other, _near(pool, other, dice)).float(), 1 + torch.rand(n, 1, generator=dice)
        )
        alone = torch.stack([real, bent(dreamt, dice, 0.4)], 1)
        shown = moved(alone.flatten(0, 1), moves.flatten(0, 1)).reshape(n, 2, -1).sum(1).clamp_max(1)
        middles = guesses(digits.recogniser, alone.flatten(0, 1), k)[1]
        shapes = middles[kinds.reshape(-1), torch.arange(2 * n)].reshape(n, 2, d)
    return Pages(shown, kinds, shapes, moves, alone)


def _near(pool: torch.Tensor, kind: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
    """Return [n, latents] shapes of kinds [n], each near one of `pool` [kinds, m, latents]."""
    old = pool[kind, torch.randint(pool.shape[1], (len(kind),), generator=dice)]
    return old + _SHAKEN * torch.randn(old.shape, generator=dice)


def _sharpened(drawings: torch.Tensor, by: torch.Tensor) -> torch.Tensor:
    """Return drawings with more contrast, as pen strokes have: networks blur what they are not sure of."""
    return torch.sigmoid(by * torch.logit(drawings, 1e-6))
