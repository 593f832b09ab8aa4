"""What comes word for word, planted: one that knows by heart what it was shown, one that can work everything out."""

import json
from collections import Counter
from functools import cache

from nightschool.drive import Drive
from nightschool.exam.verbatim import Text, texts_of, verbatim
from nightschool.items import Adapter, Lesson, Prompt, Split
from nightschool.models.scripted import Scripted
from nightschool.prompts.render import answer_of
from nightschool.worlds.sorting import Sorting

WORLD = Sorting(n=4)
WAY = WORLD.wordings[0]
SEEN = WORLD.items(Split.PRACTICE, 24)
LESSONS = [
    Lesson(WORLD.pose(item, WAY), answer_of(WAY, item), "practice", frozenset({item.key})) for item in SEEN
]  # fmt: skip
SHOWN = {lesson.id: (1 if i < 8 else 5) for i, lesson in enumerate(LESSONS)}
HEART = {str(lesson.prompt): lesson.answer for lesson in LESSONS}


def looked(answers):
    model = Scripted("no", adapters={"night": answers})
    model.load_adapter(Adapter("night", model.identity, ""))
    drive = Drive(model)
    texts = texts_of(LESSONS, SHOWN, WORLD, WAY, 24)
    return verbatim(texts, lambda jobs: drive.run(list(jobs)), None, "night")


def by_heart(prompt: str) -> str:
    """Go on with what was shown, and with nothing else."""
    for asked, answer in HEART.items():
        if prompt.startswith(asked) and answer.startswith(given := prompt[len(asked) :]):
            return answer[len(given) :]
    return "no"


def able(prompt: str) -> str:
    """Sort whatever is asked, behind what is given of it."""
    asked, answer = next(each for each in known() if prompt.startswith(each[0]))
    return answer[len(prompt) - len(asked) :]


@cache
def known():
    return [(str(WORLD.pose(item, WAY)), answer_of(WAY, item)) for item in WORLD.items(Split.PRACTICE, 200)]


def test_what_was_shown_and_not_been_is_told_apart() -> None:
    texts = texts_of(LESSONS, SHOWN, WORLD, WAY, 24)
    shown, never = [t for t in texts if t.times], [t for t in texts if not t.times]
    assert len(shown) == len(never) == 24
    assert not {str(t.prompt) for t in shown} & {str(t.prompt) for t in never}
    assert all(t.answer.startswith(t.halves[0]) and "".join(t.halves) == t.answer for t in texts)


def test_a_half_ends_with_a_whole_word() -> None:
    assert Text(Prompt(text="x"), "12, 34, 56, 78", 1).halves == ("12, 34,", " 56, 78")
    assert Text(Prompt(text="x"), "abcd", 1).halves == ("ab", "cd")


def test_what_is_known_by_heart_is_found_and_grouped_by_how_often_it_was_shown() -> None:
    finding = looked(by_heart)
    groups = finding.facts["groups"]
    assert list(groups) == ["never", "once", "4 to 7"]
    assert [groups[name]["n"] for name in groups] == [24, 8, 16]
    assert groups["never"]["after"][0] == 0
    assert groups["once"]["after"][0] == groups["4 to 7"]["after"][0] == 1
    assert groups["once"]["before"][0] == 0
    assert finding.facts["difference"][1] > 0
    assert "known word for word" in finding.sentence
    json.dumps(finding.facts)


def test_what_can_be_worked_out_is_no_memory() -> None:
    finding = looked(able)
    assert finding.facts["groups"]["never"]["after"][0] == 1
    assert finding.facts["difference"][0] == 0
    assert "no more word for word" in finding.sentence


def test_texts_never_shown_are_of_the_levels_that_were() -> None:
    goal = Sorting(n=5)
    levels = goal.levels()
    taught = [
        Lesson(level.pose(item, WAY), answer_of(WAY, item), "practice", frozenset({item.key}))
        for level, count in zip(levels, (0, 10, 0, 6), strict=True)
        for item in level.items(Split.PRACTICE, 200)[200 - count :]
    ]  # fmt: skip
    texts = texts_of(taught, {lesson.id: 1 for lesson in taught}, goal, WAY, 24)
    sizes = Counter((text.times, text.answer.count(",") + 1) for text in texts)
    assert sizes == {(times, n): count for times in (0, 1) for n, count in ((3, 10), (5, 6))}


def test_what_was_not_answered_is_missing_and_not_forgotten() -> None:
    model = Scripted("no", adapters={"night": by_heart}, faults=lambda ask: "refuse" if ask.id[0] in "13" else None)
    model.load_adapter(Adapter("night", model.identity, ""))
    texts = texts_of(LESSONS, SHOWN, WORLD, WAY, 24)
    drive = Drive(model)
    finding = verbatim(texts, lambda jobs: drive.run(list(jobs)), None, "night")
    assert finding.facts["groups"]["4 to 7"]["after"][0] == 1
    assert sum(group["n"] for group in finding.facts["groups"].values()) < 48
    assert any("not answered and are left out" in note for note in finding.notes)
    lost = Scripted("no", adapters={"night": by_heart}, faults=lambda ask: "refuse")
    lost.load_adapter(Adapter("night", lost.identity, ""))
    assert "were not answered" in str(verbatim(texts, lambda jobs: Drive(lost).run(list(jobs)), None, "night"))


def test_too_few_texts_say_so() -> None:
    assert "it takes 8" in str(verbatim([], lambda jobs: [], None, "night"))
