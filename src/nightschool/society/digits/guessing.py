"""The recogniser of digits: a small convolutional network that proposes a shape for every kind, and how likely each is.

It is a `Recogniser` of the choices `kind` and `shape`; for search it guesses the shapes of all kinds at once. `settle`
makes the prior of shapes true: it moves what shapes mean, kind by kind, until those of the digits are normal(0, 1).
"""

from __future__ import annotations

import torch
from torch import nn

from nightschool.society.digits.shapes import PIXELS, SIDE, Shapes
from nightschool.society.recognisers.kinds import Kind
from nightschool.society.recognisers.recogniser import WIDEST, Recogniser

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
    d, k = shapes.settings.latents, len(shapes.names)
    kinds = (Kind("kind", "level", (), len(shapes.names)), Kind("shape", "line", (shapes.settings.latents,)))
    made = Recogniser({"image": PIXELS}, kinds, width=128, modes=1, seed=seed, trunk=(trunk, _WIDTH),
                      name="recogniser of digits")  # fmt: skip
    made.module["heads"][1] = ByKind(made.module["heads"][1], k, d)
    return made


class ByKind(nn.Sequential):
    """A head of one Gaussian on a line, told last which kind it is of: its Gaussian is turned and shifted as that kind
    has it."""

    turn: torch.Tensor
    shift: torch.Tensor

    def __init__(self, head: nn.Sequential, kinds: int, latents: int) -> None:
        super().__init__(*head)
        self.register_buffer("turn", torch.eye(latents).repeat(kinds, 1, 1))
        self.register_buffer("shift", torch.zeros(kinds, latents))

    def forward(self, told: torch.Tensor) -> torch.Tensor:
        """Return [n, 1 + 2 * latents]: the only share, middles and log-widths, for features and one-hot kinds."""
        out = super().forward(told)
        kinds, d = self.shift.shape
        with torch.autocast("cpu", enabled=False):
            kind, (share, middle, width) = told[:, -kinds:].argmax(1), out.float().split([1, d, d], 1)
            turn = self.turn[kind]
            middle = (turn @ middle[..., None])[..., 0] + self.shift[kind]
            spread = torch.exp(2 * WIDEST * torch.tanh(width / WIDEST))
            width = torch.log(((turn**2) @ spread[..., None])[..., 0]) / 2
            width = WIDEST * torch.atanh((width / WIDEST).clamp(-0.999, 0.999))
            return torch.cat([share, middle, width], 1)


def settle(shapes: Shapes, recogniser: Recogniser, images: torch.Tensor, labels: torch.Tensor) -> None:
    """Change what shapes mean, in place, so that those of digits `images` [n, pixels] of `labels` [n] have the mean and
    the covariance of the prior, kind by kind. What is drawn for a digit stays as it was."""
    head = recogniser.module["heads"][1]
    with torch.no_grad():
        for k in range(len(shapes.names)):
            _, middles, widths = guesses(recogniser, images[labels == k], len(shapes.names))
            middle, spread = middles[k].double(), (2 * widths[k]).exp().double()
            centre = middle.mean(0)
            apart = middle - centre
            root = torch.linalg.cholesky(apart.T @ apart / len(apart) + torch.diag(spread.mean(0)))
            weight = shapes.weights[0][k].double()
            shapes.shifts[0][k, 0] += (centre @ weight).float()
            shapes.weights[0][k] = (root.T @ weight).float()
            back = torch.linalg.inv(root)
            head.turn[k] = (back @ head.turn[k].double()).float()
            head.shift[k] = (back @ (head.shift[k].double() - centre)).float()


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
