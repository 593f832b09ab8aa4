"""How the networks learn from single digits, awake and asleep, in steps that can be broken off and gone on with.

Awake, each network learns to draw its own digits, with a recogniser that finds the shapes (a variational bound).
Asleep, the recogniser learns every kind's best shape for every digit: from dreams, where the shape is known, and from
the digits again, by the gradient of the log joint; and the networks compete: the kind that a digit is of must explain
it better than all others do, with the shapes that a search finds for them. Late in the course they compete over digits
that were moved towards what the strongest rival draws, which is where kinds are mistaken for each other.
Ref: kingma2014; hinton1995.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from nightschool.society.digits.guessing import guesses, settle
from nightschool.society.digits.pictures import bent
from nightschool.society.digits.search import RATE, climb
from nightschool.society.digits.shapes import PIXELS, Shapes
from nightschool.society.recognisers.recogniser import Recogniser


@dataclass(frozen=True, slots=True)
class Course:
    """steps: in all; awake: part of them before sleep; each: digits of a kind in a batch, half as many asleep, where
    each is tried as every kind; climbs: steps up the log joint, at most, before kinds compete; contest: how much
    competition counts; cool: what log joints are multiplied by where they compete; reach: how far, at most, half of the
    digits are moved towards the rival's drawing (L2); late: part of the course before they are; settled: whether the
    prior of shapes is made true of the digits then; rate, warm: of AdamW, and steps until it is whole; bend: of the
    training digits; half: whether products are of bfloat16, for CPUs that have it."""

    steps: int = 6000
    awake: float = 0.3
    each: int = 24
    climbs: int = 4
    contest: float = 10.0
    cool: float = 0.1
    reach: float = 1.5
    late: float = 2 / 3
    settled: bool = True
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
        self.images, self.labels = images, labels
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
        module = self.recogniser.module
        module.load_state_dict({**dict(module.named_buffers()), **state["recogniser"]})  # of before there were as many
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
        asleep = self.step >= course.awake * course.steps
        if course.settled and self.step == math.ceil(course.late * course.steps):
            settle(self.shapes, self.recogniser, self.images, self.labels)
        each = max(1, course.each // 2) if asleep else course.each
        rows = torch.cat([own[torch.randint(len(own), (each,), generator=dice)] for own in self.by_kind])
        seen = bent(self.images[rows], dice, course.bend)
        for group in self.climber.param_groups:
            group["lr"] = course.rate * min(1.0, (self.step + 1) / course.warm) * (1 - self.step / course.steps) + 1e-6
        with torch.autocast("cpu", torch.bfloat16, enabled=course.half):
            loss, facts = (self._asleep if asleep else self._awake)(seen, dice)
        self.climber.zero_grad()
        loss.backward()
        self.climber.step()
        self.step += 1
        return {"squares": facts[0], "nats": facts[1], "contest": facts[2], "kinds": k}

    def _awake(self, seen: torch.Tensor, dice: torch.Generator) -> tuple[torch.Tensor, tuple[float, float, float]]:
        k = len(self.shapes.names)
        logq, middles, widths = guesses(self.recogniser, seen, k)
        own, m, w = _own(logq, middles, widths)
        shape = m + w.exp() * torch.randn(m.shape, generator=dice)
        squares = ((seen.reshape(k, -1, PIXELS) - self.shapes.decode(shape)) ** 2).sum(-1)
        nats = _nats(m, w)
        loss = (squares / (2 * self.shapes.settings.sigma**2) + nats).mean() - own.mean()
        return loss, (float(squares.detach().mean()), float(nats.detach().mean()), 0.0)

    def _asleep(self, seen: torch.Tensor, dice: torch.Generator) -> tuple[torch.Tensor, tuple[float, float, float]]:
        course, k, scale = self.course, len(self.shapes.names), 2 * self.shapes.settings.sigma**2
        truth = torch.arange(k).repeat_interleave(len(seen) // k)
        still = torch.ones(len(seen))
        if course.reach and self.step >= course.late * course.steps:
            seen, still = self._towards_rivals(seen, truth, dice)
        logq, middles, widths = guesses(self.recogniser, seen, k)
        shape = middles + widths.exp() * torch.randn(middles.shape, generator=dice)
        nats = _nats(middles, widths)
        # the recogniser is honest: it looks for the best shape of every kind, and the networks stand still for it
        self.shapes.requires_grad_(False)
        bound = ((seen - self.shapes.decode(shape)) ** 2).sum(-1) / scale + nats
        climbs = int(torch.randint(course.climbs + 1, (), generator=dice))
        found = climb(self.shapes, seen, middles.detach(), climbs, RATE)
        self.shapes.requires_grad_(True)
        own = _own(logq, bound[..., None], shape)
        others = (bound.sum() - own[1].sum()) / ((k - 1) * len(seen))
        loss = own[1].mean() + others - own[0].mean() + self._dreamt(dice)
        # the networks learn their own digits, and to explain them better than others do
        squares = ((seen.reshape(k, -1, PIXELS) - self.shapes.decode(own[2].detach())) ** 2).sum(-1)
        squares = squares * (still / still.mean()).reshape(k, -1)  # only what was not moved is worth drawing
        contest = nn.functional.cross_entropy(course.cool * self.shapes.log_joint(seen, found).T, truth)
        loss = loss + squares.mean() / scale + course.contest * contest / course.cool
        told = _own(logq, nats[..., None], shape)[1]
        return loss, (float(squares.detach().mean()), float(told.detach().mean()), float(contest.detach()))

    def _towards_rivals(self, seen: torch.Tensor, truth: torch.Tensor, dice: torch.Generator
                        ) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
        """Return the digits, every second one moved from its own drawing towards the best rival's, and [n] which were
        not: the way along which the log joint of the truth loses most, shapes standing still."""
        n = torch.arange(len(seen))
        with torch.no_grad():
            shape = guesses(self.recogniser, seen, len(self.shapes.names))[1]
            drawn = self.shapes.decode(shape)
            joint = self.shapes.joint_of(seen, shape, drawn)
            rival = joint.scatter(0, truth[None], -torch.inf).argmax(0)
            way = drawn[rival, n] - drawn[truth, n]
            far = self.course.reach * torch.rand(len(seen), 1, generator=dice) * (n % 2)[:, None]
            moved = seen + far * way / way.norm(dim=1, keepdim=True).clamp_min(1e-6)
        return moved.clamp(0, 1), (far[:, 0] == 0).float()

    def _dreamt(self, dice: torch.Generator, each: int = 6) -> torch.Tensor:
        """Return the recogniser's loss on dreams: nats by which it misses the kinds and shapes that they came from."""
        k, d = len(self.shapes.names), self.shapes.settings.latents
        shape = torch.randn(k, each, d, generator=dice)
        with torch.no_grad():
            drawn = self.shapes.decode(shape)
            drawn = (drawn + self.shapes.settings.sigma * torch.randn(drawn.shape, generator=dice)).reshape(-1, PIXELS)
        logq, middles, widths = guesses(self.recogniser, drawn, k)
        own, m, w = _own(logq, middles, widths)
        missed = (0.5 * ((shape - m) * (-w).exp()) ** 2 + w).sum(-1)
        return missed.mean() - own.mean()


def _own(logq: torch.Tensor, *of: torch.Tensor) -> list[torch.Tensor]:
    """Return what is said of the kind that each digit is of: logq[n, kinds] and of[kinds, n, size], digits in the order
    of their kinds, as [kinds, each] and [kinds, each, size]."""
    k = logq.shape[1]
    at = torch.arange(k)
    return [logq.reshape(k, -1, k)[at, :, at], *(one.reshape(k, k, -1, one.shape[-1])[at, at] for one in of)]


def _nats(middle: torch.Tensor, width: torch.Tensor) -> torch.Tensor:
    """Return by how many nats Gaussians of log-width `width` differ from the prior of shapes."""
    return (0.5 * (middle**2 + (2 * width).exp() - 1) - width).sum(-1)
