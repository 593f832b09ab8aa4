"""lora: the same question to trained weights, learned from practice items that the model itself solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nightschool.asks import CriticRole
from nightschool.drive import Job
from nightschool.errors import BadSpec, NightschoolError, StopRequested
from nightschool.exam.rung import Absent, Done, Line, Plan, Room
from nightschool.exam.rungs.asking import lacking, part, planned
from nightschool.exam.rungs.zero_shot import read_each
from nightschool.items import Lesson, Noise, Sampling, Split, Task, Trace
from nightschool.ports import Ability
from nightschool.think.best_of_n import BestOfN


class LoraRung:
    """Greedy answers in the room's wording, by the adapter that was learned.

    The adapter is the room's; else one is trained on the room's solved lessons; else on the answers that the verifier
    passes among `draws` draws of each of `practice` practice items, which the weights draw that every rung sits with:
    what learns goes on from these. Where none of these is to be had, the row says why.

    Raises BadSpec for numbers that make no sense.
    Ref: schulman2025.
    """

    name = "lora"
    needs: frozenset[Ability] = frozenset((Ability.SAMPLE, Ability.ADAPTERS))
    critics: frozenset[CriticRole] = frozenset()
    trained = True

    def __init__(self, practice: int = 64, draws: int = 8) -> None:
        if practice < 1 or draws < 1:
            raise BadSpec(f"lora: practice and draws are at least 1, not {practice} and {draws}")
        self.practice, self.draws = practice, draws

    def plan(self, room: Room) -> Plan:
        """Return one greedy answer for each item by the adapter, which is trained here where it must be."""
        adapter = room.learned
        if adapter is None:
            found = self._lessons(room)
            if isinstance(found, str):
                return Plan(absent=(Absent(self.name, found),))
            assert room.train is not None  # `_lessons` says so otherwise
            try:
                adapter = room.train(found)
            except StopRequested:
                raise
            except NightschoolError as error:  # a lesson that does not fit, a night of another rank: the row says so
                return Plan(absent=(Absent(self.name, str(error)),))
        return planned([part(room, self.name, room.wording, adapter=adapter)])

    def read(self, room: Room, done: Done) -> Sequence[Line]:
        """Return the one row."""
        return read_each(done)

    def _lessons(self, room: Room) -> tuple[Lesson, ...] | str:
        """Return what to train on, or why there is nothing."""
        if room.train is None or Ability.TRAIN not in room.abilities:
            return "no adapter was given, and this model cannot be trained here"
        if room.solved:
            return room.solved
        if room.world.verifier is None or room.run is None:
            return "no adapter was given, and without a verifier no practice item counts as solved"
        items = room.world.items(Split.PRACTICE, self.practice, room.seed)
        search, jobs = BestOfN(self.draws), []
        for item in items:
            prompt = room.world.pose(item, room.wording)
            if (why := lacking(room, prompt)) is not None:
                return why
            sampling = Sampling(room.world.max_answer_tokens, 1.0, stop=room.wording.stop)
            noise = Noise((room.seed, "lora", room.world.spec, item.id))
            jobs.append(
                Job(
                    search, Task(item, prompt, sampling, room.adapter), noise, critics={"verifier": room.world.verifier}
                )
            )
        lessons = tuple(lesson for trace in room.run(jobs) for lesson in solved(trace))
        return lessons or f"search solved none of {len(items)} practice items with {self.draws} draws each"


def solved(trace: Trace) -> list[Lesson]:
    """Return a lesson for each different answer of `trace` that the verifier passed, all together of weight 1."""
    passed: dict[str, Lesson] = {}
    for thought in trace.thoughts:
        if thought.verdict is not None and thought.verdict.passed and thought.finish in ("end", "stop"):
            text = thought.prefix.text
            passed.setdefault(text, Lesson(trace.task.prompt, text, "practice", frozenset((trace.task.item.key,))))
    return [replace(each, weight=1 / len(passed)) for each in passed.values()]
