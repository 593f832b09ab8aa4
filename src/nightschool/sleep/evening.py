"""What a night would learn, before anything is learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nightschool.items import Lesson
from nightschool.sleep.select import Selection


@dataclass(frozen=True, slots=True)
class Evening:
    """selection: what was chosen and what was left; older: lessons of earlier nights; dropped: lessons that an exam
    asks and that are therefore not learned; steps: what the limits of the plan allow, None for as many as it takes.
    """

    selection: Selection
    older: tuple[Lesson, ...]
    dropped: int
    steps: int | None

    def as_dict(self) -> dict[str, Any]:
        """Return the evening as JSON can write it."""
        return {
            "chosen": [
                {
                    "memory": each.memory.id,
                    "text": each.memory.text,
                    "nats": each.nats,
                    "lessons": len(each.lessons),
                }
                for each in self.selection.chosen
            ],
            "left": [
                {"memory": left.memory.id, "text": left.memory.text, "why": left.why} for left in self.selection.left
            ],
            "lessons": len(self.selection.lessons),
            "older_lessons": len(self.older),
            "dropped": self.dropped,
            "steps": self.steps,
        }
