"""A night over memories: select, study, teach, gate. It can be read as that sentence in `sleep_over`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib.metadata import version
from itertools import zip_longest
from typing import Any

from nightschool.items import Adapter, Lesson, Split, digest
from nightschool.sleep.evening.evening import Evening
from nightschool.sleep.evening.prepare import prepare, supply
from nightschool.sleep.evening.select import Left, Selection
from nightschool.sleep.evening.unfinished import Unfinished
from nightschool.sleep.gate.decide import Decision, could_tell, decide
from nightschool.sleep.gate.looking import look, paired, reads_text, unseen, watched_tasks, watched_texts
from nightschool.sleep.gate.shrink import Tried, shrink
from nightschool.sleep.lessons.rehearsal import general_prompts, rehearse
from nightschool.sleep.lessons.self_written import write
from nightschool.sleep.lessons.study import Check, asked, checks
from nightschool.sleep.nights.ledger import lessons_hash
from nightschool.sleep.nights.night import Night
from nightschool.sleep.nights.out_of_room import room_said
from nightschool.sleep.nights.told import chosen_of, losses_of, since_first, told_by
from nightschool.sleep.rest import Rested, rest
from nightschool.sleep.sleeper import Sleeper
from nightschool.sleep.teach import Taught, teach
from nightschool.sleep.unlearn import Unlearned, unlearn

TASK = "memories"
_FEW = 5  # memories: fewer are asked for in more ways, so that the gate can tell at all
_LOOKS = 1.5  # looks at the end, in looks at the beginning: a first one, and sometimes a second


@dataclass
class MemoryNight:
    """What a night over memories brought. night: None where nothing was learned, and `reason` says why; unlearned: what
    had to leave the weights first, because it was forgotten on purpose; rested: what was done without any weights;
    since_first: what all nights so far changed of what is watched, see `told.since_first`; empty where the night is not
    kept.
    """

    evening: Evening
    reason: str
    night: Night | None = None
    decision: Decision | None = None
    tried: Tried | None = None
    taught: Taught | None = None
    unlearned: Unlearned | None = None
    rested: Rested | None = None
    since_first: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        """Return whether the mind wakes up changed."""
        return self.night is not None and self.night.accepted


def sleep_over(sleeper: Sleeper) -> MemoryNight:
    """Return what one night over the memories brought; nothing changes unless the gate accepts it.

    Of a model that cannot be trained the memories are put in order all the same, and `reason` says what was not done.
    Raises StopRequested where it was interrupted: held again, the same evening then goes on from the last checkpoint.
    """
    began = sleeper.clock()
    if not sleeper.can_learn:
        why = (
            f"{sleeper.drive.model.name} cannot be trained here, so nothing went into its weights; for that, sleep "
            "needs a local model: smollm2, hf:ORG/NAME, a transformers folder"
        )
        memories = list(sleeper.store.each())
        foreseen = sleeper.foresee(memories) if sleeper.foresee is not None else None
        nothing = Evening(
            Selection((), tuple(Left(memory, "cannot be learned here") for memory in memories)), (), 0, None
        )
        return MemoryNight(nothing, why, rested=rest(sleeper.store, sleeper.now, foreseen))
    gone = _unlearn(sleeper)
    rested = rest(sleeper.store, sleeper.now)
    found = supply(sleeper)
    key = found.key(sleeper)
    desk = Unfinished(sleeper.ledger.folder / "unfinished" / key)
    evening = desk.evening(sleeper.store, found.older)
    if evening is not None:
        sleeper.watch.say("going on with the night that was interrupted")
    else:
        evening = prepare(sleeper, found)
        if not evening.selection.chosen:
            why = "there is nothing to learn tonight; the mind stays as it is"
            return MemoryNight(evening, why, unlearned=gone, rested=rested)
        if sleeper.plan.writer != "templates":
            evening = _in_own_words(sleeper, evening)
        desk.keep(evening)
    result = MemoryNight(evening, "", unlearned=gone, rested=rested, seconds={"select": sleeper.clock() - began})
    with room_said(desk.folder):
        _hold(sleeper, evening, result, desk)
    sleeper.ledger.finish(key)
    return result


def _in_own_words(sleeper: Sleeper, evening: Evening) -> Evening:
    """Return the evening with questions that the model wrote, as far as they can be learned from."""
    plan, selection = sleeper.plan, evening.selection
    sleeper.watch.stage("its own questions", unit="questions")
    held_back = {asked(each.prompt) for chosen in selection.chosen for each in checks(chosen.memory)}
    never = sleeper.never() | held_back
    found = write(sleeper.drive, selection.chosen, never, plan.seed, sleeper.adapter, both=plan.writer == "both")
    sleeper.watch.say(
        f"wrote {found.asked} questions, {found.kept} of which lead back to their answer; "
        f"templates for {found.weak} memories"
    )
    return replace(evening, selection=replace(selection, chosen=found.candidates))


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


def _hold(sleeper: Sleeper, evening: Evening, result: MemoryNight, desk: Unfinished) -> None:
    assert sleeper.pupils is not None  # `sleep_over` asked
    plan, drive, adapter = sleeper.plan, sleeper.drive, sleeper.adapter
    ways = 3 if len(evening.selection.chosen) < _FEW else 1
    new = [each for chosen in evening.selection.chosen for each in checks(chosen.memory, ways)]
    known = _earlier(sleeper, evening)
    looks = sleeper.looks

    began = sleeper.clock()
    sleeper.watch.stage("look before", unit="questions")
    before = look(drive, sleeper.watched, adapter, items=plan.watched_items, text_tokens=plan.text_tokens,
                  seed=plan.seed, kept=looks, asked=[*new, *known])  # fmt: skip
    look_s = sleeper.clock() - began
    result.seconds["look before"] = look_s
    first = list(before.of(new).values())
    if not could_tell(first):
        wrong = sum(not right for right in first)
        result.reason = (
            f"too few questions to tell whether anything would be learned: of {len(new)} that are kept back, {wrong} "
            "are answered wrongly now; nothing was taught; remember more, in whole sentences"
        )
        return

    began = sleeper.clock()
    sleeper.watch.stage("rehearsal: what the old self says", unit="texts")
    lessons = evening.selection.lessons
    limited = plan.for_lessons(len(lessons), older=bool(evening.older))
    places = limited.rehearsals(len(lessons), older=bool(evening.older))
    rehearsal = desk.rehearsal(lambda: _rehearsal(sleeper, places))
    spent = sum(result.seconds.values()) + sleeper.clock() - began
    if plan.seconds is not None:
        limited = replace(limited, seconds=max(1.0, plan.seconds - spent - _LOOKS * look_s))
    taught = teach(
        sleeper.pupils(sleeper.wakes), lessons, limited, desk.folder,
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
            parts[share] = sleeper.between(old, taught.adapter, share, desk.folder / "adapters")
        else:
            parts[share] = taught.adapter
        drive.model.load_adapter(parts[share])
        name = parts[share].name
        after = look(drive, sleeper.watched, name, items=plan.watched_items, text_tokens=plan.text_tokens,
                     seed=plan.seed, kept=looks, asked=[*new, *known])  # fmt: skip
        old_self, new_self = before.with_earlier(known), after.with_earlier(known)
        return decide(
            *paired(before.of(new), after.of(new)), watched_tasks(old_self, new_self),
            watched_texts(old_self, new_self),
            unseen=unseen(old_self, new_self, text=reads_text(drive, plan.text_tokens)),
        )  # fmt: skip

    tried = shrink(decide_at, plan.shares if sleeper.between is not None else (1.0,))
    result.seconds["gate"] = sleeper.clock() - began
    kept = parts[tried.share if tried.share is not None else 1.0]
    _write_down(sleeper, evening, result, tried, kept)


def _write_down(sleeper: Sleeper, evening: Evening, result: MemoryNight, tried: Tried, adapter: Adapter) -> None:
    assert result.taught is not None
    decision = tried.decision  # its numbers, its reason and the weights that are kept belong together
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
        lineage = sleeper.ledger.lineage(result.night)
        result.since_first = since_first([each for each in lineage if each.task == TASK])


def _earlier(sleeper: Sleeper, evening: Evening) -> list[Check]:
    """Return questions about what earlier nights taught and still holds; others every night where there are many."""
    ids = sorted({id for lesson in evening.older for id in lesson.memories})
    new = {each.memory.id for each in evening.selection.chosen}
    memories = [m for m in sleeper.store.get(ids).values() if m.superseded_by is None and m.id not in new]
    found = [each for memory in memories for each in checks(memory)]
    shuffled = sorted(found, key=lambda each: digest(sleeper.adapter, each.item.id))
    return shuffled[: sleeper.plan.earlier_items]


def _rehearsal(sleeper: Sleeper, places: int) -> list[Lesson]:
    """Return what the old self says to general prompts and to watched tasks in turn, as much as has a place tonight."""
    plan = sleeper.plan
    prompts = [(prompt, min(most, plan.rehearsed_tokens)) for prompt, most in general_prompts()]
    for world, way in sleeper.watched:
        items = world.items(Split.PRACTICE, plan.rehearsed_items, plan.seed)
        posed = [(world.pose(item, way), world.max_answer_tokens) for item in items]
        prompts = [each for pair in zip_longest(prompts, posed) for each in pair if each is not None]
    return rehearse(sleeper.drive, plan.seed, prompts=prompts[:places], adapter=sleeper.adapter) if places else []
