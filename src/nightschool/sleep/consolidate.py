"""A night over memories: select, study, teach, gate. It can be read as that sentence in `sleep_over`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from nightschool.drive import Drive
from nightschool.errors import Unsupported
from nightschool.items import Adapter, Lesson, Split, Wording, digest
from nightschool.ports import Ability, Watcher, World
from nightschool.remember.memory import Memory
from nightschool.remember.store.port import Store
from nightschool.sleep.evening import Evening
from nightschool.sleep.gate import Decision, decide
from nightschool.sleep.knowing import nats_of
from nightschool.sleep.ledger import Ledger, lessons_hash
from nightschool.sleep.looking import TEXT, check, look, paired, unseen, watched_tasks, watched_texts
from nightschool.sleep.night import Night
from nightschool.sleep.plan import NightPlan
from nightschool.sleep.rehearsal import general_prompts, rehearse
from nightschool.sleep.select import choose, sift
from nightschool.sleep.shrink import Tried, shrink
from nightschool.sleep.study import Check, asked, checks, study, without
from nightschool.sleep.teach import Pupil, Taught, teach
from nightschool.sleep.told import chosen_of, losses_of, told_by
from nightschool.sleep.unlearn import Unlearned, unlearn

TASK = "memories"
_PROBES = 3  # lessons by which it is told how well a memory is known
_FEW = 5  # memories: fewer are asked for in more ways, so that the gate can tell at all
_LEARNING = 4.0  # what learning a token costs, in tokens weighed: forward, backward, and the old self beside it
_EARLIER_CHECKS = 300
_LOOKS = 1.5  # looks at the end, in looks at the beginning: a first one, and sometimes a second


@dataclass
class Sleeper:
    """What a night over memories needs. Everything that touches the world outside comes in here.

    store: the memories of one space; drive: over the model; ledger: of the same space; watched: tasks that must not be
    lost, each with how it is posed; pupils: given the night to build on, makes what makes a pupil, from a checkpoint
    where one is given (None: this model cannot be trained here); between: an adapter part of the way from one to
    another (see `train.between`); now: Unix seconds; created: the same as ISO 8601; wakes: the night that the model
    wakes from, loaded already; examined: questions that no lesson may ask, beside those of the watched tasks; foresee:
    by id, how likely it is that reward follows a memory (None: nothing foretells it).
    """

    store: Store
    drive: Drive
    ledger: Ledger
    plan: NightPlan
    watched: Sequence[tuple[World, Wording]]
    watch: Watcher
    now: float
    created: str
    clock: Callable[[], float]
    pupils: Callable[[Night | None], Callable[[Path | None], Pupil]] | None = None
    between: Callable[[Adapter | None, Adapter, float, Path], Adapter] | None = None
    wakes: Night | None = None
    examined: frozenset[str] = frozenset()
    foresee: Callable[[Sequence[Memory]], dict[str, float]] | None = None

    @property
    def adapter(self) -> str | None:
        """Return the weights that the model fell asleep with."""
        return self.wakes.adapter if self.wakes else None


@dataclass
class MemoryNight:
    """What a night over memories brought. night: None where nothing was learned, and `reason` says why; unlearned: what
    had to leave the weights first, because it was forgotten on purpose.
    """

    evening: Evening
    reason: str
    night: Night | None = None
    decision: Decision | None = None
    tried: Tried | None = None
    taught: Taught | None = None
    unlearned: Unlearned | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        """Return whether the mind wakes up changed."""
        return self.night is not None and self.night.accepted


def sleep_over(sleeper: Sleeper) -> MemoryNight:
    """Return what one night over the memories brought; nothing changes unless the gate accepts it.

    Raises Unsupported for a model that cannot be trained, StopRequested where it was interrupted: the lessons of the
    same evening then go on from the last checkpoint.
    """
    if sleeper.pupils is None or not {Ability.TRAIN, Ability.ADAPTERS} <= sleeper.drive.model.abilities:
        raise Unsupported(
            f"{sleeper.drive.model.name} cannot be trained here; memories are still kept, tagged and recalled. "
            "Sleep needs a local model: smollm2, hf:ORG/NAME, a transformers folder"
        )
    began = sleeper.clock()
    gone = _unlearn(sleeper)
    evening = prepare(sleeper)
    if not evening.selection.chosen:
        return MemoryNight(evening, "there is nothing to learn tonight; the mind stays as it is", unlearned=gone)
    result = MemoryNight(evening, "", unlearned=gone, seconds={"select": sleeper.clock() - began})
    _hold(sleeper, evening, result)
    return result


def _unlearn(sleeper: Sleeper) -> Unlearned | None:
    """Go back to before what was forgotten was learned, where it was; return what went."""
    model = sleeper.drive.model
    found = unlearn(sleeper.ledger, model.identity, sleeper.store.deleted(), sleeper.wakes)
    if not found.purged:
        return None
    if found.night is not None:
        model.load_adapter(sleeper.ledger.adapter(found.night))
    sleeper.wakes = found.night
    sleeper.watch.say(f"{len(found.memories)} forgotten memories left the weights, with {len(found.purged)} nights")
    return found


def prepare(sleeper: Sleeper) -> Evening:
    """Return what would be learned tonight, and what would not, and why; nothing is changed."""
    plan, drive = sleeper.plan, sleeper.drive
    never = sleeper.examined | {
        asked(world.pose(item, way))
        for world, way in sleeper.watched
        for item in world.items(Split.TUNE, plan.watched_items, plan.seed)
    }
    dropped = 0
    sifting: list[tuple[Memory, list[Lesson]]] = []
    memories = list(sleeper.store.each())
    for memory in memories:
        made = study(memory, plan.kinds)
        kept = without(made, never)
        dropped += len(made) - len(kept)
        sifting.append((memory, kept))
    sifted = sift(sifting)
    lineage = sleeper.ledger.lineage(sleeper.wakes)
    older = [lesson for night in lineage for lesson in sleeper.ledger.lessons(night)]
    nats: list[float | None] = [None] * len(sifted.chosen)
    pace: float | None = None
    if sifted.chosen and Ability.WEIGH in drive.model.abilities:
        sleeper.watch.stage("what is known already", unit="answers")
        probes = [(i, lesson) for i, each in enumerate(sifted.chosen) for lesson in _spread(each.lessons, _PROBES)]
        began = sleeper.clock()
        losses = nats_of(drive, [lesson for _, lesson in probes], sleeper.adapter)
        seconds = max(sleeper.clock() - began, 1e-9)
        pace = sum(_tokens(drive, lesson) for _, lesson in probes) / seconds
        for i in range(len(nats)):
            mine = [loss for (at, _), loss in zip(probes, losses, strict=True) if at == i]
            nats[i] = sum(mine) / len(mine)
    steps = _steps(sleeper, [lesson for each in sifted.chosen for lesson in each.lessons], pace)
    room = None if steps is None else plan.room(steps, older=bool(older))
    foreseen = sleeper.foresee(memories) if sleeper.foresee is not None else None
    chosen = choose(sifted, nats, sleeper.now, room=room, foreseen=foreseen)
    return Evening(chosen, tuple(older), dropped, steps)


def _hold(sleeper: Sleeper, evening: Evening, result: MemoryNight) -> None:
    assert sleeper.pupils is not None  # `sleep_over` asked
    plan, drive, adapter = sleeper.plan, sleeper.drive, sleeper.adapter
    ways = 3 if len(evening.selection.chosen) < _FEW else 1
    new = [each for chosen in evening.selection.chosen for each in checks(chosen.memory, ways)]
    known = _earlier(sleeper, evening)
    looks = sleeper.ledger.folder / "looks"

    began = sleeper.clock()
    sleeper.watch.stage("look before", unit="questions")
    before = look(drive, sleeper.watched, adapter, items=plan.watched_items, text_tokens=plan.text_tokens,
                  seed=plan.seed, kept=looks)  # fmt: skip
    new_before, known_before = check(drive, new, adapter), check(drive, known, adapter)
    look_s = sleeper.clock() - began
    result.seconds["look before"] = look_s

    began = sleeper.clock()
    sleeper.watch.stage("rehearsal: what the old self says", unit="texts")
    rehearsal = _rehearsal(sleeper) if plan.rehearsal else []
    lessons = evening.selection.lessons
    key = digest(drive.model.identity, adapter, [lesson.id for lesson in lessons], plan.as_dict())[:16]
    folder = sleeper.ledger.unfinished(key)
    spent = sum(result.seconds.values()) + sleeper.clock() - began
    limited = plan
    if plan.seconds is not None:
        limited = replace(plan, seconds=max(1.0, plan.seconds - spent - _LOOKS * look_s))
    taught = teach(
        sleeper.pupils(sleeper.wakes), lessons, limited, folder,
        older=evening.older, rehearsal=rehearsal, watch=sleeper.watch, clock=sleeper.clock,
    )  # fmt: skip
    result.taught = taught
    result.seconds["lessons"] = sleeper.clock() - began

    began = sleeper.clock()
    parts: dict[float, Adapter] = {}
    old = sleeper.ledger.adapter(sleeper.wakes) if sleeper.wakes else None

    def decide_at(share: float) -> Decision:
        sleeper.watch.stage(f"look after, with {share:.0%} of the change", unit="questions")
        if share < 1.0:
            assert sleeper.between is not None  # `_shares` asked
            parts[share] = sleeper.between(old, taught.adapter, share, folder / "adapters")
        else:
            parts[share] = taught.adapter
        drive.model.load_adapter(parts[share])
        name = parts[share].name
        after = look(drive, sleeper.watched, name, items=plan.watched_items, text_tokens=plan.text_tokens,
                     seed=plan.seed, kept=looks)  # fmt: skip
        known_after = {"earlier nights": check(drive, known, name)} if known else {}
        first = {**before.tasks, **({"earlier nights": known_before} if known else {})}
        second = {**after.tasks, **known_after}
        missing = unseen(first, second)
        if plan.text_tokens and Ability.WEIGH in drive.model.abilities and not watched_texts(before, after):
            missing.append(TEXT)
        return decide(
            *paired(new_before, check(drive, new, name)), watched_tasks(first, second), watched_texts(before, after),
            unseen=missing,
        )  # fmt: skip

    tried = shrink(decide_at, plan.shares if sleeper.between is not None else (1.0,))
    result.seconds["gate"] = sleeper.clock() - began
    kept = parts[tried.share if tried.share is not None else 1.0]
    _write_down(sleeper, evening, result, tried, kept)
    sleeper.ledger.finish(key)


def _write_down(sleeper: Sleeper, evening: Evening, result: MemoryNight, tried: Tried, adapter: Adapter) -> None:
    assert result.taught is not None
    decision = tried.decisions[-1]
    lessons = evening.selection.lessons
    night = Night(
        base=sleeper.drive.model.identity,
        model=sleeper.drive.model.name,
        task=TASK,
        adapter=adapter.name,
        lessons=len(lessons),
        lessons_hash=lessons_hash(lessons),
        steps=len(result.taught.losses),
        seed=sleeper.plan.seed,
        accepted=tried.share is not None,
        reason=tried.reason,
        created=sleeper.created,
        version=version("nightschool"),
        parent=sleeper.wakes.name if sleeper.wakes else None,
        settings=sleeper.plan.as_dict(),
        gate={**told_by(decision), "share": tried.share},
        scores={**chosen_of(evening), **losses_of(result.taught.losses)},
    )
    result.tried, result.decision, result.reason = tried, decision, tried.reason
    result.night = sleeper.ledger.record(night, adapter, lessons)
    if result.night.accepted:
        sleeper.ledger.switch(night.base, result.night.name)


def _earlier(sleeper: Sleeper, evening: Evening) -> list[Check]:
    """Return questions about what earlier nights taught and still holds; a spread of them where there are many."""
    ids = sorted({id for lesson in evening.older for id in lesson.memories})
    new = {each.memory.id for each in evening.selection.chosen}
    memories = [m for m in sleeper.store.get(ids).values() if m.superseded_by is None and m.id not in new]
    found = [each for memory in memories for each in checks(memory)]
    return sorted(found, key=lambda each: digest(each.item.id))[:_EARLIER_CHECKS]


def _rehearsal(sleeper: Sleeper) -> list[Lesson]:
    plan = sleeper.plan
    prompts = [(prompt, min(most, plan.rehearsed_tokens)) for prompt, most in general_prompts()]
    for world, way in sleeper.watched:
        items = world.items(Split.PRACTICE, plan.rehearsed_items, plan.seed)
        prompts += [(world.pose(item, way), world.max_answer_tokens) for item in items]
    return rehearse(sleeper.drive, plan.seed, prompts=prompts, adapter=sleeper.adapter)


def _steps(sleeper: Sleeper, lessons: Sequence[Lesson], pace: float | None) -> int | None:
    """Return the steps that the plan's limits leave; for a limit of seconds, by how fast answers were weighed."""
    plan = sleeper.plan
    if plan.seconds is None or pace is None or not lessons:
        return plan.steps
    some = _spread(lessons, 50)
    tokens = sum(_tokens(sleeper.drive, lesson) for lesson in some) / len(some)
    steps = max(1, int(plan.seconds * pace / (_LEARNING * plan.batch * tokens)))
    return steps if plan.steps is None else min(steps, plan.steps)


def _tokens(drive: Drive, lesson: Lesson) -> int:
    return drive.model.count_tokens(str(lesson.prompt) + lesson.answer)


def _spread(lessons: Sequence[Lesson], count: int) -> list[Lesson]:
    return [lessons[i * len(lessons) // min(count, len(lessons))] for i in range(min(count, len(lessons)))]
