"""Drawings made of straight strokes, for the tests of recognition."""

from __future__ import annotations

import math
from pathlib import Path

import torch

SHAPES = {
    "cross": [((20, 52), (85, 52)), ((52, 20), (52, 85))],
    "corner": [((25, 20), (25, 85)), ((25, 85), (80, 85))],
    "zigzag": [((20, 25), (80, 25)), ((80, 25), (20, 80)), ((20, 80), (80, 80))],
    "house": [
        ((25, 50), (52, 20)), ((52, 20), (80, 50)), ((25, 50), (25, 85)), ((80, 50), (80, 85)), ((25, 85), (80, 85)),
    ],
    "ladder": [((35, 15), (35, 90)), ((70, 15), (70, 90)), ((35, 35), (70, 35)), ((35, 65), (70, 65))],
}  # fmt: skip


def drawing(name: str, turn: float = 0.0, stretch: float = 1.0, shake: float = 0.0, side: int = 105) -> torch.Tensor:
    """Return [side, side] ink of a shape turned by `turn` radians, stretched sideways and shaken at its corners."""
    image = torch.zeros(side, side)
    for number, ends in enumerate(SHAPES[name]):
        moved = []
        for k, (x, y) in enumerate(ends):
            x, y = (x - 52) * stretch, y - 52
            jitter = shake * math.sin(12.9 * x + 7.1 * y + number + k)
            moved.append(
                (x * math.cos(turn) - y * math.sin(turn) + jitter, x * math.sin(turn) + y * math.cos(turn) - jitter)
            )
        (x0, y0), (x1, y1) = moved
        for i in range(401):
            x, y = 52 + x0 + (x1 - x0) * i / 400, 52 + y0 + (y1 - y0) * i / 400
            across, down = round(x * side / 105), round(y * side / 105)
            image[max(down - 1, 0) : down + 1, max(across - 1, 0) : across + 1] = 1.0
    return image


def write_png(path: Path, ink: torch.Tensor) -> Path:
    """Write ink as dark strokes on light ground."""
    import matplotlib.image

    matplotlib.image.imsave(path, 1 - ink.numpy(), cmap="gray", vmin=0, vmax=1)
    return path
