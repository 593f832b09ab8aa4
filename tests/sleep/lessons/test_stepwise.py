"""Answers of steps, gone on with from a learner's own beginnings: text for text as it would be written in one go."""

from __future__ import annotations

import random

import pytest

from nightschool.items import Item, Noise, Prefix, Prompt, Segment, Split, Task, Thought, Trace, Usage
from nightschool.ports import Stepwise
from nightschool.sleep.lessons.stepwise import Answering, Begun
from nightschool.sleep.lessons.teachers import guided, imitated, walked
from nightschool.worlds.open import open_world

WORLDS = ["sorting:n=4", "automaton:steps=5", "copying:kind=all,n=4", "arithmetic:digits=1,steps=3"]


def walk_of(spec: str) -> tuple[Answering, Item]:
    world = open_world(spec)
    expert = world.expert
    assert isinstance(expert, Stepwise)
    item = world.items(Split.PRACTICE, 1, 0)[0]
    return Answering(expert, lambda each: world.pose(each, world.wordings[0])), item


@pytest.mark.parametrize("spec", WORLDS)
def test_beginning_and_rest_are_the_expert_s_answer_letter_for_letter(spec: str) -> None:
    walk, item = walk_of(spec)
    world = open_world(spec)
    assert world.expert is not None
    whole = world.expert.demonstrate(item)
    (lesson,) = imitated(walk, [Begun(item)])
    assert (lesson.answer, lesson.ended, lesson.prompt.prefill) == (whole, True, "")
    steps = walk.read(whole)
    assert len(steps) > 2
    for begun in range(1, len(steps)):
        (lesson,) = imitated(walk, [Begun(item, tuple(steps[:begun]))])
        assert lesson.prompt.prefill + lesson.answer == whole
        assert not lesson.prompt.prefill.endswith(" ")
        assert lesson.ended
        assert lesson.keys == {item.key}


@pytest.mark.parametrize("spec", WORLDS)
def test_a_stretch_that_stops_on_the_way_teaches_no_end(spec: str) -> None:
    walk, item = walk_of(spec)
    steps = walk.read(open_world(spec).expert.demonstrate(item))  # type: ignore[union-attr]
    run = walked(walk, Begun(item), steps)
    for lesson in guided(walk, [run], 20, 0.0, random.Random(1), span=1):
        whole = lesson.prompt.prefill + lesson.answer
        assert lesson.ended == (whole == open_world(spec).expert.demonstrate(item))  # type: ignore[union-attr]


def test_after_a_mistake_the_right_step_of_the_next_place_follows() -> None:
    walk, item = walk_of("sorting:n=4")
    right = [each.strip() for each in str(item.target).split(",")]
    begun = (right[0], "77", right[2])
    run = walked(walk, Begun(item), begun)
    assert [visit.right for visit in run] == [True, False, True]
    (lesson,) = imitated(walk, [Begun(item, begun)])
    assert lesson.prompt.prefill == f"{right[0]}, 77, {right[2]},"
    assert lesson.answer == f" {right[3]}"


def test_what_was_drawn_is_read_as_runs() -> None:
    walk, item = walk_of("sorting:n=4")
    right = [each.strip() for each in str(item.target).split(",")]
    said = [f"{right[0]}, {right[1]}, {right[3]}", "I cannot sort", f" {', '.join(right)}, 5, 6 ", ""]
    runs = walk.runs([trace_of(item, said)])
    assert [[visit.right for visit in run] for run in runs] == [[True, True, False], [False], [True] * 4]


def trace_of(item: Item, said: list[str]) -> Trace:
    prompt = Prompt(text="?")
    thoughts = tuple(
        Thought(i, None, Prefix(prompt, (Segment(text),)), text, finish="stop") for i, text in enumerate(said)
    )
    task = Task(item, prompt)
    return Trace(task, "best-of-n", Noise(("t",)), thoughts, thoughts[0], Usage(), "done")
