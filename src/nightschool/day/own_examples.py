"""What takes the night's place for a model that cannot be trained: its own verified answers, shown as examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nightschool.asks import CriticRole
from nightschool.drive import Job
from nightschool.exam.rung import Absent, Done, Line, Part, Plan, Room, Way
from nightschool.exam.rungs.asking import line
from nightschool.items import Item, Noise, Sampling, Task, Trace
from nightschool.ports import Ability
from nightschool.think.single import Single


def own_examples(traces: Sequence[Trace], most: int = 3) -> list[Item]:
    """Return practice items whose shown truth is what the model itself answered and the verifier passed.

    Different items, in the order in which they were practised. Ref: chen2023 (self-generated demonstrations).
    """
    found: list[Item] = []
    for trace in traces:
        passed = next((t for t in trace.thoughts if t.verdict is not None and t.verdict.passed), None)
        if passed is not None and len(found) < most:
            found.append(replace(trace.task.item, target=passed.answer))
    return found


class OwnExamples:
    """Greedy answers after examples that the model solved itself in practice.

    shown: the examples, their targets being the model's own words.
    """

    name = "own-examples"
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE,))
    critics: frozenset[CriticRole] = frozenset()
    trained = False

    def __init__(self, shown: Sequence[Item]) -> None:
        self.shown = tuple(shown)

    def plan(self, room: Room) -> Plan:
        """Return one greedy answer for each item."""
        if not self.shown:
            return Plan(absent=(Absent(self.name, "practice solved nothing that could be shown"),))
        sampling = Sampling(room.world.max_answer_tokens, 0.0, stop=room.wording.stop)
        jobs = tuple(
            Job(
                Single(),
                Task(item, room.world.pose(item, room.wording, self.shown), sampling),
                Noise((room.seed, "exam", room.world.spec, item.id, room.wording.id, self.name)),
            )
            for item in room.items
        )
        way = Way(room.wording.name, "single", tuple(item.id for item in self.shown))
        return Plan((Part(self.name, way, jobs),))

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return the one row."""
        return [line(each, traces) for each, traces in done]
