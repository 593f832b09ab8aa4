"""Lessons are made of what a verifier passed, on practice items, as the user will ask."""

import pytest

from nightschool.errors import Leak
from nightschool.items import (
    Item,
    Message,
    Noise,
    Prefix,
    Prompt,
    Segment,
    Split,
    Task,
    Thought,
    Trace,
    Usage,
    Verdict,
    split_of,
)  # fmt: skip
from nightschool.sleep.lessons.practice import guard, lessons_from_expert, lessons_from_traces


def key(split, start=0):
    return next(str(i) for i in range(start, start + 1000) if split_of(str(i)) is split)


def item(split=Split.PRACTICE, start=0):
    name = key(split, start)
    return Item(name, {"input": name}, f"truth {name}", name)


def pose(asked):
    return Prompt((Message("user", asked.inputs["input"]),))


def trace(asked, answers, strategy="best-of-n:n=4", shown=frozenset()):
    prompt = Prompt((Message("user", "examples, then " + asked.inputs["input"]),), keys=shown)
    thoughts = tuple(
        Thought(i, None, Prefix(prompt, (Segment(text),)), text, finish, verdict=Verdict.of(passed))
        for i, (text, passed, finish) in enumerate(answers)
    )
    return Trace(Task(asked, prompt), strategy, Noise((0,)), thoughts, None, Usage(), "done")


def test_learns_what_passed_and_asks_as_the_user_will():
    asked = item()
    lessons = lessons_from_traces([trace(asked, [("wrong", False, "stop"), ("right", True, "stop")])], pose)
    assert [(each.prompt, each.answer, each.source) for each in lessons] == [(pose(asked), "right", "practice")]
    assert lessons[0].keys == {asked.key}


def test_never_learns_from_the_truth():
    asked = item()
    assert lessons_from_traces([trace(asked, [("wrong", False, "stop")])], pose) == []


def test_an_item_solved_often_weighs_no_more_than_one_solved_once():
    answers = [("a", True, "stop"), ("b", True, "stop"), ("a", True, "stop")]
    one = lessons_from_traces([trace(item(), answers)], pose)
    two = lessons_from_traces([trace(item(), answers)], pose, most=2)
    assert [each.answer for each in one] == ["a"]
    assert [each.answer for each in two] == ["a", "b"]
    assert sum(each.weight for each in two) == pytest.approx(sum(each.weight for each in one))


def test_what_already_goes_well_weighs_little():
    weights = [
        lessons_from_traces([trace(item(), [("a", i < passed, "stop") for i in range(8)])], pose)[0].weight
        for passed in (1, 4, 8)
    ]
    assert weights == pytest.approx([0.8, 0.5, 0.1])


def test_answers_that_were_cut_off_are_not_learned():
    assert lessons_from_traces([trace(item(), [("cut", True, "length")])], pose) == []


def test_examples_shown_in_the_search_stay_on_the_record():
    shown = key(Split.PRACTICE, 50)
    lessons = lessons_from_traces([trace(item(), [("a", True, "end")], shown=frozenset({shown}))], pose)
    assert shown in lessons[0].keys


@pytest.mark.parametrize("split", [Split.TUNE, Split.EXAM])
def test_exam_and_tune_items_never_become_lessons(split):
    with pytest.raises(Leak, match=str(split)):
        lessons_from_traces([trace(item(split), [("a", True, "stop")])], pose)


def test_a_search_guided_by_the_truth_teaches_nothing():
    with pytest.raises(Leak, match="against the truth"):
        lessons_from_traces([trace(item(), [("a", True, "stop")], "best-of-n:n=4,critic=reference")], pose)


class Shows:
    def demonstrate(self, asked):
        return f"shown {asked.id}"


def test_an_expert_shows_practice_items_only():
    lessons = lessons_from_expert(Shows(), [item()], pose)
    assert lessons[0].source == "expert"
    with pytest.raises(Leak):
        lessons_from_expert(Shows(), [item(Split.EXAM)], pose)


def test_the_guard_sees_a_question_that_hides_behind_another_key():
    examined = item(Split.EXAM)
    twin = Item("twin", dict(examined.inputs), None, key(Split.PRACTICE))
    lessons = lessons_from_traces([trace(twin, [("a", True, "stop")])], pose)
    with pytest.raises(Leak, match="about to be learned"):
        guard(lessons, [examined], pose)
    guard(lessons, [item(Split.EXAM, 500)], pose)
