"""Lessons: losses fall, and a course broken off comes to the same weights."""

import copy

import torch

from nightschool.society.digits.guessing import guesses, recogniser_for
from nightschool.society.digits.schooling import Course, Lesson
from nightschool.society.digits.search import Search, explain
from nightschool.society.digits.shapes import NAMES, Shapes
from support.digits import SMALL, bars

COURSE = Course(steps=120, awake=0.6, each=4, rate=1e-2, warm=5, bend=0.2)


def begun(course=COURSE):
    shapes = Shapes(NAMES, SMALL)
    labels = torch.arange(10).repeat(6)
    shades = 0.7 + 0.3 * torch.rand(60, 1, generator=torch.Generator().manual_seed(0))
    images = bars().repeat(6, 1) * shades
    return Lesson(shapes, recogniser_for(shapes), images, labels, course)


def test_it_learns_awake_and_asleep():
    lesson, facts = begun(), []
    while not lesson.done:
        facts.append(lesson.go())
    assert facts[-1]["squares"] < 0.6 * facts[0]["squares"]
    assert facts[0]["contest"] == 0.0
    assert max(fact["contest"] for fact in facts) > 0.0
    found = explain(lesson.shapes, bars(), Search(), lesson.recogniser)
    assert (found.kind == torch.arange(10)).float().mean() >= 0.8
    logq = guesses(lesson.recogniser, bars(), 10)[0]
    assert torch.allclose(logq.exp().sum(1), torch.ones(10), atol=1e-4)


def test_broken_off_and_gone_on_with_it_comes_to_the_same():
    whole, first = begun(), begun()
    for _ in range(45):
        whole.go()
    for _ in range(20):
        first.go()
    again = begun()
    again.restore(copy.deepcopy(first.state()))
    assert again.step == 20
    for _ in range(25):
        again.go()
    for a, b in zip(whole.shapes.parameters(), again.shapes.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_recogniser_is_honest_about_rivals():
    """Competition moves the networks; the recogniser's gradient is the bound's alone, whatever competition counts."""
    slopes = []
    for contest in (0.0, 5.0):
        lesson = begun(Course(steps=10, awake=0.0, each=8, contest=contest))
        loss, _ = lesson._asleep(lesson.images[torch.arange(10).repeat_interleave(4)], torch.Generator().manual_seed(1))
        loss.backward()
        slopes.append([p.grad.clone() for p in lesson.recogniser.module.parameters() if p.grad is not None])
    for a, b in zip(*slopes, strict=True):
        assert torch.allclose(a, b)
