"""auto: several strategies share one question, and what has worked for its cost gets the next try (a bandit).

Ref: auer2002; tranthanh2012 (arms with costs under a budget).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from nightschool.asks import Ask, CriticRole, Proposed, Reply, Weighed
from nightschool.errors import BadSpec
from nightschool.items import Noise, Task, Thought, Trace
from nightschool.ports import Search
from nightschool.registry import Spec, load, make
from nightschool.search.bandit import Arm, choose
from nightschool.think.spec import spec_of, whole
from nightschool.think.standing import is_answer, standing

ARMS = "best-of-n:n=4+beam:width=2;expand=2+mcts:n=16+smc:n=4+chain:n=16+revise:rounds=2"
"""Small tries of everything that needs no more than a verifier; a step critic makes some of them better."""


@dataclass(frozen=True, slots=True)
class Choosing:
    """One try under way.

    arm: which strategy, inner: its state; record: what the tries on this question brought, arm by arm; spent: tokens
    of this try; earlier: the thoughts of earlier tries; tries: begun so far; over: no more asks.
    """

    task: Task
    noise: Noise
    arm: int
    inner: Any
    record: tuple[Arm, ...]
    spent: int = 0
    earlier: tuple[Thought, ...] = ()
    tries: int = 1
    over: bool = False


@dataclass(frozen=True, slots=True)
class Auto:
    """At most `n` tries, each of the strategy with the greatest hoped-for success for its tokens; ends when one passes.

    arms: strategies apart by `+`, with `;` between their parameters: `mcts:n=16+beam:width=2;expand=4`; split: where a
    step ends, for those arms that do not say; seen: what other questions of the task have shown, one
    worked/tries/tokens for each arm apart by `+` (see `having_seen`). What was never tried is tried first, in order.
    The first try of an arm has the draws that the strategy alone would have.

    The `value` of `best` is what the tries on this question brought, in the form of `seen`.
    Raises BadSpec and UnknownName.
    """

    n: int = 12
    arms: str = ARMS
    split: str = "line"
    seen: str = ""

    def __post_init__(self) -> None:
        whole("auto", n=self.n)
        _read(self.seen, len(self.searches()))

    @property
    def spec(self) -> str:
        """Return `auto:n=12` and what else is not the default."""
        return spec_of("auto", self)

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return the verifier, who says what worked."""
        return frozenset(("verifier",))

    def searches(self) -> tuple[Search[Any], ...]:
        """Return the strategies to choose from. Raises BadSpec and UnknownName."""
        return _made(str(self.arms), self.split)

    def having_seen(self, traces: Sequence[Trace]) -> Auto:
        """Return this strategy with what `traces` of its own on other questions have shown counted in."""
        count = len(self.searches())
        known = _read(self.seen, count)
        for trace in traces:
            if trace.best is not None and isinstance(trace.best.value, str):
                known = tuple(a + b for a, b in zip(known, _read(trace.best.value, count), strict=True))
        return replace(self, seen=_written(known)) if any(arm.tries for arm in known) else self

    def start(self, task: Task, noise: Noise) -> Choosing:
        """Return the state before anything was asked."""
        searches = self.searches()
        record = (Arm(),) * len(searches)
        arm = choose(_read(self.seen, len(searches)))
        return Choosing(task, noise, arm, searches[arm].start(task, noise), record)

    def ask(self, state: Choosing) -> Sequence[Ask]:
        """Return what the try under way wants to know."""
        if state.over:
            return ()
        asks = self.searches()[state.arm].ask(state.inner)
        return [replace(ask, id=f"{state.tries}.{ask.id}") for ask in asks]

    def tell(self, state: Choosing, replies: Sequence[Reply]) -> Choosing:
        """Return the state with `replies` taken in; where the try is over, in the next one."""
        searches = self.searches()
        search = searches[state.arm]
        inner = [replace(reply, id=reply.id.partition(".")[2]) for reply in replies]
        spent = sum(reply.usage.tokens for reply in replies if isinstance(reply, (Proposed, Weighed)))
        state = replace(state, inner=search.tell(state.inner, inner), spent=state.spent + spent)
        while not state.over and not searches[state.arm].ask(state.inner):
            state = self._next(state, searches)
        return state

    def _next(self, state: Choosing, searches: Sequence[Search[Any]]) -> Choosing:
        """Return the state with the try counted and another begun, or at the end."""
        best = searches[state.arm].best(state.inner)
        worked = best is not None and best.verdict is not None and best.verdict.passed
        record = list(state.record)
        record[state.arm] = record[state.arm].after(worked, state.spent)
        if worked or state.tries >= self.n or not state.spent:  # a try that could ask for nothing: no more to be had
            return replace(state, record=tuple(record), over=True)
        known = _read(self.seen, len(searches))
        arm = choose([a + b for a, b in zip(known, record, strict=True)])
        again = record[arm].tries
        noise = state.noise.child("auto", again) if again else state.noise
        return Choosing(
            task=state.task,
            noise=state.noise,
            arm=arm,
            inner=searches[arm].start(state.task, noise),
            record=tuple(record),
            earlier=self._all(state, searches),
            tries=state.tries + 1,
        )

    def best(self, state: Choosing) -> Thought | None:
        """Return what stands highest of all tries; of equals, what the try under way puts forward."""
        searches = self.searches()
        now = searches[state.arm].best(state.inner)
        now = None if now is None else replace(now, id=now.id + len(state.earlier))
        before = max((t for t in state.earlier if t.verdict is not None and is_answer(t)), key=standing, default=None)
        if now is None and before is None:
            before = next((t for t in reversed(state.earlier) if is_answer(t)), None)
        chosen = max((t for t in (now, before) if t is not None), key=standing, default=None)
        if chosen is None:
            return None
        parent = self._all(state, searches)[chosen.id].parent
        return replace(chosen, parent=parent, value=_written(state.record))

    def thoughts(self, state: Choosing) -> Sequence[Thought]:
        """Return the thoughts of all tries, one after the other."""
        return self._all(state, self.searches())

    @staticmethod
    def _all(state: Choosing, searches: Sequence[Search[Any]]) -> tuple[Thought, ...]:
        shift = len(state.earlier)
        moved = [
            replace(t, id=t.id + shift, parent=None if t.parent is None else t.parent + shift)
            for t in searches[state.arm].thoughts(state.inner)
        ]
        return (*state.earlier, *moved)


@cache
def _made(arms: str, split: str) -> tuple[Search[Any], ...]:
    made = []
    for text in arms.split("+"):
        spec = Spec.parse(text.strip().replace(";", ","))
        if spec.name == "auto":
            raise BadSpec("auto: it is no arm of its own")
        takes_split = "split" in getattr(load("strategies", spec.name), "__dataclass_fields__", {})
        if takes_split and "split" not in spec.params:
            spec = Spec(spec.name, {**spec.params, "split": split})
        made.append(make("strategies", spec))
    return tuple(made)


def _read(text: str, count: int) -> tuple[Arm, ...]:
    """Return the record that `text` holds, of nothing for an empty one. Raises BadSpec."""
    if not text:
        return (Arm(),) * count
    try:
        rows = [[int(number) for number in part.split("/")] for part in str(text).split("+")]
        arms = tuple(Arm(tries, worked, cost) for worked, tries, cost in rows)
    except ValueError as error:
        raise BadSpec(f"auto: seen is worked/tries/tokens for each arm, apart by +, not {text!r}") from error
    if len(arms) != count or any(not 0 <= arm.worked <= arm.tries or arm.cost < 0 for arm in arms):
        raise BadSpec(f"auto: seen has {len(arms)} records such as 1/3/120 for {count} arms: {text!r}")
    return arms


def _written(arms: Sequence[Arm]) -> str:
    return "+".join(f"{arm.worked}/{arm.tries}/{arm.cost}" for arm in arms)
