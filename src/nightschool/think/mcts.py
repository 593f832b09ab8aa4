"""mcts: a tree of steps, grown where the answers behind it promise most (PUCT), wider where it is visited more.

Ref: kocsis2006; rosin2011 and silver2017 (PUCT); couetoux2011 (progressive widening); hao2023 (over language);
shi2020 (steps drawn without replacement).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from nightschool.asks import Ask, CriticRole, Hidden, Judge, Judged, Propose, Proposed, Read, Refused, Reply
from nightschool.errors import BadSpec
from nightschool.items import Draw, Noise, Prefix, Sampled, Task, Thought, Verdict
from nightschool.models.without import all_taken, sampled_by
from nightschool.search.puct import Node, backed_up, prior_of, select
from nightschool.search.tree import Tree, answer_of
from nightschool.think.spec import between, one_of, spec_of, whole
from nightschool.think.standing import is_answer, mean_logp, standing
from nightschool.think.steps import ENDS, Split, after_step, step_sampling, written_tokens
from nightschool.think.value_head import ValueHead

Value = Literal["auto", "critic", "rollout", "model", "head"]
_UNTOLD = 0.5
"""The value of what a critic failed to judge."""


@dataclass(frozen=True, slots=True)
class Climbing:
    """A tree and the simulation under way.

    nodes: by thought id, -1 for the prompt; at: the node that is being continued; born: the thought it brought that is
    being judged or rolled out; asked: what is waited for; taken: by node, what was drawn behind it; simulations: begun
    so far; deaf: roles for which there is no critic; cut: something was refused or cancelled, so this simulation is the
    last; over: no more asks.
    """

    task: Task
    noise: Noise
    tree: Tree = field(default_factory=Tree)
    nodes: Mapping[int, Node] = field(default_factory=lambda: {-1: Node()})
    at: int = -1
    born: int | None = None
    asked: Ask | None = None
    taken: Mapping[int, tuple[Sampled, ...]] = field(default_factory=dict)
    simulations: int = 0
    deaf: frozenset[CriticRole] = frozenset()
    cut: bool = False
    over: bool = False


@dataclass(frozen=True, slots=True)
class Mcts:
    """Monte Carlo tree search of `n` simulations; each draws one new step somewhere, and its value flows to the root.

    split, step_tokens: where a step ends, as for beam. Where fewer steps were drawn behind a node than
    widen * visits**alpha, or none of its children is open, a simulation draws another there; else it goes on into the
    open child of the greatest

        Q + explore * P * sqrt(visits of the node) / (1 + visits of the child)

    with Q the mean value behind the child and P its share of exp(log-probability for each token) among its siblings
    (equal shares where the model tells none). distinct: at temperature 1 a step is drawn as if what was drawn
    behind that node before could not come, as far as the model can do that; a node is done where nothing else is left.
    A draw that equals a sibling all the same is a visit to it.
    value: of a new beginning: the step critic's score (`critic`), the verifier's of a whole answer written from there
    (`rollout`), or the mean probability of its tokens (`model`); `auto` is the first of these that there is. With
    value=head and head=FILE it is what a learned value head says of the hidden state at its end (see `value_head`),
    which costs no tokens. A beginning that the step critic does not pass is closed in any case, like whole answers,
    whose value is the verifier's score.
    A draw that failed is a simulation without a value. Ends at once when an answer passes.

    A thought's `value` is its Q. `best` is the whole answer that stands highest, else the most promising beginning.
    """

    n: int = 64
    split: Split = "line"
    step_tokens: int = 0
    value: Value = "auto"
    explore: float = 1.0
    widen: float = 1.0
    alpha: float = 0.5
    head: str = ""
    distinct: bool = True
    _head: ValueHead | None = field(init=False, default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        whole("mcts", n=self.n)
        whole("mcts", least=0, step_tokens=self.step_tokens)
        one_of("mcts", tuple(ENDS), split=self.split)
        one_of("mcts", (True, False), distinct=self.distinct)
        one_of("mcts", ("auto", "critic", "rollout", "model", "head"), value=self.value)
        between("mcts", 0, math.inf, explore=self.explore, widen=self.widen)
        between("mcts", 0, 1, alpha=self.alpha)
        if self.split == "tokens":
            whole("mcts:split=tokens", step_tokens=self.step_tokens)
        if (self.value == "head") != bool(self.head):
            raise BadSpec("mcts: value=head and head=FILE go together; nightschool think --teach FILE learns one")
        if self.head:
            object.__setattr__(self, "_head", ValueHead.read(self.head))

    @property
    def spec(self) -> str:
        """Return `mcts:n=64` and what else is not the default."""
        return spec_of("mcts", self)

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return the critic that `value` names."""
        roles: Mapping[Value, CriticRole] = {"critic": "step", "rollout": "verifier"}
        return frozenset((roles[self.value],)) if self.value in roles else frozenset()

    def start(self, task: Task, noise: Noise) -> Climbing:
        """Return the state before anything was asked."""
        return self._simulate(Climbing(task, noise))

    def ask(self, state: Climbing) -> Sequence[Ask]:
        """Return the one thing that the simulation under way waits for."""
        return () if state.over or state.asked is None else (state.asked,)

    def tell(self, state: Climbing, replies: Sequence[Reply]) -> Climbing:
        """Return the state with a step, a verdict or a rollout taken in."""
        for reply in replies:
            ask, state = state.asked, replace(state, asked=None)
            if isinstance(ask, Judge):
                state = self._hear(state, ask, reply)
            elif isinstance(ask, Read):
                state = self._read(state, reply)
            elif not isinstance(reply, Proposed):
                state = replace(state, over=True)
            elif state.born is None:
                state = self._grow(state, reply.draws[0])
            else:
                state = self._rolled_out(state, reply.draws[0])
        return state

    def best(self, state: Climbing) -> Thought | None:
        """Return the whole answer that stands highest; before there is one, the beginning of the greatest value."""
        thoughts = self.thoughts(state)
        answers = [t for t in thoughts if state.nodes[t.id].ended and is_answer(t)]
        if answers:
            return max(answers, key=lambda t: (standing(t), t.value or 0.0, -t.id))
        begun = [t for t in thoughts if is_answer(t)]
        return max(begun, key=lambda t: (not state.nodes[t.id].closed, t.value or 0.0, -t.id), default=None)

    def thoughts(self, state: Climbing) -> Sequence[Thought]:
        """Return every step and every rollout, in the order they were drawn, with the mean value behind each."""
        nodes = state.nodes
        return tuple(replace(t, value=nodes[t.id].mean if nodes[t.id].visits else None) for t in state.tree)

    def _simulate(self, state: Climbing) -> Climbing:
        """Return the state that asks for the next step of the node that a new simulation ends in."""
        if state.simulations >= self.n:
            return replace(state, over=True)
        nodes = dict(state.nodes)
        at = -1
        while True:
            node = nodes[at]
            alive = [child for child in node.children if not nodes[child].closed]
            fixed = state.task.sampling.temperature == 0 and node.draws > 0  # it would only say the same again
            wider = not alive or node.draws < self.widen * node.visits**self.alpha
            if wider and not fixed and not all_taken(state.taken.get(at, ())):
                break
            if alive:
                at = select(nodes, at, alive, self.explore)
                continue
            nodes[at] = replace(node, closed=True)
            if at == -1:
                return replace(state, nodes=nodes, over=True)
            at = -1
        state = replace(state, nodes=nodes, at=at, born=None, simulations=state.simulations + 1)
        return self._continue(state)

    def _continue(self, state: Climbing) -> Climbing:
        """Return the state that asks for one more draw behind `at`."""
        task, at = state.task, state.at
        prefix = Prefix(task.prompt) if at < 0 else state.tree[at].prefix
        sampling = step_sampling(task.sampling, self.split, self.step_tokens, prefix)
        if sampling is None:
            raise RuntimeError(f"a beginning of {prefix.text!r} is open, and yet as long as it may be")
        noise = state.noise if at < 0 else state.noise.child("mcts", prefix.text)
        name = f"step-{state.simulations}"
        without = state.taken.get(at, ())
        ask = Propose(name, prefix, 1, sampling, noise, task.adapter, state.nodes[at].draws, without=without)
        return replace(state, asked=ask)

    def _grow(self, state: Climbing, draw: Draw) -> Climbing:
        """Return the state with the step `draw` behind `at`, and whatever judges it asked."""
        at, nodes = state.at, dict(state.nodes)
        prefix = Prefix(state.task.prompt) if at < 0 else state.tree[at].prefix
        grown = after_step(state.task.sampling, self.split, prefix, draw)
        tree = state.tree.grow(prefix, (draw,), None if at < 0 else at)
        new = tree[len(tree) - 1]
        if grown is not None:
            tree = tree.change(new.id, prefix=grown, answer=answer_of(grown))
        ended, failed = grown is None, draw.finish in ("error", "cancelled")
        parent = nodes[at]
        nodes[at] = replace(parent, draws=parent.draws + 1)
        if self.distinct:
            taken = state.taken.get(at, ()) + sampled_by((draw,), state.task.sampling)
            state = replace(state, taken={**state.taken, at: taken})
        text = tree[new.id].prefix.text
        twins = [c for c in parent.children if tree[c].prefix.text == text and nodes[c].ended == ended]
        if twins and not failed:
            return self._again(replace(state, nodes=nodes), twins[0])
        if draw.finish != "error":  # what failed is nobody's twin
            nodes[at] = replace(nodes[at], children=(*parent.children, new.id))
        nodes[new.id] = Node(at, ended=ended, closed=ended, prior=prior_of(mean_logp_of(draw)))
        state = replace(state, tree=tree, nodes=nodes, born=new.id, cut=draw.finish == "cancelled")
        return self._next(state) if draw.finish == "error" else self._evaluate(state)

    def _again(self, state: Climbing, twin: int) -> Climbing:
        """Return the state after a draw that was there already: it counts as a visit of the same value."""
        return self._finish(replace(state, born=twin), state.nodes[twin].mean)

    def _evaluate(self, state: Climbing) -> Climbing:
        """Return the state that asks for the value of what was born, or has it."""
        assert state.born is not None
        thought = state.tree[state.born]
        role: CriticRole = "verifier" if state.nodes[state.born].ended else "step"
        wanted = role == "verifier" or self.value in ("auto", "critic", "head")
        if wanted and role not in state.deaf:
            name = f"{'judge' if role == 'verifier' else 'check'}-{thought.id}"
            return replace(state, asked=Judge(name, state.task.item, thought.answer, role))
        return self._without_critic(state)

    def _without_critic(self, state: Climbing) -> Climbing:
        """Return the state where nobody judges what was born: a rollout, or the model's own probability."""
        assert state.born is not None
        thought, ended = state.tree[state.born], state.nodes[state.born].ended
        if self._head is not None and not ended and not state.cut:
            return replace(state, asked=self._head.ask(f"read-{thought.id}", thought.prefix, state.task.adapter))
        rollout = self.value == "rollout" or (self.value == "auto" and "verifier" not in state.deaf)
        if ended or state.cut or not rollout:
            logp = mean_logp(thought)
            return self._finish(state, _UNTOLD if logp is None else math.exp(logp))
        task = state.task
        left = task.sampling.max_tokens - written_tokens(thought.prefix)
        sampling = replace(task.sampling, max_tokens=left)
        noise = state.noise.child("mcts rollout", thought.prefix.text)
        return replace(state, asked=Propose(f"rollout-{thought.id}", thought.prefix, 1, sampling, noise, task.adapter))

    def _read(self, state: Climbing, reply: Reply) -> Climbing:
        """Return the state with the head's value of what was born; where nothing could be read, one in the middle."""
        if isinstance(reply, Hidden) and self._head is not None:
            return self._finish(state, self._head.value(reply))
        cut = isinstance(reply, Refused) and reply.by != "error"
        return self._finish(replace(state, cut=state.cut or cut), _UNTOLD)

    def _rolled_out(self, state: Climbing, draw: Draw) -> Climbing:
        """Return the state with a whole answer behind what was born, its verifier asked."""
        assert state.born is not None
        thought = state.tree[state.born]
        tree = state.tree.grow(thought.prefix, (draw,), thought.id)
        id = len(tree) - 1
        nodes = {**state.nodes, id: Node(thought.id, ended=True, closed=True)}
        state = replace(state, tree=tree, nodes=nodes, born=id, cut=draw.finish == "cancelled")
        return self._next(state) if draw.finish == "error" else self._evaluate(state)

    def _hear(self, state: Climbing, ask: Judge, reply: Reply) -> Climbing:
        """Return the state with a verdict, or without one, on what was born."""
        born = state.born
        assert born is not None
        if isinstance(reply, Refused):
            deaf = state.deaf | {ask.role} if reply.by == "error" else state.deaf
            return self._without_critic(replace(state, deaf=deaf, cut=state.cut or reply.by != "error"))
        assert isinstance(reply, Judged)
        verdict: Verdict = reply.verdict
        if ask.role == "verifier":
            state = replace(state, tree=state.tree.judged(born, verdict))
        elif verdict.error is None and not verdict.passed:
            state = replace(state, nodes={**state.nodes, born: replace(state.nodes[born], closed=True)})
        if self._head is not None and ask.role == "step" and (verdict.passed or verdict.error is not None):
            return self._without_critic(state)
        counts = ask.role == "verifier" or verdict.passed
        value = _UNTOLD if verdict.error is not None else verdict.score if counts else 0.0
        over = state.over or (ask.role == "verifier" and verdict.passed)
        return self._finish(replace(state, over=over), value)

    def _finish(self, state: Climbing, value: float) -> Climbing:
        """Return the state with `value` on the path to the root, at the next simulation."""
        assert state.born is not None
        return self._next(replace(state, nodes=backed_up(state.nodes, state.born, value)))

    def _next(self, state: Climbing) -> Climbing:
        """Return the state with the next simulation begun, whether the one under way brought a value or failed."""
        state = replace(state, born=None, asked=None)
        return replace(state, over=True) if state.over or state.cut else self._simulate(state)


def mean_logp_of(draw: Draw) -> float | None:
    """Return the log-probability for each token of a draw in nats, None where the model does not tell."""
    logps = draw.segment.logps
    return None if logps is None else math.fsum(logps) / max(len(logps), 1)
