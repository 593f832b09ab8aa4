"""A model that learns by counting its lessons: the whole of a term and a day without any weights.

`Studying` is a scripted model that says, under an adapter, what a function of the number of gradient steps says;
`Counting` is its pupil, which keeps the port `sleep.teach.Pupil` and writes real folders, named by their content.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightschool.asks import Progress, Weighed
from nightschool.items import Adapter, Item, Lesson, digest
from nightschool.models.script import Answer, Answers, Spoken
from nightschool.models.scripted import Scripted
from nightschool.paths import new_folder
from nightschool.ports import Ability
from nightschool.train.adapter_name import CONFIG, WEIGHTS, name_of

LIST = re.compile(r"-?\d+(?:, -?\d+)+")


def numbers(prompt: str) -> list[int]:
    """Return the numbers that a prompt asks to sort: its last list."""
    return [int(number) for number in LIST.findall(prompt)[-1].split(", ")]


def sorter(skill: Callable[[list[int]], float]) -> Callable[[str], Answer]:
    """Return what sorts the asked numbers with the probability that `skill` gives, and otherwise says `no`."""

    def answer(prompt: str) -> Answer:
        if not LIST.search(prompt):
            return "It rained."
        asked = numbers(prompt)
        right = ", ".join(map(str, sorted(asked)))
        return {right: skill(asked), "no": 1 - skill(asked)}

    return answer


def climbing(steps: int) -> Callable[[str], Answer]:
    """Return what sorts ever harder lists, the more steps were taken: three digits, three numbers, four numbers."""

    def skill(asked: list[int]) -> float:
        hard = (max(asked) > 9) + (len(asked) > 3)  # 0, 1, 2: the levels of sorting four two-digit numbers
        reached = steps // 2
        return 1.0 if reached > hard else 0.4 if reached == hard else 0.0

    return sorter(skill)


class Studying(Scripted):
    """A scripted model that can be trained. learned: what it says after n steps; spent: tokens, by its own count."""

    def __init__(self, learned: Callable[[int], Answers] = climbing, **more: Any) -> None:
        super().__init__(learned(0), identity="studying", **more)
        self.abilities = self.abilities | {Ability.TRAIN}
        self.learned = learned
        self.spent = 0

    def load_adapter(self, adapter: Adapter) -> None:
        known = json.loads((Path(adapter.path) / WEIGHTS).read_bytes())
        self._loaded[adapter.name] = Spoken(self.learned(len(known)))

    def step(self) -> Progress:
        progress = super().step()
        self.spent += sum(delta.tokens for delta in progress.deltas)
        self.spent += sum(r.usage.weighed_tokens for r in progress.replies if isinstance(r, Weighed))
        return progress


@dataclass(frozen=True)
class Loss:
    loss: float


class Counting:
    """A pupil whose weights are the names of the batches that it saw, in their order."""

    def __init__(self, base: str, seen: Sequence[str] = ()) -> None:
        self.base, self.seen = base, list(seen)
        self.lessons: list[Lesson] = []

    def hold_to(self, rehearsal: Sequence[Lesson]) -> None:
        assert all(lesson.source == "rehearsal" for lesson in rehearsal)

    def step(self, lessons: Sequence[Lesson], pace: float = 1.0) -> Loss:
        self.lessons += lessons
        self.seen.append(digest([lesson.id for lesson in lessons], pace))
        return Loss(1 / len(self.seen))

    def save(self, folder: Path) -> Adapter:
        blob = json.dumps(self.seen).encode()
        final = folder / digest(self.seen)[:16]
        if not final.exists():
            with new_folder(final) as growing:
                (growing / WEIGHTS).write_bytes(blob)
                (growing / CONFIG).write_text("{}", encoding="utf-8")
        return Adapter(name_of(final, self.base), self.base, str(final))

    def checkpoint(self, path: Path) -> None:
        path.write_text(json.dumps(self.seen), encoding="utf-8")


class Counters:
    """Begins pupils and remembers them."""

    def __init__(self, base: str = "studying") -> None:
        self.base = base
        self.begun: list[Counting] = []

    def __call__(self, checkpoint: Path | None) -> Counting:
        seen = json.loads(checkpoint.read_text(encoding="utf-8")) if checkpoint is not None else ()
        self.begun.append(Counting(self.base, seen))
        return self.begun[-1]

    @property
    def lessons(self) -> list[Lesson]:
        """Return all that was learned, by all pupils."""
        return [lesson for pupil in self.begun for lesson in pupil.lessons]


class Listening:
    """A watcher that keeps what it is told. at: what to do when a stage begins, given its name."""

    def __init__(self, at: Callable[[str], None] = lambda name: None) -> None:
        self.stages: list[str] = []
        self.said: list[str] = []
        self._at = at

    def stage(self, name: str, total: float | None = None, unit: str = "") -> None:
        self.stages.append(name)
        self._at(name)

    def advance(self, amount: float = 1.0, **facts: Any) -> None:
        pass

    def say(self, text: str) -> None:
        self.said.append(text)


def texts(items: Sequence[Item]) -> set[str]:
    """Return the lists of numbers that items ask to sort."""
    return {item.inputs["numbers"] for item in items}
