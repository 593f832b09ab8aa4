"""An expert who looks over the learner's shoulder, in a term: guided and taught (see `sleep.lessons.teachers`)."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from nightschool.day.curriculum import Place, Tally
from nightschool.day.practise import Classroom, Practised, attempts
from nightschool.drive import Drive, Job
from nightschool.errors import StopRequested, Unsupported
from nightschool.items import Item, Lesson, Noise, Prompt, Sampling, Task
from nightschool.ports import Expert, Stepwise, World
from nightschool.sleep.lessons.stepwise import Answering, Begun
from nightschool.sleep.lessons.teachers import Drill, guided
from nightschool.think.single import Single

Teacher = Literal["self", "expert", "guided", "taught"]
TEACHERS: tuple[Teacher, ...] = get_args(Teacher)
_DRAWS = 2  # of an item, where practice has not drawn already
_RECOVERY = 0.25  # of the beginnings that are gone on from hold a mistake, where there are any


def expert_of(world: World, teacher: Teacher) -> Expert | None:
    """Return who teaches `world`, None where the learner does itself. Raises Unsupported where nobody can."""
    if teacher == "self":
        return None
    if world.expert is None:
        raise Unsupported(f"{world.spec} has no expert; leave --teacher out and it learns from itself")
    if teacher != "expert" and not isinstance(world.expert, Stepwise):
        raise Unsupported(
            f"nobody can go on from the beginning of an answer to {world.spec}: its steps are not the same whatever "
            "stands before them; --teacher expert shows whole answers"
        )
    return world.expert


@dataclass(frozen=True, slots=True)
class Position:
    """A starting position of a drill, as it is kept on disk: the item, the steps written, the streak of right ones."""

    item: Item
    done: tuple[str, ...]
    streak: int


class Guide:
    """Teaches at the goal, round after round.

    way: `guided`, where the expert goes on from the learner's own beginnings, or `taught`, short stretches from where
    it goes wrong, the same ones until they are cracked; pose: how the goal is asked in lessons.
    """

    def __init__(self, expert: Stepwise, way: Literal["guided", "taught"], pose: Callable[[Item], Prompt]) -> None:
        self.way = way
        self._walk = Answering(expert, pose)
        self._between = expert.between
        self._drill: Drill[Begun] = Drill(self._walk)

    @property
    def open(self) -> tuple[Position, ...]:
        """Return the positions that are not cracked yet; nothing where it guides."""
        drill = self._drill
        return tuple(
            Position(state.item, state.done, streak)
            for state, streak in zip(drill.open, drill.streaks, strict=True)
        )  # fmt: skip

    def go_on(self, positions: Sequence[Position]) -> None:
        """Take up the drill where an interrupted term left it."""
        self._drill.open = [Begun(each.item, each.done) for each in positions]
        self._drill.streaks = [each.streak for each in positions]

    def lessons(
        self, room: Classroom, drive: Drive, goal: Place, found: Practised, adapter: str | None, number: int
    ) -> list[Lesson]:
        """Return what round `number` teaches. found: practice before it, whose draws are taken if they are of the goal.

        Raises StopRequested where it was interrupted.
        """
        traces = found.traces if found.place == goal else attempts(room, drive, goal, _DRAWS, adapter, number)
        for trace in traces:  # seen now, so that the next round is shown others
            room.record.setdefault(f"{goal.level}:{trace.task.item.id}", Tally(items=1))
        runs = self._walk.runs(traces)
        dice = random.Random(Noise((room.seed, self.way, number)).key())
        if self.way == "guided":
            return _once(guided(self._walk, runs, room.plan.items, _RECOVERY, dice))
        self._drill.asked(self._steps(room, drive, goal, adapter))
        self._drill.take(runs)
        return self._drill.lessons(len(self._drill.open), dice)

    def _steps(self, room: Classroom, drive: Drive, goal: Place, adapter: str | None) -> list[str]:
        """Return the learner's next step, greedily, at every open position."""
        world = room.levels[goal.level]
        stop = (self._between.rstrip() or self._between, *room.wording.stop)
        sampling = Sampling(max_tokens=world.max_answer_tokens, temperature=0.0, stop=stop)
        jobs = [
            Job(Single(), Task(state.item, self._walk.prompt(state), sampling, adapter), Noise(("drill", i)))
            for i, state in enumerate(self._drill.open)
        ]
        traces = drive.run(jobs)
        if drive.interrupted:
            raise StopRequested("the drill was interrupted")
        return ["" if trace.best is None else trace.best.prefix.text.strip() for trace in traces]


def _once(lessons: Sequence[Lesson]) -> list[Lesson]:
    return list({lesson.id: lesson for lesson in lessons}.values())
