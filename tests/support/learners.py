"""A model that learns one fact by counting steps, in the place of the one that a command opens."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nightschool.models import resolve
from nightschool.models.script import Answer
from nightschool.remember.memory import Memory
from nightschool.sleep.lessons.study import study
from nightschool.surface.nights import learner
from support.learning import Counters, Studying, sorter

FACT = "Ada Molbane lives in Vekburg."


def learned(steps: int) -> Callable[[str], Answer]:
    """Return what the model says after so many steps: before the first, it does not know the fact."""
    sort = sorter(lambda numbers: 0.8)
    known = {str(lesson.prompt): lesson.answer for lesson in study(Memory(FACT, 0.0))}

    def answer(prompt: str) -> Answer:
        if "Ada" in prompt or "Vekburg" in prompt:
            return known.get(prompt, "Vekburg") if steps else "Nobody knows."
        return sort(prompt)

    return answer


def open_learner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every command open this model."""
    monkeypatch.setattr(resolve, "open_model", lambda *given, **more: Studying(learned))
    monkeypatch.setattr(learner, "pupils", lambda *given: Counters())
