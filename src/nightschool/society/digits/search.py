"""Searches for what explains images of digits: shapes of every kind are proposed and climbed; the log joint decides.

How long it looks is the budget: draws of the prior, the recogniser's guess, steps of gradient. More never explains
worse, for the best that was found is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from nightschool.items import Noise
from nightschool.society.digits.guessing import guesses
from nightschool.society.digits.shapes import Shapes
from nightschool.society.lanes import Lanes
from nightschool.society.recognisers.recogniser import Recogniser

RATE = 0.1
"""of Adam, up the log joint"""


@dataclass(frozen=True, slots=True)
class Search:
    """draws: shapes of each kind drawn from the prior, the same for all images; guessed: whether the recogniser
    proposes; starts: how many of the best of these are climbed from; steps, rate: of the climb; sigma: of the pixels'
    noise, None for that which the networks learned with."""

    draws: int = 0
    guessed: bool = True
    starts: int = 1
    steps: int = 0
    rate: float = RATE
    sigma: float | None = None


FAST = Search()
"""the recogniser's guess for every kind, decided by the log joint: the networks competed over just these"""
LONG = Search(draws=300, starts=2, steps=30)
"""as long as it takes"""
ROBUST = replace(LONG, sigma=0.7)
"""against whoever changes images a little, until another kind explains them: so long a search finds odd shapes that fit
the change, and they lose where the prior of shapes counts for more"""


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """What n images came to. log_joint[kinds, n]: nats, of the best shape found for each kind, -inf for one that was
    dropped because its log joint was NaN; shape[kinds, n, latents]; drawn[kinds, n, pixels]: how each kind would have
    it."""

    log_joint: torch.Tensor
    shape: torch.Tensor
    drawn: torch.Tensor

    @property
    def kind(self) -> torch.Tensor:
        """Return [n] the number of the kind that explains best."""
        return self.log_joint.argmax(0)

    @property
    def best(self) -> torch.Tensor:
        """Return [n] the log joint of the best explanation, nats."""
        return self.log_joint.amax(0)


def explain(
    shapes: Shapes, images: torch.Tensor, search: Search, recogniser: Recogniser | None = None,
    noise: Noise = Noise(("digits",)), start: torch.Tensor | None = None,  # noqa: B008
) -> Explained:  # fmt: skip
    """Return the best shape of every kind for images [n, pixels]. start: shapes [kinds, n, latents] to try as well."""
    shapes = shapes if search.sigma is None else shapes.seen_through(search.sigma)
    places = proposals(shapes, images, search, recogniser, noise)
    if start is not None:
        places.append(start)
    with torch.no_grad():
        values = torch.stack([_sound(shapes.log_joint(images, place)) for place in places])
        stacked = torch.stack(places)
        order = values.argsort(0, descending=True)[: search.starts]
        kept = [stacked.gather(0, row[None, ..., None].expand(1, *stacked.shape[1:]))[0] for row in order]
    found = [climb(shapes, images, place, search.steps, search.rate) for place in kept]
    with torch.no_grad():
        values = torch.stack([_sound(shapes.log_joint(images, place)) for place in found])
        best = values.argmax(0)
        shape = torch.stack(found).gather(0, best[None, ..., None].expand(1, *found[0].shape))[0]
        drawn = shapes.decode(shape)
        return Explained(_sound(shapes.joint_of(images, shape, drawn)), shape, drawn)


def _sound(log_joint: torch.Tensor) -> torch.Tensor:
    """Return log joints in which NaN loses against everything."""
    return log_joint.nan_to_num(nan=-torch.inf, neginf=-torch.inf)


def proposals(shapes: Shapes, images: torch.Tensor, search: Search, recogniser: Recogniser | None, noise: Noise
              ) -> list[torch.Tensor]:  # fmt: skip
    """Return places [kinds, n, latents] to begin at: the recogniser's, and the `starts` best of the prior's draws."""
    k, n, d = len(shapes.names), len(images), shapes.settings.latents
    places = []
    with torch.no_grad():
        if search.guessed and recogniser is not None:
            places.append(guesses(recogniser, images, k)[1])
        if search.draws:
            places += _best_draws(shapes, images, search, noise)
    return places or [torch.zeros(k, n, d)]


def _best_draws(shapes: Shapes, images: torch.Tensor, search: Search, noise: Noise) -> list[torch.Tensor]:
    """Return the best draws of the prior for each kind and image: one table of distances serves all images."""
    k, d = len(shapes.names), shapes.settings.latents
    drawn = Lanes.of(noise.child("prior"), search.draws).normal((k, d)).transpose(0, 1).float()
    pictures = shapes.decode(drawn)
    apart = (images**2).sum(1)[None, :, None] + (pictures**2).sum(2)[:, None] - 2 * images @ pictures.transpose(1, 2)
    value = -apart / (2 * shapes.settings.sigma**2) - (drawn**2).sum(2)[:, None] / 2
    top = value.topk(min(search.starts, search.draws), 2).indices
    return [drawn.gather(1, top[:, :, i, None].expand(-1, -1, d)) for i in range(top.shape[2])]


def climb(shapes: Shapes, images: torch.Tensor, place: torch.Tensor, steps: int, rate: float) -> torch.Tensor:
    """Return the best shapes on `steps` steps of Adam up the log joint from `place` [kinds, n, latents]."""
    if steps == 0:
        return place
    at = place.detach().clone().requires_grad_(True)
    climber = torch.optim.Adam([at], lr=rate, betas=(0.8, 0.95))
    best, top = place.detach(), torch.full(place.shape[:2], -torch.inf)
    for step in range(steps + 1):
        value = shapes.log_joint(images, at)
        with torch.no_grad():
            better = value > top
            top, best = torch.where(better, value, top), torch.where(better[..., None], at, best)
        if step == steps:
            break
        (slope,) = torch.autograd.grad(-value.sum(), at)
        at.grad = slope
        climber.step()
    return best.detach()
