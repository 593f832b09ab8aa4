"""What a night keeps while it is unfinished, so that one that was interrupted goes on with the very same evening.

Whatever was weighed or sampled is read back and not done again: a second time, in other company, bfloat16 would round
otherwise, and the weights would not be those of an undisturbed night.

    evening.json     which memories were chosen, how well each was known, what was left and why
    lessons.jsonl    what the chosen ones make
    rehearsal.jsonl  what the old self said
    losses.json, learner-N.safetensors, taught.json   see `sleep.teach`
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from nightschool.errors import NightError
from nightschool.items import Lesson
from nightschool.paths import write_durably
from nightschool.remember.memory import Memory
from nightschool.remember.store.port import Store
from nightschool.sleep.evening.evening import Evening
from nightschool.sleep.evening.select import Candidate, Left, Selection
from nightschool.sleep.lessons.lines import from_lines, to_lines

EVENING, LESSONS, REHEARSAL = "evening.json", "lessons.jsonl", "rehearsal.jsonl"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The folder of one unfinished night, which is made when something is first kept in it."""

    folder: Path

    def keep(self, evening: Evening) -> None:
        """Write down what `evening` chose. Raises NightError where there is no room for it."""
        plain = {
            "chosen": [
                {"memory": each.memory.id, "nats": each.nats, "lessons": len(each.lessons)}
                for each in evening.selection.chosen
            ],
            "left": [{"memory": left.memory.id, "why": left.why} for left in evening.selection.left],
            "dropped": evening.dropped, "steps": evening.steps, "split": evening.split,
            "unfit": evening.unfit,
        }  # fmt: skip
        self._write(LESSONS, to_lines(evening.selection.lessons))
        self._write(EVENING, json.dumps(plain))  # last: where it is, the lessons are whole

    def evening(self, store: Store, older: Sequence[Lesson]) -> Evening | None:
        """Return the evening that was kept, None where there is none, or a memory of it is gone from `store`.

        older: lessons of earlier nights, which are not kept again.
        """
        try:
            plain = json.loads((self.folder / EVENING).read_text(encoding="utf-8"))
            lessons = iter(from_lines((self.folder / LESSONS).read_text(encoding="utf-8")))
            ids = [each["memory"] for each in (*plain["chosen"], *plain["left"])]
            return _evening(plain, lessons, store.get(ids), older)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def rehearsal(self, sample: Callable[[], list[Lesson]]) -> list[Lesson]:
        """Return what the old self said when it was first asked; `sample` asks it, where that was never done.

        Raises NightError where there is no room for it, and what `sample` raises.
        """
        try:
            return from_lines((self.folder / REHEARSAL).read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError):
            said = sample()
        self._write(REHEARSAL, to_lines(said))
        return said

    def _write(self, name: str, text: str) -> None:
        try:
            write_durably(self.folder / name, text)
        except OSError as error:
            raise NightError(
                f"cannot keep what the night begins with in {self.folder / name}: {error}; the old mind stays. Make "
                "room, and hold the night again"
            ) from error


def names_any(folder: Path, memories: frozenset[str]) -> bool:
    """Return whether the unfinished night in `folder` would learn one of `memories`, by id."""
    try:
        plain = json.loads((folder / EVENING).read_text(encoding="utf-8"))
        return any(each["memory"] in memories for each in plain["chosen"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _evening(
    plain: dict[str, Any], lessons: Iterator[Lesson], memories: dict[str, Memory], older: Sequence[Lesson]
) -> Evening | None:
    chosen = []
    for each in plain["chosen"]:
        mine = tuple(islice(lessons, each["lessons"]))
        if each["memory"] not in memories or len(mine) < each["lessons"]:
            return None
        chosen.append(Candidate(memories[each["memory"]], mine, each["nats"]))
    left = [Left(memories[each["memory"]], each["why"]) for each in plain["left"] if each["memory"] in memories]
    return Evening(
        Selection(tuple(chosen), tuple(left)),
        tuple(older),
        plain["dropped"],
        plain["steps"],
        plain["split"],
        plain["unfit"],
    )
