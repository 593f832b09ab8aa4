"""The recogniser of digits: a small convolutional network that proposes a shape for every kind, and how likely each is.

It is a `Recogniser` of the choices `kind` and `shape`; for search it guesses the shapes of all kinds at once.
"""

from __future__ import annotations

import torch
from torch import nn

from nightschool.society.digits.shapes import PIXELS, SIDE, Shapes
from nightschool.society.recognisers.kinds import Kind
from nightschool.society.recognisers.recogniser import Recogniser

_WIDTH = 192


def recogniser_for(shapes: Shapes, seed: int = 0) -> Recogniser:
    """Return an untaught recogniser of images that `shapes` explain."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        trunk = nn.Sequential(
            nn.Unflatten(1, (1, SIDE, SIDE)),
            nn.Conv2d(1, 24, 5, stride=2, padding=2), nn.GELU(),
            nn.Conv2d(24, 48, 3, stride=2, padding=1), nn.GELU(),
            nn.Flatten(), nn.Linear(48 * 49, _WIDTH), nn.GELU(),
        )  # fmt: skip
    kinds = (Kind("kind", "level", (), len(shapes.names)), Kind("shape", "line", (shapes.settings.latents,)))
    return Recogniser({"image": PIXELS}, kinds, width=128, modes=1, seed=seed, trunk=(trunk, _WIDTH),
                      name="recogniser of digits")  # fmt: skip


def guesses(
    recogniser: Recogniser, images: torch.Tensor, kinds: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return log-probabilities of kinds [n, kinds], and the middle and log-width [kinds, n, latents] of the shape that
    each kind would have, for images [n, pixels]."""
    n = len(images)
    features = recogniser.features({"image": images}, n)
    if n == 1:
        features = features[:1]
    first, second = recogniser.module["heads"]
    told = torch.eye(kinds, dtype=features.dtype)[:, None].expand(kinds, n, kinds)
    both = torch.cat([features.expand(kinds, n, -1), told], 2).reshape(kinds * n, -1)
    _, middles, widths = recogniser.mixture(recogniser.kinds[1], second(both).float())
    shape = (kinds, n, -1)
    return torch.log_softmax(first(features).float(), 1), middles.reshape(shape), widths.reshape(shape)
