"""An expert over the learner's shoulder: what it is taught begins where it came to, and a kill changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nightschool.day.guiding import expert_of
from nightschool.day.school import hold_term
from nightschool.day.term import TermPlan, read_term
from nightschool.errors import StopRequested, Unsupported
from nightschool.items import Split, split_of
from nightschool.worlds.open import open_world
from support.learning import LIST, Counters, Listening, Studying

from .test_school import WORLD, school

PLAN = TermPlan(rounds=3, steps=2, batch=4, settle=2)


def erring(at: int, learned_after: int) -> Callable[[int], Callable[[str], str]]:
    """Return what writes 99 in place `at` of a sorted list, until it took so many steps."""

    def learned(steps: int) -> Callable[[str], str]:
        def answer(prompt: str) -> str:
            asked, _, begun = prompt.rpartition("assistant: ")
            if not LIST.search(asked):
                return "It rained."
            right = sorted(map(int, LIST.findall(asked)[-1].split(", ")))
            said = [99 if i == at and steps < learned_after else number for i, number in enumerate(right)]
            done = len(re.findall(r"\d+", begun))
            return (" " if done else "") + ", ".join(map(str, said[done:]))

        return answer

    return learned


def term_of(folder: Path, teacher: str, model: Studying, **more: Any) -> Any:
    given = {"plan": PLAN, "expert": WORLD.expert, "teacher": teacher, "rehearsal": ()} | more
    return hold_term(school(folder, model, **given))


def test_the_expert_goes_on_from_the_learners_own_beginnings(tmp_path: Path) -> None:
    begin = Counters()
    term = term_of(tmp_path, "guided", Studying(erring(1, 99)), begin=begin)
    assert term.adapter is not None  # though nothing passed
    assert {lesson.source for lesson in begin.lessons} == {"expert"}
    begun = [lesson.prompt.prefill.split(",") for lesson in term.lessons]
    assert {len(each) for each in begun} >= {1, 2, 3}
    off = [each for each in begun if len(each) > 2]
    assert all(each[1].strip() == "99" for each in off)  # behind its own mistake
    assert 0.1 < len(off) / len(begun) < 0.5
    assert all(split_of(key) is Split.PRACTICE for lesson in term.lessons for key in lesson.keys)


def test_the_same_positions_come_again_until_they_are_cracked(tmp_path: Path) -> None:
    begin = Counters()
    term = term_of(tmp_path, "taught", Studying(erring(2, 4)), begin=begin)
    assert all(lesson.prompt.prefill.count(",") == 2 for lesson in begin.lessons)  # from where it went wrong
    first = {lesson.id for lesson in begin.lessons[:8]}
    assert first & {lesson.id for lesson in begin.lessons[8:16]}
    assert len(term.lessons) == len({lesson.id for lesson in term.lessons})
    assert term.open  # the third round found them right for the first time, and twice is asked for
    assert {each.streak for each in term.open} == {1}


@pytest.mark.parametrize("teacher", ["guided", "taught"])
def test_a_term_that_was_stopped_goes_on_to_the_same_weights(teacher: str, tmp_path: Path) -> None:
    def at(name: str) -> None:
        if name.startswith("practice, round 3"):
            raise StopRequested

    whole = term_of(tmp_path / "whole", teacher, Studying(erring(2, 4)))
    with pytest.raises(StopRequested):
        term_of(tmp_path / "stopped", teacher, Studying(erring(2, 4)), watch=Listening(at))
    assert len(read_term(tmp_path / "stopped").rounds) == 2
    again = term_of(tmp_path / "stopped", teacher, Studying(erring(2, 4)))
    assert again.adapter.name == whole.adapter.name
    assert (again.open, again.lessons) == (whole.open, whole.lessons)


def test_who_makes_no_mistake_is_taught_nothing(tmp_path: Path) -> None:
    begin = Counters()
    term = term_of(tmp_path, "taught", Studying(erring(2, 0)), begin=begin)
    assert term.adapter is None
    assert not begin.begun


@pytest.mark.parametrize(
    ("task", "teacher", "said"),
    [
        ("chess", "guided", "--teacher expert shows whole answers"),
        ("copying:kind=induction", "taught", "--teacher expert shows whole answers"),
        ("arithmetic", "guided", "--teacher expert shows whole answers"),
    ],
)
def test_where_nobody_can_go_on_from_a_beginning_it_is_said(task: str, teacher: Any, said: str) -> None:
    with pytest.raises(Unsupported, match=said):
        expert_of(open_world(task), teacher)
    assert expert_of(open_world(task), "expert") is not None
    assert expert_of(open_world(task), "self") is None
