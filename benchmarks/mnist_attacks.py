"""Attacks on classifiers of digits, for society_mnist: each looks for the smallest change, in L2, that is called wrong.

The attacks are adaptive: gradients flow through the whole inference (`norm_attack`), or the way leads to what rivals
draw (`rival_attack`); `boundary_attack` needs answers alone, and `transfer` brings what fooled another classifier.
Whatever is found is confirmed by the victim's own answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch


class Victim(Protocol):
    """What is attacked."""

    def classes(self, images: torch.Tensor) -> torch.Tensor:
        """Return [n] what it calls images [n, pixels]."""

    def margins(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return [n] the score of the label less that of the best other, with the gradient of all that it does."""


class Smallest:
    """The smallest change found so far for each image, confirmed by the victim."""

    def __init__(self, victim: Victim, images: torch.Tensor, labels: torch.Tensor) -> None:
        self.victim, self.images, self.labels = victim, images, labels
        self.best = images.clone()
        right = victim.classes(images) == labels
        self.distance = torch.where(right, torch.inf, 0.0)
        self.by: dict[str, torch.Tensor] = {}

    def offer(self, name: str, changed: torch.Tensor) -> None:
        """Count `changed` images, those that the victim gets wrong and that lie nearer than what was known."""
        changed = changed.clamp(0, 1)
        apart = (changed - self.images).norm(dim=1)
        wrong = self.victim.classes(changed) != self.labels
        mine = self.by.setdefault(name, torch.where(self.distance == 0, 0.0, torch.inf).clone())
        mine[wrong] = torch.minimum(mine[wrong], apart[wrong])
        nearer = wrong & (apart < self.distance)
        self.distance = torch.where(nearer, apart, self.distance)
        self.best = torch.where(nearer[:, None], changed, self.best)

    def halve(self, name: str, changed: torch.Tensor, times: int = 8) -> None:
        """Count the nearest wrong point between each image and `changed`, found by halving the line."""
        low, high = torch.zeros(len(changed), 1), torch.ones(len(changed), 1)
        self.offer(name, changed)
        for _ in range(times):
            middle = (low + high) / 2
            point = (self.images + middle * (changed - self.images)).clamp(0, 1)
            wrong = (self.victim.classes(point) != self.labels)[:, None]
            high, low = torch.where(wrong, middle, high), torch.where(wrong, low, middle)
        self.offer(name, self.images + high * (changed - self.images))


def norm_attack(found: Smallest, steps: int, name: str = "gradient", reach: float = 1.0, onwards: bool = False
                ) -> None:  # fmt: skip
    """Walk down the margin, the change kept to a norm that shrinks where it is wrong and grows where it is not: from
    the image, or `onwards` from the nearest change that is known. After Rony et al. (2019)."""
    images, labels = found.images, found.labels
    change, norm = torch.zeros_like(images), torch.full((len(images), 1), reach)
    if onwards:
        change = found.best - images
        norm = torch.where(change.norm(dim=1, keepdim=True) > 0, change.norm(dim=1, keepdim=True), norm)
    for step in range(steps):
        at = (images + change).requires_grad_(True)
        margin = found.victim.margins(at, labels)
        (slope,) = torch.autograd.grad(margin.sum(), at)
        wrong = (margin.detach() < 0)[:, None]
        if step % 5 == 4:
            found.offer(name, images + change)
        pace = norm * (0.5 * (1 - step / steps) + 0.05)
        change = change - pace * slope / slope.norm(dim=1, keepdim=True).clamp_min(1e-12)
        norm = norm * torch.where(wrong, 1 - 0.06 * (1 - step / steps), 1 + 0.06 * (1 - step / steps))
        change = norm * change / change.norm(dim=1, keepdim=True).clamp_min(1e-12)
        change = (images + change).clamp(0, 1) - images
    found.offer(name, images + change)
    found.halve(name, found.best, 5)


def rival_attack(found: Smallest, draws: Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]], rivals: int = 3,
                 steps: int = 6) -> None:  # fmt: skip
    """Walk towards what the nearest `rivals` draw for the image, anew after every step.

    draws: images [n, p] -> what kinds draw [kinds, n, p], and their scores [kinds, n].
    """
    n = torch.arange(len(found.images))
    scores = draws(found.images)[1].scatter(0, found.labels[None], -torch.inf)
    for rival in scores.topk(rivals, 0).indices:
        at = found.images
        for step in range(steps):
            at = at + (draws(at)[0][rival, n] - at) * (0.2 + 0.08 * step)
        found.halve("rival", at, 7)


def boundary_attack(found: Smallest, pool: torch.Tensor, labels: torch.Tensor, steps: int, seed: int = 0) -> None:
    """Walk along the boundary from images of other kinds, by answers alone. After Brendel, Rauber and
    Bethge (2018)."""
    dice = torch.Generator().manual_seed(seed)
    apart = torch.cdist(found.images, pool)
    apart[found.labels[:, None] == labels[None]] = torch.inf
    starts = apart.topk(3, largest=False).indices
    for k in range(3):
        found.halve("boundary", pool[starts[:, k]], 6)
    at = torch.where(torch.isfinite(found.distance)[:, None], found.best, pool[starts[:, 0]])
    spread, closer = torch.full((len(at), 1), 0.15), torch.full((len(at), 1), 0.05)
    for _ in range(steps):
        away = found.images - at
        length = away.norm(dim=1, keepdim=True).clamp_min(1e-6)
        turn = torch.randn(at.shape, generator=dice)
        turn = turn - (turn * away).sum(1, keepdim=True) / length**2 * away  # stays on the sphere around the image
        aside = at + spread * length * turn / turn.norm(dim=1, keepdim=True)
        out = aside - found.images
        aside = found.images + out * length / out.norm(dim=1, keepdim=True).clamp_min(1e-6)
        near = (aside + closer * (found.images - aside)).clamp(0, 1)
        wrong = (found.victim.classes(near) != found.labels)[:, None]
        at = torch.where(wrong, near, at)
        spread = (spread * torch.where(wrong, 1.08, 0.96)).clamp(1e-3, 0.5)
        closer = (closer * torch.where(wrong, 1.06, 0.97)).clamp(1e-4, 0.3)
    found.halve("boundary", at, 5)


def transfer(found: Smallest, changed: torch.Tensor) -> None:
    """Count what fooled another classifier, carried further along its direction until it fools this one."""
    way = changed - found.images
    way = way / way.norm(dim=1, keepdim=True).clamp_min(1e-6)
    first = torch.full((len(way),), torch.inf)
    for far in torch.arange(0.25, 8.0, 0.25):
        wrong = found.victim.classes((found.images + far * way).clamp(0, 1)) != found.labels
        first = torch.where(wrong & torch.isinf(first), far, first)
    found.halve("transfer", found.images + first.clamp_max(8.0)[:, None] * way, 6)
