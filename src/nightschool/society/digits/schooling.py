"""How the networks learn from single digits, awake and asleep, in steps that can be broken off and gone on with.

Awake, each network learns to draw its own digits, with a recogniser that finds the shapes (a variational bound).
Asleep, the recogniser learns every kind's best shape for every digit: from dreams, where the shape is known, and from
the digits again, by the gradient of the log joint; and the networks compete: the kind that a digit is of must explain
it better than others do with the shapes that the recogniser finds for them. Ref: kingma2014; hinton1995.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch

from nightschool.society.digits.guessing import guesses
from nightschool.society.digits.pictures import bent
from nightschool.society.digits.shapes import PIXELS, Shapes
from nightschool.society.recognisers.recogniser import Recogniser


@dataclass(frozen=True, slots=True)
class Course:
    """steps: in all; awake: part of them before sleep; each: digits of a kind in a batch; rivals: other kinds that a
    digit is tried as, each step; contest: how much competition counts; cool: what log joints are multiplied by where
    they compete; rate, warm: of AdamW, and steps until it is whole; bend: of the training digits; half: whether
    products are of bfloat16, for CPUs that have it."""

    steps: int = 6000
    awake: float = 0.6
    each: int = 24
    rivals: int = 3
    contest: float = 1.0
    cool: float = 0.1
    rate: float = 2e-3
    warm: int = 200
    bend: float = 1.0
    half: bool = False


class Lesson:
    """A course under way. images[n, pixels], labels[n]: what is learned from. `state` and `restore` are what a
    checkpoint holds; a course broken off and gone on with comes to the same weights."""

    def __init__(self, shapes: Shapes, recogniser: Recogniser, images: torch.Tensor, labels: torch.Tensor,
                 course: Course = Course(), seed: int = 0) -> None:  # fmt: skip
        self.shapes, self.recogniser, self.course, self.seed, self.step = shapes, recogniser, course, seed, 0
        self.images = images
        self.by_kind = [(labels == k).nonzero()[:, 0] for k in range(len(shapes.names))]
        weights = [*shapes.parameters(), *recogniser.module.parameters()]
        self.climber = torch.optim.AdamW(weights, lr=course.rate, betas=(0.9, 0.99), weight_decay=1e-3, fused=True)

    def state(self) -> dict[str, Any]:
        """Return all that going on needs."""
        return {"shapes": self.shapes.state_dict(), "recogniser": self.recogniser.module.state_dict(),
                "climber": self.climber.state_dict(), "step": self.step}  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self.shapes.load_state_dict(state["shapes"])
        self.recogniser.module.load_state_dict(state["recogniser"])
        self.climber.load_state_dict(state["climber"])
        self.step = state["step"]

    @property
    def done(self) -> bool:
        """Return whether the course is over."""
        return self.step >= self.course.steps

    def go(self) -> dict[str, float]:
        """Take one step, and return how it was: squared error of a digit, nats of its shape, and of the contest."""
        course, k = self.course, len(self.shapes.names)
        dice = torch.Generator().manual_seed(self.seed * 1_000_003 + self.step)
        rows = torch.cat([own[torch.randint(len(own), (course.each,), generator=dice)] for own in self.by_kind])
        seen = bent(self.images[rows], dice, course.bend)
        for group in self.climber.param_groups:
            group["lr"] = course.rate * min(1.0, (self.step + 1) / course.warm) * (1 - self.step / course.steps) + 1e-6
        with torch.autocast("cpu", torch.bfloat16, enabled=course.half):
            asleep = self.step >= course.awake * course.steps
            loss, facts = (self._asleep if asleep else self._awake)(seen, dice)
        self.climber.zero_grad()
        loss.backward()
        self.climber.step()
        self.step += 1
        return {"squares": facts[0], "nats": facts[1], "contest": facts[2], "kinds": k}

    def _awake(self, seen: torch.Tensor, dice: torch.Generator) -> tuple[torch.Tensor, tuple[float, float, float]]:
        k, n = len(self.shapes.names), self.course.each
        logq, middles, widths = guesses(self.recogniser, seen, k)
        own, m, w = self._of(logq, middles, widths, 0)
        shape = m + w.exp() * torch.randn(m.shape, generator=dice)
        squares = ((seen.reshape(k, n, PIXELS) - self.shapes.decode(shape)) ** 2).sum(-1)
        nats = _nats(m, w)
        loss = (squares / (2 * self.shapes.settings.sigma**2) + nats).mean() - own.mean()
        return loss, (float(squares.detach().mean()), float(nats.detach().mean()), 0.0)

    def _asleep(self, seen: torch.Tensor, dice: torch.Generator) -> tuple[torch.Tensor, tuple[float, float, float]]:
        k, n, scale = len(self.shapes.names), self.course.each, 2 * self.shapes.settings.sigma**2
        logq, middles, widths = guesses(self.recogniser, seen, k)
        others = (torch.randperm(k - 1, generator=dice)[: self.course.rivals] + 1).tolist()
        tries = [self._of(logq, middles, widths, other) for other in (0, *others)]
        m, w = torch.cat([one[1] for one in tries], 1), torch.cat([one[2] for one in tries], 1)
        pages = seen.reshape(k, n, PIXELS)
        shown = torch.cat([pages.roll(other, 0) for other in (0, *others)], 1)
        shape = m + w.exp() * torch.randn(m.shape, generator=dice)
        nats = _nats(m, w)
        # the recogniser is honest: it looks for the best shape of every kind, and the networks stand still for it
        self.shapes.requires_grad_(False)
        bound = ((shown - self.shapes.decode(shape)) ** 2).sum(-1) / scale + nats
        self.shapes.requires_grad_(True)
        loss = bound[:, :n].mean() + bound[:, n:].mean() - tries[0][0].mean() + self._dreamt(dice)
        # the networks learn their own digits, and to explain them better than others do
        squares = ((shown - self.shapes.decode(shape.detach())) ** 2).sum(-1)
        standing = -(squares / scale + nats.detach()) + torch.log_softmax(self.shapes.odds, 0)[:, None]
        rows = [standing[:, :n]]
        rows += [standing[:, n * (i + 1) : n * (i + 2)].roll(-other, 0) for i, other in enumerate(others)]
        table = torch.stack(rows, -1) * self.course.cool
        table = torch.cat([table[..., :1], table[..., 1:] + math.log((k - 1) / len(others))], -1)
        contest = -torch.log_softmax(table, -1)[..., 0].mean()
        loss = loss + squares[:, :n].mean() / scale + self.course.contest * contest / self.course.cool
        facts = (float(squares[:, :n].detach().mean()), float(nats[:, :n].detach().mean()), float(contest.detach()))
        return loss, facts

    def _dreamt(self, dice: torch.Generator, each: int = 6) -> torch.Tensor:
        """Return the recogniser's loss on dreams: nats by which it misses the kinds and shapes that they came from."""
        k, d = len(self.shapes.names), self.shapes.settings.latents
        shape = torch.randn(k, each, d, generator=dice)
        with torch.no_grad():
            drawn = self.shapes.decode(shape)
            drawn = (drawn + self.shapes.settings.sigma * torch.randn(drawn.shape, generator=dice)).reshape(-1, PIXELS)
        logq, middles, widths = guesses(self.recogniser, drawn, k)
        own, m, w = self._of(logq, middles, widths, 0, each)
        missed = (0.5 * ((shape - m) * (-w).exp()) ** 2 + w).sum(-1)
        return missed.mean() - own.mean()

    def _of(self, logq: torch.Tensor, middles: torch.Tensor, widths: torch.Tensor, other: int, each: int | None = None
            ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:  # fmt: skip
        """Return, for each kind c and the digits of the kind `other` before it, what the recogniser says of c."""
        k, at = len(self.shapes.names), torch.arange(len(self.shapes.names))
        n = each or self.course.each
        whose = (at - other) % k
        pick = (middles.reshape(k, k, n, -1)[at, whose], widths.reshape(k, k, n, -1)[at, whose])
        return logq.reshape(k, n, k)[whose, :, at], *pick


def _nats(middle: torch.Tensor, width: torch.Tensor) -> torch.Tensor:
    """Return by how many nats Gaussians of log-width `width` differ from the prior of shapes."""
    return (0.5 * (middle**2 + (2 * width).exp() - 1) - width).sum(-1)
