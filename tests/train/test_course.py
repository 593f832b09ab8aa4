from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightschool.errors import UsageError
from nightschool.items import Lesson, Message, Prompt
from nightschool.train.course import take_course


@dataclass
class Told:
    loss: float


@dataclass
class Listener:
    heard: list[list[str]] = field(default_factory=list)

    def step(self, lessons: Sequence[Lesson]) -> Told:
        self.heard.append([lesson.answer for lesson in lessons])
        return Told(float(len(self.heard)))


def lessons(count: int) -> list[Lesson]:
    return [Lesson(Prompt((Message("user", "?"),)), str(i), "rehearsal") for i in range(count)]


@given(st.integers(1, 70), st.integers(1, 20), st.integers(1, 3), st.integers(0, 9))
def test_every_lesson_comes_as_often_as_any_other(count: int, batch: int, rounds: int, least: int) -> None:
    pupil = Listener()
    losses = take_course(pupil, lessons(count), seed=0, rounds=rounds, batch=batch, least_steps=least)
    often = Counter(answer for hand in pupil.heard for answer in hand)
    assert set(often) == {str(i) for i in range(count)}
    assert min(often.values()) >= rounds
    assert max(often.values()) - min(often.values()) <= 1
    assert len(losses) >= least
    assert losses == [float(i + 1) for i in range(len(losses))]


def test_the_order_depends_on_the_seed_alone() -> None:
    heard = []
    for seed in (1, 1, 2):
        pupil = Listener()
        take_course(pupil, lessons(40), seed=seed)
        heard.append(pupil.heard)
    assert heard[0] == heard[1] != heard[2]


def test_no_lessons_is_no_course() -> None:
    with pytest.raises(UsageError, match="lessons"):
        take_course(Listener(), [], seed=0)
