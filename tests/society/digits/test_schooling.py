"""Lessons: losses fall, and a course broken off comes to the same weights."""

import copy

import torch

from nightschool.items import Noise
from nightschool.society.digits.guessing import guesses, recogniser_for, settle
from nightschool.society.digits.schooling import Course, Lesson
from nightschool.society.digits.search import Search, explain
from nightschool.society.digits.shapes import NAMES, Shapes
from nightschool.society.lanes import Lanes
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


def test_late_every_second_digit_is_moved_towards_its_rival():
    lesson = begun(Course(steps=10, awake=0.0, each=8, reach=1.5, late=0.5))
    seen, truth = lesson.images[torch.arange(10).repeat_interleave(4)], torch.arange(10).repeat_interleave(4)
    moved, still = lesson._towards_rivals(seen, truth, torch.Generator().manual_seed(1))
    far = (moved - seen).norm(dim=1)
    assert torch.equal(still > 0, torch.arange(40) % 2 == 0)
    assert bool((far[still > 0] == 0).all())
    assert bool((far[still == 0] > 0).all())
    assert float(far.max()) <= 1.5
    before, after = (explain(lesson.shapes, images, Search(), lesson.recogniser) for images in (seen, moved))
    n = torch.arange(40)
    lead = [
        one.log_joint[truth, n] - one.log_joint.scatter(0, truth[None], -torch.inf).amax(0) for one in (before, after)
    ]
    assert float((lead[1] - lead[0])[still == 0].mean()) < 0


def test_it_learns_with_moved_digits():
    lesson, facts = begun(Course(steps=120, awake=0.6, each=4, rate=1e-2, warm=5, bend=0.2, reach=1.0)), []
    while not lesson.done:
        facts.append(lesson.go())
    assert facts[-1]["squares"] < 0.6 * facts[0]["squares"]


def test_settling_makes_the_prior_true_and_changes_no_drawing():
    lesson = begun()
    for _ in range(40):
        lesson.go()
    shapes, recogniser, n = lesson.shapes, lesson.recogniser, torch.arange(60)
    with torch.no_grad():
        before = guesses(recogniser, lesson.images, 10)
        drawn = shapes.decode(before[1])
        settle(shapes, recogniser, lesson.images, lesson.labels)
        after = guesses(recogniser, lesson.images, 10)
        assert torch.allclose(shapes.decode(after[1]), drawn, atol=1e-3)
    own, width = after[1][lesson.labels, n], after[2][lesson.labels, n]
    for k in range(10):
        mine = lesson.labels == k
        assert torch.allclose(own[mine].mean(0), torch.zeros(3), atol=1e-3)
        apart = own[mine].T @ own[mine] / int(mine.sum())
        assert torch.allclose(apart.diagonal() + (2 * width[mine]).exp().mean(0), torch.ones(3), atol=1e-2)


def test_a_recogniser_proposes_where_it_settled():
    """What it proposes as a member of a program is what it guesses for search."""
    lesson = begun()
    for _ in range(20):
        lesson.go()
    settle(lesson.shapes, lesson.recogniser, lesson.images, lesson.labels)
    trace = lesson.recogniser.simulate(({"image": lesson.images[:1]},), Lanes.of(Noise(("r",)), 4000))
    kinds = trace["kind"]
    with torch.no_grad():
        _, middles, widths = guesses(lesson.recogniser, lesson.images[:1], 10)
    most = int(kinds.bincount().argmax())
    there = trace["shape"][kinds == most]
    assert torch.allclose(there.mean(0).float(), middles[most, 0], atol=4 * float(widths.exp().max()) / 10)
