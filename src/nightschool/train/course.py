"""A course: all lessons, shuffled, in steps of equal size. For lessons that are all there when training begins."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol

from nightschool.errors import UsageError
from nightschool.items import Lesson, Noise
from nightschool.ports import Watcher


class Step(Protocol):
    """What a gradient step tells. loss: nats per learned token, before the step."""

    @property
    def loss(self) -> float:
        """Return the loss."""


class Pupil(Protocol):
    """What learns, step by step."""

    def step(self, lessons: Sequence[Lesson]) -> Step:
        """Take one gradient step on all of `lessons`."""


def take_course(
    pupil: Pupil,
    lessons: Sequence[Lesson],
    *,
    seed: int,
    watch: Watcher | None = None,
    rounds: int = 2,
    batch: int = 16,
    least_steps: int = 12,
) -> list[float]:
    """Return the loss of each step, in nats per learned token, after teaching `lessons` `rounds` times or more.

    Every lesson comes once before any comes again; few lessons are repeated until `least_steps` are done. The order
    depends on `seed` alone. Raises UsageError where there is no lesson.
    """
    if not lessons:
        raise UsageError("a course needs lessons; practise more, or begin at an easier level")
    dice = random.Random(Noise((seed, "course")).key())
    size = min(batch, len(lessons))
    steps = max(least_steps, -(-rounds * len(lessons) // size))
    if watch is not None:
        watch.stage("lessons", steps, "steps")
    losses: list[float] = []
    deck: list[Lesson] = []
    for _ in range(steps):
        while len(deck) < size:
            again = list(lessons)
            dice.shuffle(again)
            deck = again + deck  # what is left of the last round is dealt first
        hand = [deck.pop() for _ in range(size)]
        losses.append(pupil.step(hand).loss)
        if watch is not None:
            watch.advance(1, loss=losses[-1])
    return losses
