"""Lessons too long for a model's context, cut into lessons that do; each cut, and what fits in no way, is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from nightschool.items import Lesson, Prompt

_AROUND = 96  # tokens that a chat template and the end of a turn may add


@dataclass(frozen=True, slots=True)
class Fitted:
    """lessons: all of them fit; split: how many were cut to make them; unfit: how many were left out, because their
    question alone leaves no room: cut elsewhere they would teach something else.
    """

    lessons: tuple[Lesson, ...]
    split: int
    unfit: int


def fitted(lessons: Iterable[Lesson], count_tokens: Callable[[str], int], context_tokens: int) -> Fitted:
    """Return `lessons`, those too long for the context in pieces: the first behind its prompt, each other one behind
    the words before it, half a context of them.
    """
    room = context_tokens - _AROUND
    made: list[Lesson] = []
    split = unfit = 0
    for lesson in lessons:
        text = str(lesson.prompt) + lesson.answer
        if len(text.encode()) <= room or count_tokens(text) <= room:  # a token is a byte or more
            made.append(lesson)
            continue
        pieces = _pieces(lesson, count_tokens, room)
        split, unfit = split + bool(pieces), unfit + (not pieces)
        made += pieces
    return Fitted(tuple(made), split, unfit)


def _pieces(lesson: Lesson, count_tokens: Callable[[str], int], room: int) -> list[Lesson]:
    """Return the lesson in pieces that fit; none where its prompt takes more than three quarters of the context."""
    left = room - count_tokens(str(lesson.prompt))
    if left < room // 4:
        return []
    words = lesson.answer.split()
    pieces = [" ".join(run) for run in _runs(words, count_tokens, min(left, room // 2))]
    made = [replace(lesson, answer=pieces[0], ended=len(pieces) == 1)]
    for before, piece in pairwise(pieces):
        made.append(replace(lesson, prompt=Prompt(text=before), answer=f" {piece}", ended=piece is pieces[-1]))
    return made


def _runs(words: list[str], count_tokens: Callable[[str], int], most: int) -> list[list[str]]:
    """Return `words` in halves of halves until each run has at most `most` tokens; a single word is never cut."""
    if len(words) < 2 or count_tokens(" ".join(words)) <= most:
        return [words]
    half = len(words) // 2
    return _runs(words[:half], count_tokens, most) + _runs(words[half:], count_tokens, most)
