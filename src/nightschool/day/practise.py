"""Practice: search with a verifier on practice items, beside its control of random proposals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from nightschool.critics.judging import judge
from nightschool.day.curriculum import Curriculum, Place, Tally, next_items
from nightschool.drive import Drive, Job
from nightschool.errors import StopRequested, Unsupported
from nightschool.items import Item, Noise, Sampling, Split, Task, Trace, Usage, Wording
from nightschool.ports import World
from nightschool.think.best_of_n import BestOfN

_POOL = 50_000  # items of one level that practice may ever see; generated worlds have no natural end


@dataclass(frozen=True, slots=True)
class Practice:
    """How to practise. items: a round; draws: of each item; look_items, look_draws: for a look at one place."""

    items: int = 80
    draws: int = 6
    look_items: int = 10
    look_draws: int = 4
    temperature: float = 1.0


@dataclass(frozen=True, slots=True)
class Practised:
    """What a round of practice found.

    place, level: where, with the specification of that level's world; None and empty when nothing passed anywhere;
    tally: by the model's search; babble: by random proposals of the right form, as many draws on the same items (None
    where the world cannot babble); looks: by place; failures: samples of (input, answer, what the verifier said);
    spent: the budget ended before the search did.
    """

    place: Place | None = None
    level: str = ""
    traces: tuple[Trace, ...] = ()
    tally: Tally = field(default_factory=Tally)
    babble: Tally | None = None
    looks: dict[str, Tally] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    failures: tuple[tuple[str, str, str], ...] = ()
    spent: bool = False


def check_verified(world: World) -> None:
    """Raise Unsupported where nobody can tell a right answer from a wrong one without the truth, at some level."""
    if any(level.verifier is None for level in (world, *world.levels())):
        raise Unsupported(
            f"{world.spec} has no verifier, and practice is guided by verifiers alone; examine it only: nightschool "
            f"exam {world.spec}; a task in a file can name a critic that needs no target: file:PATH,verifier=CRITIC"
        )


@dataclass
class Classroom:
    """A world's levels with what has been seen of them: hands out items and poses them.

    world: whose levels are climbed; wording: how every level is posed; record: what draws on each item gave so far.
    """

    world: World
    wording: Wording
    seed: int
    plan: Practice = field(default_factory=Practice)
    record: dict[str, Tally] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_verified(self.world)
        self.levels: Sequence[World] = self.world.levels()

    def pose(self, level: int, item: Item, shots: int = 0) -> Task:
        """Return the task of answering `item` after `shots` worked examples of its level."""
        world = self.levels[level]
        prompt = world.pose(item, self.wording, self.examples(level, shots))
        sampling = Sampling(
            max_tokens=world.max_answer_tokens, temperature=self.plan.temperature, stop=self.wording.stop
        )
        return Task(item, prompt, sampling)

    def examples(self, level: int, shots: int) -> Sequence[Item]:
        """Return the practice items whose truth is shown; they are never practised on themselves."""
        return tuple(self.levels[level].items(Split.PRACTICE, shots, self.seed)) if shots else ()

    def pick(self, level: int, limit: int, most_shots: int) -> list[Item]:
        """Return at most `limit` items of a level to practise on: new ones, then those solved sometimes."""
        world = self.levels[level]
        shown = {item.key for item in self.examples(level, most_shots)}
        known = sum(1 for key in self.record if key.startswith(f"{level}:"))
        pool = world.items(Split.PRACTICE, min(_POOL, known + limit + most_shots), self.seed)
        pool = [item for item in pool if item.key not in shown]
        record = {item.id: self.record[f"{level}:{item.id}"] for item in pool if f"{level}:{item.id}" in self.record}
        return next_items(pool, record, limit)

    def count(self, level: int, traces: Sequence[Trace]) -> Tally:
        """Return what `traces` found, and remember it item by item."""
        total = Tally()
        for trace in traces:
            passed = sum(1 for t in trace.thoughts if t.verdict is not None and t.verdict.passed)
            tally = Tally(len(trace.thoughts), passed, 1, int(passed > 0))
            key = f"{level}:{trace.task.item.id}"
            old = self.record.get(key, Tally())
            self.record[key] = Tally(
                old.draws + tally.draws, old.passed + tally.passed, 1, int(old.solved or passed > 0)
            )
            total += tally
        return total


def practise(room: Classroom, curriculum: Curriculum, drive: Drive, adapter: str | None, term: int) -> Practised:
    """Return what one round of practice found, without a place when search solves nothing at any level.

    First looks, from the goal downwards, for the hardest place where draws pass; then searches there at full width.
    term: the number of the round, part of every noise, so that no round repeats the draws of another.
    """
    curriculum = curriculum.again()
    usage = Usage()
    kept: dict[Place, list[Trace]] = {}
    while places := curriculum.look():
        found = _search(
            room, drive, places, room.plan.look_items, room.plan.look_draws, adapter, term, "look", curriculum
        )
        for place, traces in found.items():
            kept[place] = traces
            usage = sum((t.usage for t in traces), usage)
            curriculum = curriculum.found(place, room.count(place.level, traces))
    looks = {_called(room, place): tally for place, tally in curriculum.tried.items()}
    choice = curriculum.choice()
    if choice is None:
        looked = [trace for traces in kept.values() for trace in traces]
        return Practised(looks=looks, usage=usage, failures=_failures(kept.values()), spent=_spent(looked))
    found = _search(room, drive, [choice], room.plan.items, room.plan.draws, adapter, term, "practice", curriculum)
    traces = found[choice]
    tally = room.count(choice.level, traces)
    usage = sum((t.usage for t in traces), usage)
    return Practised(
        choice,
        room.levels[choice.level].spec,
        (*kept.get(choice, ()), *traces),
        tally,
        _babble(room, choice, traces, term),
        looks,
        usage,
        _failures([traces]),
        _spent(traces),
    )


def attempts(
    room: Classroom, drive: Drive, place: Place, draws: int, adapter: str | None, term: int
) -> Sequence[Trace]:
    """Return draws at `place` on new items, none of which shall be chosen from: what the learner does by itself."""
    found = _search(
        room, drive, [place], room.plan.items, draws, adapter, term, "attempts", Curriculum(place.level + 1)
    )
    return found[place]


def _spent(traces: Sequence[Trace]) -> bool:
    return any(trace.stopped == "budget" for trace in traces)


def _called(room: Classroom, place: Place) -> str:
    level = room.levels[place.level].spec
    return f"{level} after {place.shots} examples" if place.shots else level


def _failures(groups: Iterable[Sequence[Trace]], limit: int = 3) -> tuple[tuple[str, str, str], ...]:
    """Return a few wrong answers of each group: what was asked, what came, and what the verifier said of it."""
    found = []
    for traces in groups:
        for trace in traces[:limit]:
            wrong = next((t for t in trace.thoughts if t.verdict is not None and not t.verdict.passed), None)
            if wrong is not None and wrong.verdict is not None:
                asked = "; ".join(trace.task.item.inputs.values())
                found.append((asked, wrong.answer, wrong.verdict.feedback or wrong.verdict.error or ""))
    return tuple(found)


def _search(
    room: Classroom,
    drive: Drive,
    places: Sequence[Place],
    items: int,
    draws: int,
    adapter: str | None,
    term: int,
    purpose: str,
    curriculum: Curriculum,
) -> dict[Place, list[Trace]]:
    jobs: list[Job] = []
    where: list[Place] = []
    for place in places:
        world = room.levels[place.level]
        assert world.verifier is not None  # checked when the classroom was opened
        for item in room.pick(place.level, items, max(curriculum.shots)):
            task = replace(room.pose(place.level, item, place.shots), adapter=adapter)
            noise = Noise((room.seed, purpose, term, world.spec, item.id))
            jobs.append(Job(BestOfN(draws), task, noise, critics={"verifier": world.verifier}))
            where.append(place)
    traces = drive.run(jobs)
    if drive.interrupted:
        raise StopRequested("practice was interrupted")
    return {place: [trace for at, trace in zip(where, traces, strict=True) if at == place] for place in places}


def _babble(room: Classroom, place: Place, traces: Sequence[Trace], term: int) -> Tally | None:
    world = room.levels[place.level]
    assert world.verifier is not None
    total = Tally()
    for trace in traces:
        item = trace.task.item
        noise = Noise((room.seed, "babble", term, world.spec, item.id))
        said = [world.babble(item, noise.child(draw)) for draw in range(len(trace.thoughts))]
        if any(answer is None for answer in said):
            return None
        passed = sum(judge(world.verifier, item, answer).passed for answer in said if answer is not None)
        total += Tally(len(said), passed, 1, int(passed > 0))
    return total
