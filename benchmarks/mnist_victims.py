"""Classifiers of digits as society_mnist attacks them, and what came of it: explaining at length or fast, and a plain
network."""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import Any

import torch
from torch import nn

from mnist_attacks import Smallest
from nightschool.society.digits.guessing import guesses
from nightschool.society.digits.kept import Digits
from nightschool.society.digits.search import FAST, Search, explain


class Inferring:
    """A victim that explains. Gradients flow through the guess and `unrolled` steps of the climb; where a search has
    found the best, they are those of the best explanations held still."""

    def __init__(self, digits: Digits, search: Search, unrolled: int = 0) -> None:
        shapes = digits.shapes if search.sigma is None else digits.shapes.seen_through(search.sigma)
        self.digits, self.search, self.unrolled = replace(digits, shapes=shapes), search, unrolled
        self.last: torch.Tensor | None = None

    def classes(self, images: torch.Tensor) -> torch.Tensor:
        """Return what explains each best."""
        digits = self.digits
        parts = [explain(digits.shapes, part, self.search, digits.recogniser).kind for part in images.split(50)]
        return torch.cat(parts)

    def margins(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return by how many nats the label explains better than the best other."""
        at = self._shape(images.detach())
        if not self.search.draws or self.unrolled:  # through the recogniser, and then through plain steps of gradient
            guess = guesses(self.digits.recogniser, images, 10)[1]
            at = guess + (at - guess).detach()
            for _ in range(self.unrolled):
                value = self.digits.shapes.log_joint(images, at).sum()
                (slope,) = torch.autograd.grad(value, at, create_graph=True)
                at = at + 0.05 * self.digits.shapes.settings.sigma**2 * slope
        return margin_of(self.digits.shapes.log_joint(images, at).T, labels)

    def _shape(self, images: torch.Tensor) -> torch.Tensor:
        """Return the best shapes. A long search goes on from those that it found a step before: images hardly moved."""
        search, last = self.search, self.last
        if search.draws and last is not None and last.shape[1] == len(images):
            search = replace(search, draws=0, starts=2, steps=5)
        else:
            last = None
        self.last = explain(self.digits.shapes, images, search, self.digits.recogniser, start=last).shape
        return self.last

    def draws(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return how each kind would draw the images, and how well that explains them."""
        found = explain(self.digits.shapes, images, FAST, self.digits.recogniser)
        return found.drawn, found.log_joint


class Plain:
    """The plain network as a victim."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def classes(self, images: torch.Tensor) -> torch.Tensor:
        """Return the highest of ten."""
        return self.network(images).argmax(1)

    def margins(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return by how much the label's logit is higher than the best other."""
        return margin_of(self.network(images), labels)


def margin_of(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    own = scores.gather(1, labels[:, None])[:, 0]
    return own - scores.scatter(1, labels[:, None], -torch.inf).amax(1)


def summary(found: Smallest) -> dict[str, Any]:
    """Return the median smallest change with an interval (order statistics), by attack, and how many hold at 1.5."""
    ordered, n = found.distance.sort().values, len(found.distance)
    reach = round(0.98 * n**0.5)
    return {
        "median": median(ordered.tolist()), "low": float(ordered[max(0, n // 2 - reach)]),
        "high": float(ordered[min(n - 1, n // 2 + reach)]), "right": float((found.distance > 0).float().mean()),
        "right within 1.5": float((found.distance > 1.5).float().mean()),
        "by attack": {name: median(apart.tolist()) for name, apart in found.by.items()},
    }  # fmt: skip
