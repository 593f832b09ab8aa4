"""The evening: what would be learned tonight, and what would not, and why. Nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nightschool.drive import Drive
from nightschool.items import Lesson, digest
from nightschool.ports import Ability
from nightschool.remember.memory import Memory
from nightschool.sleep.evening.evening import Evening
from nightschool.sleep.evening.knowing import nats_of
from nightschool.sleep.evening.select import Left, Selection, choose, sift
from nightschool.sleep.gate.looking import recorded
from nightschool.sleep.lessons.fitting import fitted
from nightschool.sleep.lessons.study import checks, study, without
from nightschool.sleep.sleeper import Sleeper

_PROBES = 3  # lessons by which it is told how well a memory is known
_LEARNING = 4.0  # what learning a token costs, in tokens weighed: forward, backward, and the old self beside it


@dataclass(frozen=True, slots=True)
class Supply:
    """What could be learned at all, before anything is weighed. memories: of the whole store; sifted: the candidates
    with their lessons; older: lessons of earlier nights that still hold; dropped, split, unfit: as in `Evening`.
    """

    memories: tuple[Memory, ...]
    sifted: Selection
    older: tuple[Lesson, ...]
    dropped: int
    split: int
    unfit: int

    def key(self, sleeper: Sleeper) -> str:
        """Return what names the night over this supply: that of an interrupted one, if it is held again as it was.

        How many seconds there are does not count, since `--until` leaves fewer each time.
        """
        lessons = [lesson.id for each in self.sifted.chosen for lesson in each.lessons]
        watched = [f"{world.spec}@{way.name}" for world, way in sleeper.watched]
        plan = replace(sleeper.plan, seconds=None).as_dict()
        return digest(sleeper.drive.model.identity, sleeper.adapter, lessons, watched, plan)[:16]


def supply(sleeper: Sleeper) -> Supply:
    """Return what could be learned tonight; the same memories, weights and plan give the same."""
    plan, model = sleeper.plan, sleeper.drive.model
    never = sleeper.never()
    dropped = split = unfit = 0
    long: list[Left] = []
    sifting: list[tuple[Memory, list[Lesson]]] = []
    memories = tuple(sleeper.store.each())
    for memory in memories:
        made = study(memory, plan.kinds)
        kept = without(made, never)
        fits = fitted(kept, model.count_tokens, model.context_tokens)
        dropped, split, unfit = dropped + len(made) - len(kept), split + fits.split, unfit + fits.unfit
        if fits.unfit and not fits.lessons:
            long.append(Left(memory, "longer than the model's context; remember it in shorter parts"))
            continue
        sifting.append((memory, list(fits.lessons)))
    sifted = sift(sifting)
    sifted = replace(sifted, left=(*sifted.left, *long))
    return Supply(memories, sifted, _older(sleeper, memories), dropped, split, unfit)


def _older(sleeper: Sleeper, memories: Sequence[Memory]) -> tuple[Lesson, ...]:
    """Return the lessons of earlier nights that still hold: what was superseded since is not said again."""
    stale = {memory.id for memory in memories if memory.superseded_by is not None}
    lineage = sleeper.ledger.lineage(sleeper.wakes)
    lessons = (lesson for night in lineage for lesson in sleeper.ledger.lessons(night))
    return tuple(lesson for lesson in lessons if not lesson.memories & stale)


def prepare(sleeper: Sleeper, given: Supply | None = None) -> Evening:
    """Return what would be learned tonight, and what would not, and why.

    given: the supply, where it is known already.
    """
    found = given or supply(sleeper)
    nats, pace = _known(sleeper, found.sifted, found.older)
    steps = _steps(sleeper, [lesson for each in found.sifted.chosen for lesson in each.lessons], pace)
    room = None if steps is None else sleeper.plan.room(steps, older=bool(found.older))
    foreseen = sleeper.foresee(found.memories) if sleeper.foresee is not None else None
    chosen = choose(found.sifted, nats, sleeper.now, room=room, foreseen=foreseen)
    return Evening(chosen, found.older, found.dropped, steps, found.split, found.unfit)


def _known(sleeper: Sleeper, sifted: Selection, older: Sequence[Lesson]) -> tuple[list[float | None], float | None]:
    """Return nats per token of the candidates, and how many tokens were weighed in a second.

    What an earlier night taught is weighed again only where a question about it was answered wrongly since: otherwise
    every night would read everything that was ever learned.
    """
    nats: list[float | None] = [None] * len(sifted.chosen)
    if Ability.WEIGH not in sleeper.drive.model.abilities:
        return nats, None
    taught = {id for lesson in older for id in lesson.memories}
    answered = recorded(sleeper.drive, sleeper.adapter, sleeper.looks)
    for i, each in enumerate(sifted.chosen):
        if each.memory.id in taught and all(answered.get(asks.item.id, True) for asks in checks(each.memory)):
            nats[i] = 0.0
    probes = [
        (i, lesson)
        for i, each in enumerate(sifted.chosen)
        if nats[i] is None
        for lesson in spread(each.lessons, _PROBES)
    ]
    if not probes:
        return nats, None
    sleeper.watch.stage("what is known already", unit="answers")
    began = sleeper.clock()
    losses = nats_of(sleeper.drive, [lesson for _, lesson in probes], sleeper.adapter)
    seconds = max(sleeper.clock() - began, 1e-9)
    mine: dict[int, list[float]] = {}
    for (i, _), loss in zip(probes, losses, strict=True):
        mine.setdefault(i, []).append(loss)
    for i, some in mine.items():
        nats[i] = sum(some) / len(some)
    return nats, sum(_tokens(sleeper.drive, lesson) for _, lesson in probes) / seconds


def _steps(sleeper: Sleeper, lessons: Sequence[Lesson], pace: float | None) -> int | None:
    """Return the steps that the plan's limits leave; for a limit of seconds, by how fast answers were weighed."""
    plan = sleeper.plan
    if plan.seconds is None or pace is None or not lessons:
        return plan.steps
    some = spread(lessons, 50)
    tokens = sum(_tokens(sleeper.drive, lesson) for lesson in some) / len(some)
    steps = max(1, int(plan.seconds * pace / (_LEARNING * plan.batch * tokens)))
    return steps if plan.steps is None else min(steps, plan.steps)


def _tokens(drive: Drive, lesson: Lesson) -> int:
    return drive.model.count_tokens(str(lesson.prompt) + lesson.answer)


def spread(lessons: Sequence[Lesson], count: int) -> list[Lesson]:
    """Return `count` of the lessons at equal distances, all where there are fewer."""
    return [lessons[i * len(lessons) // min(count, len(lessons))] for i in range(min(count, len(lessons)))]
