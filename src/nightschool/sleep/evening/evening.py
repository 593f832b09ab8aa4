"""What a night would learn, before anything is learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nightschool.items import Lesson
from nightschool.remember.memory import Memory
from nightschool.sleep.evening.select import Selection


@dataclass(frozen=True, slots=True)
class Evening:
    """selection: what was chosen and what was left; older: lessons of earlier nights; dropped: lessons that an exam
    asks and that are therefore not learned; steps: what the limits of the plan allow, None for as many as it takes;
    split: lessons too long for the context, which are learned in parts; unfit: those whose question alone fills it,
    which are not learned.
    """

    selection: Selection
    older: tuple[Lesson, ...]
    dropped: int
    steps: int | None
    split: int = 0
    unfit: int = 0

    @property
    def contradictions(self) -> tuple[tuple[Memory, Memory], ...]:
        """Return pairs of a memory that is learned tonight and an older one that it contradicts, which is not."""
        newer = {each.memory.id: each.memory for each in self.selection.chosen}
        return tuple(
            (newer[left.memory.superseded_by], left.memory)
            for left in self.selection.left
            if left.memory.superseded_by in newer
        )

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
            "split": self.split,
            "unfit": self.unfit,
            "contradictions": [
                {"learned": new.id, "left": old.id, "newer": new.text, "older": old.text}
                for new, old in self.contradictions
            ],
            "steps": self.steps,
        }
