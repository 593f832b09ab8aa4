"""Lessons as lines of JSON, as they are kept on disk: what is read back is what was written, id by id."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from nightschool.items import Lesson, Message, Prompt


def to_lines(lessons: Iterable[Lesson]) -> str:
    """Return a line for each lesson, in their order."""
    return "".join(json.dumps(_plain(lesson), ensure_ascii=False) + "\n" for lesson in lessons)


def from_lines(text: str) -> list[Lesson]:
    """Return the lessons that `to_lines` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    return [_lesson(json.loads(line)) for line in text.split("\n") if line]


def _lesson(plain: dict[str, Any]) -> Lesson:
    said = dict(plain["prompt"])
    said["messages"] = tuple(Message(**message) for message in said["messages"])
    said["keys"] = frozenset(said["keys"])
    if said.get("tokens") is not None:
        said["tokens"] = tuple(said["tokens"])
    return Lesson(
        Prompt(**said), plain["answer"], plain["source"], frozenset(plain["keys"]), plain["weight"], plain["ended"],
        frozenset(plain.get("memories", ())),
    )  # fmt: skip


def _plain(lesson: Lesson) -> dict[str, object]:
    plain = asdict(lesson)
    plain["keys"] = sorted(lesson.keys)
    plain["memories"] = sorted(lesson.memories)
    plain["prompt"]["keys"] = sorted(lesson.prompt.keys)
    return {"id": lesson.id, **plain}
