"""From a folder of labelled digits to networks that draw them; broken off, it goes on where it was."""

from __future__ import annotations

from pathlib import Path

import torch

from nightschool.errors import StopRequested, UsageError
from nightschool.items import digest
from nightschool.ports import Watcher
from nightschool.society.digits.guessing import recogniser_for
from nightschool.society.digits.kept import Digits
from nightschool.society.digits.pictures import read_idx, read_package
from nightschool.society.digits.schooling import Course, Lesson
from nightschool.society.digits.shapes import Shapes
from nightschool.society.digits.verdict import floor_of

_EVERY = 100  # steps between checkpoints


def learn_digits(folder: Path, unfinished: Path, steps: int, seed: int, watch: Watcher) -> bytes:
    """Return the networks that learned the digits in `folder`, as bytes.

    unfinished: where checkpoints are kept until it is done. Raises BadFile for a folder without digits, StopRequested
    where it was interrupted: the steps so far are kept.
    """
    names = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
    images, labels = read_idx(*(folder / n for n in names)) if (folder / names[0]).exists() else read_package(folder)
    if missing := sorted(set(range(10)) - set(labels.tolist())):
        raise UsageError(f"{folder} has no example of {missing}; ten digits are learned together")
    shapes = Shapes(seed=seed)
    recogniser = recogniser_for(shapes, seed)
    course = Course(steps=steps)
    lesson = Lesson(shapes, recogniser, images, labels, course, seed)
    path = unfinished / f"{digest(images.numpy().tobytes().hex(), repr(course), seed)[:16]}.pt"
    if path.exists():
        lesson.restore(torch.load(path, weights_only=True))
    watch.stage("learning digits", total=steps, unit="steps")
    watch.advance(lesson.step)
    try:
        while not lesson.done:
            told = lesson.go()
            watch.advance(1, squares=round(told["squares"], 1))
            if lesson.step % _EVERY == 0:
                _keep(path, lesson)
    except KeyboardInterrupt:
        _keep(path, lesson)
        raise StopRequested(f"stopped at step {lesson.step} of {steps}; the same line goes on from there") from None
    shapes.frozen()
    recogniser.module.requires_grad_(False)
    some = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))[:2000]
    floor = floor_of(shapes, recogniser, images[some])
    path.unlink(missing_ok=True)
    return Digits(shapes, recogniser, floor).pack()


def _keep(path: Path, lesson: Lesson) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    torch.save(lesson.state(), half)
    half.replace(path)
