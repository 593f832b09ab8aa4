"""beam: write step by step, keep the few best beginnings, as a step critic sees them.

Ref: xie2023 (step-level beam search guided by a critic); wu2016 (log-probability by length).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from nightschool.asks import Ask, CriticRole, Hidden, Judge, Judged, Propose, Proposed, Read, Refused, Reply
from nightschool.items import Noise, Prefix, Sampled, Task, Thought
from nightschool.models.without import all_taken, sampled_by
from nightschool.search.tree import Tree, answer_of
from nightschool.think.spec import one_of, spec_of, whole
from nightschool.think.standing import is_answer, mean_logp, standing
from nightschool.think.steps import ENDS, Split, after_step, step_sampling
from nightschool.think.value_head import ValueHead


@dataclass(frozen=True, slots=True)
class Beaming:
    """A level of the search: first the beginnings in `front` are continued, then what came of it is judged.

    front, open, ended: ids of thoughts; front holds None for the prompt itself; open: continuations of this level that
    can go on; ended: whole answers of all levels; replies: to the asks of this level, by id; attempt: how often this
    level was drawn anew because nothing survived it; taken: what was drawn behind each of `front`; dead: what the step
    critic did not pass; deaf: roles for which there is no critic; cut: something was refused or cancelled, so this
    level is the last; over: no more asks.
    """

    task: Task
    noise: Noise
    tree: Tree = field(default_factory=Tree)
    front: tuple[int | None, ...] = (None,)
    open: tuple[int, ...] = ()
    ended: tuple[int, ...] = ()
    level: int = 0
    attempt: int = 0
    taken: Mapping[int | None, tuple[Sampled, ...]] = field(default_factory=dict)
    judging: bool = False
    replies: Mapping[str, Reply] = field(default_factory=dict)
    dead: frozenset[int] = frozenset()
    deaf: frozenset[CriticRole] = frozenset()
    cut: bool = False
    over: bool = False


@dataclass(frozen=True, slots=True)
class Beam:
    """A beam of `width` beginnings, each continued `expand` times, for at most `steps` steps.

    split: where a step ends (`line`, `sentence`, `comma`, `semicolon`, or `tokens` with step_tokens). Equal beginnings
    are merged. A step critic's score orders them, and those it does not pass are dropped, like whole answers that the
    verifier does not pass; where none survives, the level is drawn again, at most `retries` times, and with `distinct`
    at temperature 1 as if what was drawn there before could not come, as far as the model can do that. Without a step
    critic, or between equal scores, the mean log-probability of a token orders them. Whole answers leave the beam and
    are judged by the verifier, where there is one; the search ends when one passes, when `width` of them stand, or when
    nothing is left to continue.

    head: a file with a learned value head (see `value_head`), whose word on the hidden state at the end of a beginning
    orders in place of the step critic's score; what that critic does not pass is dropped all the same.

    A thought's `value` is the step critic's score, or the head's; its verdict is the verifier's alone.
    """

    width: int = 4
    expand: int = 4
    split: Split = "line"
    steps: int = 32
    step_tokens: int = 0
    retries: int = 8
    head: str = ""
    distinct: bool = True
    _head: ValueHead | None = field(init=False, default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        whole("beam", width=self.width, expand=self.expand, steps=self.steps)
        whole("beam", least=0, step_tokens=self.step_tokens, retries=self.retries)
        one_of("beam", tuple(ENDS), split=self.split)
        one_of("beam", (True, False), distinct=self.distinct)
        if self.split == "tokens":
            whole("beam:split=tokens", step_tokens=self.step_tokens)
        if self.head:
            object.__setattr__(self, "_head", ValueHead.read(self.head))

    @property
    def spec(self) -> str:
        """Return `beam:width=4` and what else is not the default."""
        return spec_of("beam", self)

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return nothing: without critics the log-probability decides."""
        return frozenset()

    def start(self, task: Task, noise: Noise) -> Beaming:
        """Return the state before anything was asked."""
        return Beaming(task, noise)

    def ask(self, state: Beaming) -> Sequence[Ask]:
        """Return what this level still wants to know."""
        if state.over:
            return ()
        asks: list[Ask] = [*self._expansions(state)]
        if state.judging:
            asks = [*self._judgements(state), *self._readings(state)]
        return [ask for ask in asks if ask.id not in state.replies]

    def tell(self, state: Beaming, replies: Sequence[Reply]) -> Beaming:
        """Return the state with `replies` taken in; a level goes on when all of it is there, so order is nothing."""
        for reply in replies:
            state = replace(state, replies={**state.replies, reply.id: reply})
        while not state.over and not self.ask(state):
            state = self._select(self._weigh(state)) if state.judging else self._take_in(state)
        return state

    def best(self, state: Beaming) -> Thought | None:
        """Return the whole answer that stands highest, or before there is one, the best beginning of the last level."""
        tree = self._weigh(state).tree if state.judging else state.tree
        whole_answers = [tree[id] for id in state.ended if is_answer(tree[id])]
        if whole_answers:
            return max(whole_answers, key=lambda thought: (standing(thought), _order(thought)))
        front = [tree[id] for id in state.open or state.front if id is not None]
        return max(front, key=_order, default=None)

    def thoughts(self, state: Beaming) -> Sequence[Thought]:
        """Return every step that was drawn, level by level."""
        return (self._weigh(state).tree if state.judging else state.tree).thoughts

    def _expansions(self, state: Beaming) -> list[Propose]:
        task, asks = state.task, []
        for place, id in enumerate(state.front):
            prefix = Prefix(task.prompt) if id is None else state.tree[id].prefix
            sampling = step_sampling(task.sampling, self.split, self.step_tokens, prefix)
            taken = state.taken.get(id, ())
            if sampling is None or all_taken(taken):
                continue
            # a beginning's own text names its noise: what else is in the beam does not change how it goes on
            noise = state.noise if id is None else state.noise.child("beam", prefix.text)
            name = f"step-{state.level}-{state.attempt}-{place}"
            first = state.attempt * self.expand
            asks.append(Propose(name, prefix, self.expand, sampling, noise, task.adapter, first, without=taken))
        return asks

    def _take_in(self, state: Beaming) -> Beaming:
        """Return the state with the level's draws in its tree, merged, and sorted into open and ended."""
        tree, open_, ended, cut = state.tree, list[int](), list(state.ended), state.cut
        taken = dict(state.taken)
        beginnings: set[str] = set()
        answers = {tree[id].answer for id in ended}
        expansions = self._expansions(state)
        fronts = {f"step-{state.level}-{state.attempt}-{place}": id for place, id in enumerate(state.front)}
        for ask in expansions:
            reply = state.replies[ask.id]
            cut = cut or isinstance(reply, Refused)
            draws = reply.draws if isinstance(reply, Proposed) else ()
            if self.distinct:
                at = fronts[ask.id]
                taken[at] = taken.get(at, ()) + sampled_by(draws, state.task.sampling)
            for draw in draws:
                grown = after_step(state.task.sampling, self.split, ask.prefix, draw)
                tree = tree.grow(ask.prefix, (draw,), fronts[ask.id])
                new = tree[len(tree) - 1]
                cut = cut or new.finish == "cancelled"
                if grown is not None and grown.text not in beginnings:
                    beginnings.add(grown.text)
                    tree = tree.change(new.id, prefix=grown, answer=answer_of(grown))
                    open_.append(new.id)
                elif grown is None and is_answer(new) and new.answer not in answers:
                    answers.add(new.answer)
                    ended.append(new.id)
        over = not expansions
        return replace(
            state, tree=tree, open=tuple(open_), ended=tuple(ended), taken=taken, cut=cut, judging=True, replies={},
            over=over,
        )  # fmt: skip

    def _readings(self, state: Beaming) -> list[Read]:
        """Return what the value head wants to read of this level."""
        if self._head is None:
            return []
        return [self._head.ask(f"read-{id}", state.tree[id].prefix, state.task.adapter) for id in state.open]

    def _judgements(self, state: Beaming) -> list[Judge]:
        """Return the judgements of this level; a role that nobody fills is not asked again."""
        item = state.task.item
        answers = [Judge(f"judge-{id}", item, state.tree[id].answer) for id in self._unjudged(state)]
        steps = [Judge(f"check-{id}", item, state.tree[id].answer, "step") for id in state.open]
        return (answers if "verifier" not in state.deaf else []) + (steps if "step" not in state.deaf else [])

    def _unjudged(self, state: Beaming) -> list[int]:
        return [id for id in state.ended if state.tree[id].verdict is None]

    def _weigh(self, state: Beaming) -> Beaming:
        """Return the state with the verdicts of this level in its tree."""
        tree, deaf, dead, cut = state.tree, state.deaf, set(state.dead), state.cut
        for ask in self._judgements(state):
            reply = state.replies.get(ask.id)
            if isinstance(reply, Refused):
                deaf, cut = (deaf | {ask.role}, cut) if reply.by == "error" else (deaf, True)
            if not isinstance(reply, Judged):
                continue
            id = int(ask.id[6:])
            if ask.role == "verifier":
                tree = tree.judged(id, reply.verdict)
            elif reply.verdict.error is None:
                tree = tree.change(id, value=reply.verdict.score)
                dead |= set() if reply.verdict.passed else {id}
        for reading in self._readings(state):
            told = state.replies.get(reading.id)
            if isinstance(told, Hidden) and self._head is not None:
                tree = tree.change(int(reading.id[5:]), value=self._head.value(told))
            cut = cut or (isinstance(told, Refused) and told.by != "error")
        return replace(state, tree=tree, deaf=deaf, dead=frozenset(dead), cut=cut)

    def _select(self, state: Beaming) -> Beaming:
        """Return the state at the next level, at this one once more, or at the end."""
        state = replace(state, judging=False, replies={})
        tree = state.tree
        passed = any(verdict.passed for id in state.ended if (verdict := tree[id].verdict) is not None)
        alive = [id for id in state.open if id not in state.dead]
        whole_ones = [id for id in state.ended if not _wrong(tree[id])]
        room = self.width - len(whole_ones)
        if passed or state.cut or room < 1 or state.level + 1 >= self.steps:
            return replace(state, over=True)
        left = not all(all_taken(state.taken.get(id, ())) for id in state.front)
        if left and not alive and not whole_ones and state.attempt < self.retries:
            return replace(state, attempt=state.attempt + 1, open=())
        kept = sorted(alive or ([] if state.ended else state.open), key=lambda id: _order(tree[id]), reverse=True)
        if not kept:  # the last beginnings that there were stay the best
            return replace(state, open=(), over=True)
        return replace(state, front=tuple(kept[:room]), open=(), level=state.level + 1, attempt=0, taken={})


def _order(thought: Thought) -> tuple[float, float, int]:
    """Return what beginnings are ordered by: step score, mean log-probability, earliest."""
    logp = mean_logp(thought)
    return thought.value or 0.0, float("-inf") if logp is None else logp, -thought.id


def _wrong(thought: Thought) -> bool:
    """Return whether the verifier judged `thought` and did not pass it."""
    verdict = thought.verdict
    return verdict is not None and verdict.error is None and not verdict.passed
