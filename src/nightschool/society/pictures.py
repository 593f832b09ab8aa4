"""Pictures from files, in grey: what every reader of ink begins with."""

from __future__ import annotations

from pathlib import Path

import torch

from nightschool.errors import BadFile


def read_grey(path: str | Path, low: int, high: int, what: str) -> torch.Tensor:
    """Return [height, width] the grey of a picture of any mode, from 0 (darkest) to 1; all 0 for one of one tone.

    What is transparent is taken for paper: white, or black where the ink itself is white. low, high: pixels a side may
    have; what: what is expected, for the message. Raises BadFile, which names the file.
    """
    import matplotlib.image

    expected = f"expected {what}, {low} to {high} pixels a side (PNG or JPEG)"
    try:
        pixels = torch.tensor(matplotlib.image.imread(path)).float()
    except Exception as error:
        raise BadFile(f"cannot read {path}: {getattr(error, 'strerror', None) or error}; {expected}") from error
    if pixels.ndim not in (2, 3) or not all(low <= side <= high for side in pixels.shape[:2]):
        raise BadFile(f"{path} is {' by '.join(map(str, pixels.shape[:2]))} pixels; {expected}")
    grey = pixels
    if pixels.ndim == 3:
        grey = pixels[..., : 3 if pixels.shape[2] >= 3 else 1].mean(2)
        if pixels.shape[2] in (2, 4) and float(pixels[..., -1].min()) < float(pixels[..., -1].max()):
            solid = pixels[..., -1] / pixels[..., -1].max()
            white = solid * grey + (1 - solid) * (255.0 if float(pixels.max()) > 1 else 1.0)
            grey = white if float(white.max() - white.min()) > 0 else solid * grey
    darkest, lightest = float(grey.min()), float(grey.max())
    return torch.zeros_like(grey) if darkest == lightest else (grey - darkest) / (lightest - darkest)
