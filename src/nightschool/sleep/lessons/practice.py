"""Lessons: what the verifier passed, posed as the user will ask it.

A lesson is made of the model's own words, never of the truth; an expert's demonstrations are asked for by name.
Ref: anthony2017 (expert iteration); zelikman2022 (learning from one's own checked answers); snell2022 (an answer found
with a longer prompt, learned with the short one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from nightschool.errors import Leak
from nightschool.items import Item, Lesson, Prompt, Trace
from nightschool.ports import Expert

Pose = Callable[[Item], Prompt]


def lessons_from_traces(traces: Iterable[Trace], pose: Pose, *, most: int = 1) -> list[Lesson]:
    """Return lessons out of the answers that a verifier passed, at most `most` different ones for each item.

    pose: how the item is asked in the lesson; a search may have found its answers under a longer prompt with examples,
    whose keys the lesson keeps. Answers that were cut off are left out. Of an item's passed answers those drawn most
    often come first, then the earliest. Together they weigh 1 - r, where r = (passed + 1) / (draws + 2) is how often
    the item is expected to be solved next time: what already goes well teaches little.

    Raises Leak for traces whose verdicts came from a reference critic, or of an item that is not for practice.
    """
    lessons: list[Lesson] = []
    for trace in traces:
        if "critic=reference" in trace.strategy:
            raise Leak(
                f"the trace of {trace.task.item.id!r} was judged against the truth ({trace.strategy}); "
                "lessons are made of what a verifier passed"
            )
        counts: dict[str, int] = {}
        for thought in trace.thoughts:
            if thought.verdict is not None and thought.verdict.passed and thought.finish in ("end", "stop"):
                counts[thought.prefix.text] = counts.get(thought.prefix.text, 0) + 1
        chosen = sorted(counts, key=lambda answer: -counts[answer])[:most]
        item = trace.task.item
        prompt = pose(item)
        new = 1 - (sum(counts.values()) + 1) / (len(trace.thoughts) + 2)
        keys = frozenset({item.key}) | trace.task.prompt.keys | prompt.keys
        lessons += [Lesson(prompt, answer, "practice", keys, new / len(chosen)) for answer in chosen]
    return lessons


def lessons_from_expert(expert: Expert, items: Sequence[Item], pose: Pose) -> list[Lesson]:
    """Return a lesson for each item out of what `expert` does. Raises Leak for items that are not for practice.

    Ref: pomerleau1989 (plain imitation).
    """
    lessons = []
    for item in items:
        prompt = pose(item)
        lessons.append(Lesson(prompt, expert.demonstrate(item), "expert", prompt.keys | {item.key}))
    return lessons


def guard(lessons: Iterable[Lesson], examined: Sequence[Item], pose: Pose) -> None:
    """Raise Leak where a lesson asks what an examined item asks, whatever the keys say.

    The keys already keep splits apart (`Lesson` refuses any but practice items); this looks at the texts themselves,
    so that a world with a wrong key, or a file with the same question twice, is caught as well.
    """
    asked = {str(pose(item)): item for item in examined}
    for lesson in lessons:
        if (item := asked.get(str(lesson.prompt))) is not None:
            raise Leak(f"the exam item {item.id!r} was about to be learned: {item.inputs}; check the world's leak key")
