"""Where ink is: points along the strokes of an image, with the direction of the stroke and what lies beyond.

A point has a place, a direction (a line, so that opposite ones are the same), how sure the direction is, and a vector
towards the ink around it, which is long where a stroke ends and short in its middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from nightschool.items import Noise
from nightschool.society.lanes import Lanes
from nightschool.society.pictures import read_grey

LEAST = 12
"""pixels of ink below which an image holds no drawing"""
_NEAR, _ALONG, _AROUND = 1.5, 3.0, 7.0  # pixels, for images of about 100 by 100


@dataclass(frozen=True, slots=True, eq=False)
class Ink:
    """n drawings, padded to the most points that one of them has.

    place[n, p, 2]: x and y, centred, in units of the drawing's own spread; line[n, p, 2]: unit vectors; sure[n, p]: in
    [0, 1]; beyond[n, p, 2]: towards the ink around; mask[n, p]: 1 for points, 0 for padding; spread[n], centre[n, 2]:
    pixels.
    """

    place: torch.Tensor
    line: torch.Tensor
    sure: torch.Tensor
    beyond: torch.Tensor
    mask: torch.Tensor
    spread: torch.Tensor
    centre: torch.Tensor

    def __len__(self) -> int:
        return len(self.place)

    def take(self, rows: torch.Tensor) -> Ink:
        """Return these drawings."""
        return Ink(*(getattr(self, name)[rows] for name in self.__slots__))

    def trimmed(self) -> Ink:
        """Return the drawings with no more padding than the longest needs."""
        most = int(self.mask.sum(1).max())
        return Ink(
            *(getattr(self, n) if n in ("spread", "centre") else getattr(self, n)[:, :most] for n in self.__slots__)
        )

    @classmethod
    def join(cls, drawings: Sequence[Ink]) -> Ink:
        """Return all drawings, padded alike."""
        most = max(ink.mask.shape[1] for ink in drawings)
        columns = []
        for name in cls.__slots__:
            parts = [getattr(ink, name) for ink in drawings]
            if name not in ("spread", "centre"):
                parts = [torch.cat([p, p.new_zeros(len(p), most - p.shape[1], *p.shape[2:])], 1) for p in parts]
            columns.append(torch.cat(parts))
        return cls(*columns)


def read_image(path: str | Path) -> torch.Tensor:
    """Return [height, width] ink in {0, 1} of a picture of dark strokes on light ground, or light ones on dark.

    A picture of one tone has no ink. Raises BadFile, which says what was expected, for what is no such picture.
    """
    grey = read_grey(path, 16, 512, "a picture of strokes")
    if float(grey.max()) == 0:
        return grey
    dark = grey < 0.5
    return (dark if float(dark.float().mean()) < 0.5 else ~dark).float()


def trace_ink(images: Sequence[torch.Tensor], spacing: float = 2.5) -> Ink:
    """Return the points of `images`, each [height, width] with ink 1.

    spacing: the least distance of two points, in pixels of an image of 105 a side. Directions are those of greatest
    variance of the ink nearby; a place is the middle of the ink around it, so that thick strokes and thin ones give
    the same line.
    """
    return Ink.join([_traced(image, spacing) for image in images])


def _traced(image: torch.Tensor, spacing: float) -> Ink:
    scale = max(image.shape) / 105
    y, x = (image > 0.5).nonzero().double().T
    here = (y.long(), x.long())
    middle = torch.stack([x.mean(), y.mean()])
    near = torch.stack(_means(image, middle, _NEAR * scale, [(1, 0), (0, 1)], here), 1)
    around = torch.stack(_means(image, middle, _AROUND * scale, [(1, 0), (0, 1)], here), 1)
    powers = [(1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]
    mx, my, xx, xy, yy = _means(image, middle, _ALONG * scale, powers, here)
    xx, xy, yy = xx - mx * mx, xy - mx * my, yy - my * my
    kept = _apart(near, spacing * scale)
    places, xx, xy, yy = near[kept], xx[kept], xy[kept], yy[kept]
    angle = torch.atan2(2 * xy, xx - yy) / 2
    sure = torch.hypot(xx - yy, 2 * xy) / (xx + yy + 1e-6)
    beyond = (around[kept] - places) / (_AROUND * scale)
    centre = places.mean(0)
    spread = ((places - centre) ** 2).sum(1).mean().div(2).sqrt() + 1e-6
    return Ink(
        place=((places - centre) / spread)[None].float(),
        line=torch.stack([angle.cos(), angle.sin()], 1)[None].float(),
        sure=sure[None].float(),
        beyond=beyond[None].float(),
        mask=torch.ones(1, len(places)),
        spread=spread[None].float(),
        centre=(centre + middle)[None].float(),
    )


def _means(image: torch.Tensor, middle: torch.Tensor, width: float, powers: Sequence[tuple[int, int]],
           here: tuple[torch.Tensor, torch.Tensor]) -> list[torch.Tensor]:  # fmt: skip
    """Return the mean of x^p y^q over the ink around each point `here`, under a Gaussian of `width`."""
    height, wide = image.shape
    x = (torch.arange(wide).double() - middle[0])[None].expand(height, wide)
    y = (torch.arange(height).double() - middle[1])[:, None].expand(height, wide)
    ink = image.double()
    stack = torch.stack([ink, *(ink * x**p * y**q for p, q in powers)])
    down, across = _gaussian(height, width), _gaussian(wide, width)
    blurred = (down @ stack @ across)[(slice(None), *here)]
    return list(blurred[1:] / blurred[0])


def _gaussian(size: int, width: float) -> torch.Tensor:
    """Return [size, size] what blurs a column, or a row from the right: faster here than a convolution."""
    at = torch.arange(size).double()
    return torch.exp(-((at[:, None] - at) ** 2) / (2 * width**2))


def _apart(places: torch.Tensor, spacing: float) -> torch.Tensor:
    """Return the numbers of points no two of which lie within `spacing`, taken in an order that never varies."""
    order = torch.argsort(Lanes.of(Noise(("ink",)), len(places)).uniform())
    alive = torch.ones(len(places), dtype=torch.bool)
    kept = []
    for i in order.tolist():
        if alive[i]:
            kept.append(i)
            alive &= ((places - places[i]) ** 2).sum(1) > spacing**2
    return torch.tensor(kept)
