"""Networks of digits that need no learning: each draws one fixed bar, whatever its shape."""

from __future__ import annotations

import torch

from nightschool.society.digits.guessing import recogniser_for
from nightschool.society.digits.kept import Digits
from nightschool.society.digits.shapes import NAMES, SIDE, Settings, Shapes

SMALL = Settings(latents=3, hidden=(8, 8), sigma=0.2)


def bars(kinds: int = 10) -> torch.Tensor:
    """Return [kinds, pixels] a bar for each kind: upright ones, then lying ones, each elsewhere."""
    pages = torch.zeros(kinds, SIDE, SIDE)
    for k in range(kinds):
        at = 5 + 4 * (k % 5)
        if k < 5:
            pages[k, 5:23, at : at + 3] = 1.0
        else:
            pages[k, at : at + 3, 5:23] = 1.0
    return pages.reshape(kinds, -1)


def drawing_bars() -> Shapes:
    """Return networks that draw `bars`, a little differently for each shape."""
    shapes = Shapes(NAMES, SMALL)
    with torch.no_grad():
        for weight in shapes.weights:
            weight.mul_(0.3)
        shapes.shifts[-1].copy_((8 * bars() - 4)[:, None])
    return shapes.frozen()


def digits() -> Digits:
    """Return what recognises bars."""
    shapes = drawing_bars()
    recogniser = recogniser_for(shapes)
    recogniser.module.requires_grad_(False)
    return Digits(shapes, recogniser, floor=-200.0)
