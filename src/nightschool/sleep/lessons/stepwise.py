"""Answers as walks: an answer of steps, which an expert goes on with from any beginning, right or wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from nightschool.items import Item, Prompt, Trace
from nightschool.ports import Stepwise
from nightschool.sleep.lessons.teachers import Visit, walked


@dataclass(frozen=True, slots=True)
class Begun:
    """An answer to `item` of which the steps `done` are written."""

    item: Item
    done: tuple[str, ...] = ()


class Answering:
    """The walk of answering items (see `teachers.Walk`). pose: how an item is asked in a lesson.

    A beginning is put into the learner's mouth (`Prompt.prefill`), without the space behind it: what is learned begins
    with that, as it would be written in one go.
    """

    def __init__(self, expert: Stepwise, pose: Callable[[Item], Prompt]) -> None:
        self._expert, self._pose = expert, pose
        self._joint = expert.between.rstrip()
        self._gap = expert.between[len(self._joint) :]

    def key(self, state: Begun) -> str:
        """Return the leak key of the item."""
        return state.item.key

    def prompt(self, state: Begun) -> Prompt:
        """Return the question, with what is written of the answer."""
        asked = self._pose(state.item)
        begun = self._expert.between.join(state.done) + (self._joint if state.done else "")
        return replace(asked, prefill=asked.prefill + begun)

    def expert(self, state: Begun) -> str:
        """Return the right next step."""
        return self._right(state)[len(state.done)]

    def right(self, state: Begun, step: str) -> bool:
        """Return whether `step` is the right one here."""
        return step == self.expert(state)

    def after(self, state: Begun, step: str) -> Begun:
        """Return the answer with `step` behind it."""
        return replace(state, done=(*state.done, step))

    def over(self, state: Begun) -> bool:
        """Return whether the answer has as many steps as a right one."""
        return len(state.done) >= len(self._right(state))

    def written(self, state: Begun, steps: Sequence[str]) -> str:
        """Return `steps` as they follow; a joint stands behind the last where the answer goes on."""
        more = len(state.done) + len(steps) < len(self._right(state))
        return (self._gap if state.done else "") + self._expert.between.join(steps) + (self._joint if more else "")

    def read(self, text: str) -> list[str]:
        """Return the steps of what a learner wrote."""
        return [step.strip() for step in text.strip().split(self._joint or None)] if text.strip() else []

    def runs(self, traces: Iterable[Trace]) -> list[list[Visit[Begun]]]:
        """Return what was drawn in `traces`, as runs; draws without a step are left out."""
        found = [
            walked(self, Begun(trace.task.item), self.read(thought.prefix.text))
            for trace in traces
            for thought in trace.thoughts
            if thought.finish in ("end", "stop", "length")
        ]
        return [run for run in found if run]

    def _right(self, state: Begun) -> Sequence[str]:
        return self._expert.demonstrate(state.item).split(self._expert.between)
