"""chain: one short step after another, each checked before the next builds on it; a dead end is taken back.

Depth-first search over steps: of a step that does not pass, another is drawn; where `tries` of them fail, the step
before is doubted and drawn anew.

Ref: yao2023 (depth-first with pruning); zhou2022 (short answers, each built upon).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from nightschool.asks import Ask, CriticRole, Judge, Judged, Propose, Proposed, Refused, Reply
from nightschool.items import Draw, Noise, Prefix, Sampled, Task, Thought
from nightschool.models.without import all_taken, sampled_by
from nightschool.search.tree import Tree, answer_of
from nightschool.think.spec import one_of, spec_of, whole
from nightschool.think.standing import is_answer, standing
from nightschool.think.steps import ENDS, Split, after_step, step_sampling

ROOT = -1
"""The place of the prompt itself."""


@dataclass(frozen=True, slots=True)
class Chaining:
    """A chain of checked steps, and the draw behind it.

    at: the thought that is the end of the chain, ROOT for the prompt; draws, fails: by place, how many were drawn
    behind it in all, and how many failed since it was last entered; taken: what was sampled of a step; gone: by place,
    what was sampled behind it and led nowhere; passed: steps that were checked; ended: whole answers; waiting: the
    thought that is being judged; cut: something was cancelled, so that judgement is the last ask, or a judgement was
    refused; over: no more asks.
    """

    task: Task
    noise: Noise
    tree: Tree = field(default_factory=Tree)
    at: int = ROOT
    draws: Mapping[int, int] = field(default_factory=dict)
    taken: Mapping[int, tuple[Sampled, ...]] = field(default_factory=dict)
    gone: Mapping[int, tuple[Sampled, ...]] = field(default_factory=dict)
    fails: Mapping[int, int] = field(default_factory=dict)
    passed: frozenset[int] = frozenset()
    ended: frozenset[int] = frozenset()
    waiting: int | None = None
    cut: bool = False
    over: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain of steps, of at most `n` draws in all; each step has `tries` before the one in front of it is doubted.

    split, step_tokens: where a step ends, as for beam. A step goes into the chain when the step critic passes it; a
    whole answer ends the search when the verifier passes it, or where there is none. A step that was taken back and
    comes again is entered again with new tries; one that failed counts as a try without being judged anew. distinct: at
    temperature 1 a step is drawn as if those that failed there could not come, as far as the model can do that; where
    nothing else is left, the step before is doubted. A critic that failed stops nothing: its step stays. In front of
    the first step there is nothing to doubt.

    A thought's `value` is the step critic's score. `best` is the whole answer that stands highest, else the longest
    chain that was checked, else a step whose judgement is not there.
    """

    n: int = 64
    split: Split = "line"
    step_tokens: int = 0
    tries: int = 4
    distinct: bool = True

    def __post_init__(self) -> None:
        whole("chain", n=self.n, tries=self.tries)
        whole("chain", least=0, step_tokens=self.step_tokens)
        one_of("chain", tuple(ENDS), split=self.split)
        one_of("chain", (True, False), distinct=self.distinct)
        if self.split == "tokens":
            whole("chain:split=tokens", step_tokens=self.step_tokens)

    @property
    def spec(self) -> str:
        """Return `chain:n=64` and what else is not the default."""
        return spec_of("chain", self)

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return the step critic, who checks."""
        return frozenset(("step",))

    def start(self, task: Task, noise: Noise) -> Chaining:
        """Return the state before anything was asked."""
        return Chaining(task, noise)

    def ask(self, state: Chaining) -> Sequence[Ask]:
        """Return the next draw, or the judgement of the last one."""
        if state.over:
            return ()
        task = state.task
        if state.waiting is not None:
            thought = state.tree[state.waiting]
            role: CriticRole = "verifier" if thought.id in state.ended else "step"
            return (Judge(f"check-{thought.id}", task.item, thought.answer, role),)
        prefix = _prefix(state)
        sampling = step_sampling(task.sampling, self.split, self.step_tokens, prefix)
        if sampling is None:
            raise RuntimeError(f"a beginning of {prefix.text!r} is open, and yet as long as it may be")
        noise = state.noise if state.at == ROOT else state.noise.child("chain", prefix.text)
        first = state.draws.get(state.at, 0)
        name, without = f"step-{_drawn(state)}", state.gone.get(state.at, ())
        return (Propose(name, prefix, 1, sampling, noise, task.adapter, first, without=without),)

    def tell(self, state: Chaining, replies: Sequence[Reply]) -> Chaining:
        """Return the state with a step or its verdict taken in. A refusal of a step ends the search."""
        for reply in replies:
            if state.waiting is not None:
                state = self._hear(state, reply)
            elif isinstance(reply, Proposed):
                state = self._grow(state, reply.draws[0])
            else:
                state = replace(state, over=True)
        return state

    def best(self, state: Chaining) -> Thought | None:
        """Return the whole answer that stands highest; before there is one, the longest checked chain; before there is
        that, a step that nobody judged.
        """
        answers = [state.tree[id] for id in sorted(state.ended) if is_answer(state.tree[id])]
        if answers:
            return max(answers, key=standing)
        checked = [state.tree[id] for id in sorted(state.passed)]
        if not checked:
            return next((thought for thought in state.tree if thought.value is None and is_answer(thought)), None)
        return max(checked, key=lambda t: (len(state.tree.path(t.id)), t.value or 0.0), default=None)

    def thoughts(self, state: Chaining) -> Sequence[Thought]:
        """Return every step that was drawn, in order; what was taken back stays in the tree."""
        return state.tree.thoughts

    def _grow(self, state: Chaining, draw: Draw) -> Chaining:
        """Return the state with the step `draw`: to be judged, or known already."""
        at, prefix, task = state.at, _prefix(state), state.task
        grown = after_step(task.sampling, self.split, prefix, draw)
        tree = state.tree.grow(prefix, (draw,), None if at == ROOT else at)
        id = len(tree) - 1
        if grown is not None:
            tree = tree.change(id, prefix=grown, answer=answer_of(grown))
        before = next((t.id for t in state.tree.children(tree[id].parent) if _same(t, tree[id])), None)
        state = replace(state, tree=tree, draws={**state.draws, at: state.draws.get(at, 0) + 1})
        if self.distinct:
            state = replace(state, taken={**state.taken, id: sampled_by((draw,), task.sampling)})
        if draw.finish == "error":
            return self._fail(state, id)
        if draw.finish == "cancelled":
            ended = state.ended | {id} if is_answer(tree[id]) else state.ended
            return replace(state, ended=ended, waiting=id if id in ended else None, cut=True, over=id not in ended)
        if before is not None:
            dead = before not in state.passed or all_taken(state.gone.get(before, ()))
            return self._fail(state, id) if dead else self._enter(state, before)
        return replace(state, waiting=id, ended=state.ended | {id} if grown is None else state.ended)

    def _hear(self, state: Chaining, reply: Reply) -> Chaining:
        """Return the state with the verdict on the step that waits for it."""
        id = state.waiting
        assert id is not None
        whole_answer = id in state.ended
        verdict = reply.verdict if isinstance(reply, Judged) else None
        unjudged = isinstance(reply, Refused) and reply.by != "error"  # an error: there is no such critic
        state = replace(state, waiting=None, cut=state.cut or unjudged)
        if verdict is not None and whole_answer:
            state = replace(state, tree=state.tree.judged(id, verdict))
        elif verdict is not None and verdict.error is None:
            state = replace(state, tree=state.tree.change(id, value=verdict.score))
        passed = verdict is None or verdict.error is not None or verdict.passed
        if state.cut or (whole_answer and passed):
            return replace(state, over=True)
        return self._enter(state, id) if passed else self._fail(state, id)

    def _enter(self, state: Chaining, id: int) -> Chaining:
        """Return the state with step `id` at the end of the chain."""
        fails = {**state.fails, id: 0}
        return self._bounded(replace(state, at=id, fails=fails, passed=state.passed | {id}))

    def _fail(self, state: Chaining, id: int) -> Chaining:
        """Return the state after step `id` failed; where that was one too many, at the step before."""
        fails, gone, at, failed = dict(state.fails), dict(state.gone), state.at, state.taken.get(id, ())
        while True:
            fails[at] = fails.get(at, 0) + 1
            gone[at] = gone.get(at, ()) + failed
            nothing_left = all_taken(gone[at])
            if at == ROOT or not (nothing_left or fails[at] >= self.tries):
                break
            failed = state.taken.get(at, ()) if nothing_left else ()  # what has nothing left behind it failed as well
            parent = state.tree[at].parent
            at = ROOT if parent is None else parent
        fixed = state.task.sampling.temperature == 0  # the next draw would say the same
        return self._bounded(replace(state, at=at, fails=fails, gone=gone, over=fixed or nothing_left))

    def _bounded(self, state: Chaining) -> Chaining:
        return replace(state, over=state.over or _drawn(state) >= self.n)


def _prefix(state: Chaining) -> Prefix:
    return Prefix(state.task.prompt) if state.at == ROOT else state.tree[state.at].prefix


def _drawn(state: Chaining) -> int:
    return sum(state.draws.values())


def _same(one: Thought, other: Thought) -> bool:
    if "error" in (one.finish, other.finish):  # what failed may have been anything
        return False
    return one.prefix.text == other.prefix.text and (one.finish == "stop") == (other.finish == "stop")
