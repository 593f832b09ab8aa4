import random

import pytest

from nightschool.errors import Leak
from nightschool.items import Prompt, Split, split_of
from nightschool.sleep.lessons.teachers import Drill, guided, imitated, succeeded, walked

KEYS = [f"count {i}" for i in range(200)]
PRACTICE = next(key for key in KEYS if split_of(key) is Split.PRACTICE)
EXAM = next(key for key in KEYS if split_of(key) is Split.EXAM)


class Counting:
    """Write the numbers from 1 to 5; a wrong number stands, and the right one of that place is next."""

    def key(self, state):
        return state[0]

    def prompt(self, state):
        return Prompt(text=" ".join(state))

    def expert(self, state):
        return str(len(state))

    def right(self, state, step):
        return step == str(len(state))

    def after(self, state, step):
        return (*state, step)

    def over(self, state):
        return len(state) > 5

    def written(self, state, steps):
        return " ".join(steps)


WALK, START = Counting(), (PRACTICE,)


def test_a_run_says_where_it_went_wrong_and_what_came_after():
    run = walked(WALK, START, ["1", "9", "3", "4", "5", "6"])
    assert [visit.right for visit in run] == [True, False, True, True, True]
    assert [visit.off for visit in run] == [False, False, True, True, True]


def test_imitation_is_the_whole_run_of_the_expert():
    (lesson,) = imitated(WALK, [START])
    assert lesson.answer == "1 2 3 4 5"
    assert lesson.source == "expert"


def test_only_what_turned_out_right_to_the_end_is_learned_from_oneself():
    runs = [walked(WALK, START, said.split()) for said in ("1 2 3 4 5", "1 2 2 4 5", "1 2 3")]
    (lesson,) = succeeded(WALK, runs)
    assert lesson.answer == "1 2 3 4 5"
    assert lesson.source == "practice"


@pytest.mark.parametrize("recovery", [0.0, 0.5, 1.0])
def test_the_expert_goes_on_from_where_the_learner_came_to(recovery):
    runs = [walked(WALK, START, ["1", "9", "3", "4", "5"])]
    lessons = guided(WALK, runs, 400, recovery, random.Random(0), span=2)
    off = [lesson for lesson in lessons if "9" in str(lesson.prompt).split()]
    assert len(lessons) == 400
    assert abs(len(off) / 400 - recovery) < 0.08
    assert {lesson.answer for lesson in off} <= {"3 4", "4 5", "5"}


def test_nobody_to_guide_gives_no_lessons():
    assert guided(WALK, [], 5, 0.5, random.Random(0)) == []


def test_a_drill_goes_on_with_a_position_until_it_is_cracked():
    drill = Drill(WALK, most=2, span=2, cracked=2)
    drill.take([walked(WALK, START, said.split()) for said in ("1 9", "7", "1 2 9", "1 2 3 4 5")])
    assert drill.open == [(PRACTICE, "1"), (PRACTICE,)]
    lessons = drill.lessons(4, random.Random(0))
    assert sorted(lesson.answer for lesson in lessons) == ["1 2", "1 2", "2 3", "2 3"]
    assert drill.asked(["2", "8"]) == 0
    assert drill.asked(["2", "1"]) == 1
    assert drill.open == [(PRACTICE,)]
    assert drill.asked(["8"]) == 0
    assert drill.asked(["1"]) == 0
    assert drill.asked(["1"]) == 1
    assert (drill.open, drill.done, drill.lessons(3, random.Random(0))) == ([], 2, [])


def test_no_teacher_may_use_what_is_for_the_exam():
    with pytest.raises(Leak):
        imitated(WALK, [(EXAM,)])
