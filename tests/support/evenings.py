"""A night over two told facts and a question, by a scripted model whose pupil counts its lessons."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nightschool.drive import Drive
from nightschool.models.script import Answer
from nightschool.remember.memory import Memory
from nightschool.remember.store.port import Store
from nightschool.sleep.lessons.study import study
from nightschool.sleep.nights.ledger import Ledger
from nightschool.sleep.plan import NightPlan
from nightschool.sleep.sleeper import Sleeper
from nightschool.worlds.open import open_world
from support.learning import Counters, Listening, Studying, sorter

SORTING = open_world("sorting:n=3,low=10,high=99")
WATCHED = [(SORTING, SORTING.wordings[0])]
PLAN = NightPlan(
    least_rehearsed=0,
    passes=1,
    batch=8,
    settle=1,
    rehearsal=0.25,
    watched_items=60,
    text_tokens=0,
    rehearsed_items=5,
    checkpoint_steps=2,
)
TOLD = ("Ada Molbane lives in Vekburg.", "Ada Molbane works as a baker.", "Where is Ada?")
LEARNED = {str(lesson.prompt): lesson.answer for text in TOLD for lesson in study(Memory(text, 0.0))}


def knows(after: int, harm: float = 0.0) -> Callable[[int], Callable[[str], Answer]]:
    """Return what a model says that learns the facts in `after` steps, and forgets to sort as its adapter is harmed."""

    def learned(steps: int) -> Callable[[str], Answer]:
        sort = sorter(lambda numbers: 0.8 if not steps else 0.8 * (1 - harm))

        def answer(prompt: str) -> Answer:
            if "Ada" in prompt or "Vekburg" in prompt or "baker" in prompt:
                return LEARNED.get(prompt, "Vekburg or baker") if steps >= after else "I do not know."
            return sort(prompt) if re.search(r"\d", prompt) else "It rained."

        return answer

    return learned


class Pupils:
    """Makes pupils that begin with what the night before knew, and remembers them."""

    def __init__(self) -> None:
        self.made: list[Any] = []

    def __call__(self, wakes: Any) -> Counters:
        self.made.append(wakes)
        return Counters()


def sleeper(store: Store, tmp_path: Path, model: Any = None, **more: Any) -> Sleeper:
    """Return who sleeps over `store`, with the nights in `tmp_path`; more: fields to override."""
    model = model or Studying(knows(after=1))
    given: dict[str, Any] = {
        "store": store, "drive": Drive(model), "ledger": Ledger(tmp_path / "nights"), "plan": PLAN, "watched": WATCHED,
        "watch": Listening(), "now": 100.0, "created": "2026-01-02T03:04:05+00:00", "clock": lambda: 0.0,
        "pupils": Pupils(), "between": lambda old, new, share, folder: new,
    }  # fmt: skip
    return Sleeper(**(given | more))
