"""auto: several strategies share a task, and what has worked for its cost gets the next turn (a bandit).

What is learned is learned from question to question: that a strategy has not solved this one yet says that the question
is hard rather than that the strategy is bad. And a turn is long, since a search that is left after two answers' worth
has found nothing: so of a small budget one strategy has all, and which it is becomes ever less a matter of luck.

Ref: thompson1933, chapelle2011 (draws from what is believed of each arm); tranthanh2012 (costs under a budget).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from nightschool.asks import Ask, CriticRole, Judge, Proposed, Refused, Reply, Weighed
from nightschool.errors import BadSpec
from nightschool.items import Noise, Task, Thought, Trace
from nightschool.ports import Search
from nightschool.registry import Spec, load, make
from nightschool.search.bandit import NOTHING, Arm, Belief, choose
from nightschool.think.spec import spec_of, whole
from nightschool.think.standing import standing

_LONG = 8
"""Longest answers for which a strategy is left alone; most answers are half as long."""

ARMS = (
    "best-of-n:n=4096;first_pass=true+beam:width=4;expand=4;retries=64+mcts:n=4096+smc:n=4;sweeps=64;grow=2"
    "+chain:n=4096+revise:rounds=64"
)
"""Everything that needs no more than a verifier; a step critic makes some of them better."""

_USUAL = {"best-of-n": 0.09, "beam": 0.45, "mcts": 0.48, "smc": 0.15, "chain": 0.33, "revise": 0.06}
"""How often a strategy solved a question with 16 answers' worth: means over the tune items of four tasks, two-step sums
of two digits, one-step functions, six numbers, and the game of 24 (`benchmarks/think_curves.py --split tune`)."""

BELIEFS: Mapping[str, Belief] = {name: (4 * rate, 4 * (1 - rate)) for name, rate in _USUAL.items()}
"""What is thought of a strategy before it was tried, by name: as much as four questions would have shown."""

Key = tuple[int, int]
"""A search: its arm, and whether it is the first of that arm (0), the second, ..."""


@dataclass(frozen=True, slots=True)
class Choosing:
    """A turn under way.

    at: the search whose turn it is; inner: the states of all searches; ended: those that are over; record: what each
    arm brought on this question, tried at most once; spent: tokens of this turn; spans: which thoughts of which search
    the turns before brought, first and one past the last; turns: begun so far; last: the budget refused something, so
    that no turn follows; over: no more asks.
    """

    task: Task
    noise: Noise
    record: tuple[Arm, ...]
    at: Key = (0, 0)
    inner: Mapping[Key, Any] = field(default_factory=dict)
    ended: frozenset[Key] = frozenset()
    spent: int = 0
    spans: tuple[tuple[Key, int, int], ...] = ()
    turns: int = 0
    last: bool = False
    over: bool = False


@dataclass(frozen=True, slots=True)
class Auto:
    """At most `n` turns, each of the strategy that seems to succeed most for its tokens; ends when an answer passes.

    arms: strategies apart by `+`, with `;` between their parameters: `mcts:n=16+beam:width=2;expand=2`; split,
    step_tokens: where a step ends, for those arms that do not say. In its turn a strategy goes on where it was left,
    for `turn` tokens (0: as many as eight of the longest answers may have) and to the end of its step; one that has
    come to its end begins anew. seen: what other questions of the task have shown, one worked/questions/tokens for each
    arm, apart by `+` (see `having_seen`). Whose turn it is, is drawn by what is believed of each (BELIEFS at
    first), so that questions that run side by side do not all try the same. The first search of an arm has the draws
    that the strategy alone would have.

    The `value` of `best` is what the arms brought on this question, in the form of `seen`.
    Raises BadSpec and UnknownName.
    """

    n: int = 32
    arms: str = ARMS
    split: str = "line"
    step_tokens: int = 0
    turn: int = 0
    seen: str = ""

    def __post_init__(self) -> None:
        whole("auto", n=self.n)
        whole("auto", least=0, turn=self.turn, step_tokens=self.step_tokens)
        _read(self.seen, len(self.searches()))

    @property
    def spec(self) -> str:
        """Return `auto:n=32` and what else is not the default."""
        return spec_of("auto", self)

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return the verifier, who says what worked."""
        return frozenset(("verifier",))

    def searches(self) -> tuple[Search[Any], ...]:
        """Return the strategies to choose from. Raises BadSpec and UnknownName."""
        return _made(str(self.arms), self.split, self.step_tokens)

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
        return self._turn(Choosing(task, noise, (Arm(),) * len(self.searches())))

    def ask(self, state: Choosing) -> Sequence[Ask]:
        """Return what the search whose turn it is wants to know."""
        if state.over:
            return ()
        arm, nth = state.at
        return [replace(ask, id=f"{arm}.{nth}.{ask.id}") for ask in self._asks(state, state.at)]

    def tell(self, state: Choosing, replies: Sequence[Reply]) -> Choosing:
        """Return the state with `replies` taken in; where the turn is over, in the next one."""
        for reply in replies:
            state = self._hear(state, reply)
        return state

    def _asks(self, state: Choosing, key: Key) -> Sequence[Ask]:
        return self.searches()[key[0]].ask(state.inner[key])

    def _hear(self, state: Choosing, reply: Reply) -> Choosing:
        arm, nth, id = reply.id.split(".", 2)
        key = int(arm), int(nth)
        cost = reply.usage.tokens if isinstance(reply, (Proposed, Weighed)) else 0
        cost = max(cost, len(reply.draws)) if isinstance(reply, Proposed) else cost  # the end of a draw costs, too
        refused = isinstance(reply, Refused) and reply.by != "error"
        state = replace(state, spent=state.spent + cost, last=state.last or refused)
        if key in state.ended or state.over:  # it did not wait for this
            return state
        waiting = {ask.id for ask in self._asks(state, key)} - {id}
        told = self.searches()[key[0]].tell(state.inner[key], [replace(reply, id=id)])
        state = replace(state, inner={**state.inner, key: told})
        while not state.over:
            asks = self._asks(state, state.at)
            enough = state.spent >= (self.turn or _LONG * state.task.sampling.max_tokens) and not state.last
            # it is left where it waits for nothing, and where it has no answer that nobody has judged
            left = enough and not any(ask.id in waiting or isinstance(ask, Judge) for ask in asks)
            if asks and not left:
                break
            state, waiting = self._end_turn(state, ended=not asks), set()
        return state

    def _end_turn(self, state: Choosing, ended: bool) -> Choosing:
        """Return the state with the turn counted and another begun, or at the end."""
        best = self.searches()[state.at[0]].best(state.inner[state.at])
        worked = best is not None and best.verdict is not None and best.verdict.passed
        state = replace(
            state,
            record=_counted(state, worked),
            spans=self._spans(state),
            spent=0,
            ended=state.ended | {state.at} if ended else state.ended,
            over=worked or state.last or state.turns >= self.n,
        )
        return state if state.over else self._turn(state)

    def _turn(self, state: Choosing) -> Choosing:
        """Return the state with the next turn begun."""
        searches = self.searches()
        known = _read(self.seen, len(searches))
        dice = random.Random(state.noise.child("auto", "turn", state.turns).key())
        before = [BELIEFS.get(search.spec.partition(":")[0], NOTHING) for search in searches]
        arm = choose([a + b for a, b in zip(known, state.record, strict=True)], dice, before)
        count = sum(key[0] == arm for key in state.inner)
        at, inner = (arm, max(count - 1, 0)), state.inner
        if not count or at in state.ended:
            at = arm, count
            noise = state.noise.child("auto", count) if count else state.noise
            inner = {**inner, at: searches[arm].start(state.task, noise)}
        return replace(state, at=at, inner=inner, turns=state.turns + 1)

    def best(self, state: Choosing) -> Thought | None:
        """Return what stands highest of all searches; of equals, what the search whose turn it is puts forward."""
        keys = [state.at, *(key for key in state.inner if key != state.at)]
        found = [(self.searches()[key[0]].best(state.inner[key]), key) for key in keys]
        chosen = max(((best, key) for best, key in found if best is not None), key=_standing, default=None)
        if chosen is None:
            return None
        places = self._places(state)
        thought, key = chosen
        return replace(_moved(thought, places[key]), value=_written(_counted(state, False)))

    def thoughts(self, state: Choosing) -> Sequence[Thought]:
        """Return the thoughts of all searches, in the order of their turns."""
        places = self._places(state)
        own = {key: self.searches()[key[0]].thoughts(state.inner[key]) for key in places}
        return [
            _moved(thought, places[key])
            for key, first, behind in self._spans(state)
            for thought in own[key][first:behind]
        ]

    def _spans(self, state: Choosing) -> tuple[tuple[Key, int, int], ...]:
        """Return which thoughts of which search the turns brought, with the one under way."""
        first = max((behind for key, _, behind in state.spans if key == state.at), default=0)
        behind = len(self.searches()[state.at[0]].thoughts(state.inner[state.at]))
        return (*state.spans, (state.at, first, behind)) if behind > first else state.spans

    def _places(self, state: Choosing) -> dict[Key, list[int]]:
        """Return the ids that the thoughts of each search have among all."""
        places: dict[Key, list[int]] = {}
        count = 0
        for key, first, behind in self._spans(state):
            places.setdefault(key, []).extend(range(count, count + behind - first))
            count += behind - first
        return places


def _counted(state: Choosing, worked: bool) -> tuple[Arm, ...]:
    """Return the record with the turn under way, where it has cost something; a question is one try of an arm."""
    record = list(state.record)
    if state.spent or worked:
        arm = record[state.at[0]]
        record[state.at[0]] = Arm(1, int(worked or arm.worked), arm.cost + state.spent)
    return tuple(record)


def _standing(found: tuple[Thought, Key]) -> tuple[bool, float, bool, bool]:
    return standing(found[0])


def _moved(thought: Thought, places: Sequence[int]) -> Thought:
    parent = None if thought.parent is None else places[thought.parent]
    return replace(thought, id=places[thought.id], parent=parent)


@cache
def _made(arms: str, split: str, step_tokens: int) -> tuple[Search[Any], ...]:
    made = []
    for text in arms.split("+"):
        spec = Spec.parse(text.strip().replace(";", ","))
        if spec.name == "auto":
            raise BadSpec("auto: it is no arm of its own")
        takes_split = "split" in getattr(load("strategies", spec.name), "__dataclass_fields__", {})
        if takes_split and "split" not in spec.params:
            spec = Spec(spec.name, {**spec.params, "split": split, "step_tokens": step_tokens})
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
        raise BadSpec(f"auto: seen is worked/questions/tokens for each arm, apart by +, not {text!r}") from error
    if len(arms) != count or any(not 0 <= arm.worked <= arm.tries or arm.cost < 0 for arm in arms):
        raise BadSpec(f"auto: seen has {len(arms)} records such as 1/3/120 for {count} arms: {text!r}")
    return arms


def _written(arms: Sequence[Arm]) -> str:
    return "+".join(f"{arm.worked}/{arm.tries}/{arm.cost}" for arm in arms)
