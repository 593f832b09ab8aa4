"""best-of-n: draw n answers and keep the one that the verifier likes best.

Ref: stiennon2020, cobbe2021.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from nightschool.asks import Ask, CriticRole, Judge, Judged, Propose, Proposed, Reply
from nightschool.items import Noise, Prefix, Sampled, Task, Thought
from nightschool.models.without import all_taken, sampled_by
from nightschool.search.tree import Tree
from nightschool.think.spec import one_of, spec_of, whole
from nightschool.think.standing import is_answer, standing


@dataclass(frozen=True, slots=True)
class Sifting:
    """drawn: how many of the n draws came back; taken: what they sampled; judged: ids of judgements that came back."""

    task: Task
    noise: Noise
    tree: Tree = field(default_factory=Tree)
    drawn: int = 0
    taken: tuple[Sampled, ...] = ()
    judged: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class BestOfN:
    """The best of n independent draws by the critic's verdict; of equals, the earliest draw.

    Draw i is the same whatever n is, so that one run of n = 64 holds every smaller run, and best-of-1 is `single`.
    The earliest of equals, not the likeliest, keeps that nesting: a larger n changes the answer only for a better one.
    Equal answers are judged once. first_pass: draw `wave` at a time and stop at the first wave with an answer that
    passes; distinct: draw `wave` at a time, at temperature 1 each unlike those of the waves before; critic: `reference`
    makes it an oracle, for the exam alone.
    """

    n: int = 8
    first_pass: bool = False
    wave: int = 4
    distinct: bool = False
    critic: CriticRole = "verifier"

    def __post_init__(self) -> None:
        whole("best-of-n", n=self.n, wave=self.wave)
        one_of("best-of-n", (True, False), first_pass=self.first_pass, distinct=self.distinct)
        one_of("best-of-n", ("verifier", "reference"), critic=self.critic)

    @property
    def spec(self) -> str:
        """Return `best-of-n:n=8` and what else is not the default."""
        return spec_of("best-of-n", self)

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return the critic that chooses."""
        return frozenset((self.critic,))

    def start(self, task: Task, noise: Noise) -> Sifting:
        """Return the state before anything was asked."""
        return Sifting(task, noise)

    def ask(self, state: Sifting) -> Sequence[Ask]:
        """Return the judgements that are missing, or else the next draws."""
        missing = [ask for ask in self._judgements(state) if ask.id not in state.judged]
        if missing:
            return missing
        passed = any(thought.verdict and thought.verdict.passed for thought in state.tree)
        over = (self.first_pass and passed) or all_taken(state.taken)
        if state.drawn >= self.n or over:
            return ()
        count = min(self.wave, self.n - state.drawn) if self.first_pass or self.distinct else self.n
        task, first = state.task, state.drawn
        prefix, name = Prefix(task.prompt), f"draw-{first}"
        return (Propose(name, prefix, count, task.sampling, state.noise, task.adapter, first, without=state.taken),)

    def tell(self, state: Sifting, replies: Sequence[Reply]) -> Sifting:
        """Return the state with draws and verdicts taken in. A refusal of draws ends the drawing."""
        for reply in replies:
            if reply.id.startswith("judge-"):
                state = replace(state, judged=state.judged | {reply.id})
                if isinstance(reply, Judged):
                    state = replace(state, tree=_spread(state.tree, int(reply.id[6:]), reply))
            elif isinstance(reply, Proposed):
                tree = state.tree.grow(Prefix(state.task.prompt), reply.draws)
                taken = sampled_by(reply.draws, state.task.sampling) if self.distinct else ()
                drawn = state.drawn + len(reply.draws)
                tree = _inherit(tree, len(state.tree))
                state = replace(state, tree=tree, drawn=drawn, taken=state.taken + taken)
            else:
                state = replace(state, drawn=self.n)
        return state

    def best(self, state: Sifting) -> Thought | None:
        """Return the candidate that stands highest so far, judged or not."""
        return max(filter(is_answer, state.tree), key=standing, default=None)

    def thoughts(self, state: Sifting) -> Sequence[Thought]:
        """Return the draws in their order."""
        return state.tree.thoughts

    def _judgements(self, state: Sifting) -> list[Judge]:
        firsts: dict[str, int] = {}
        for thought in filter(is_answer, state.tree):
            firsts.setdefault(thought.answer, thought.id)
        return [Judge(f"judge-{id}", state.task.item, answer, self.critic) for answer, id in firsts.items()]


def _spread(tree: Tree, id: int, reply: Judged) -> Tree:
    for thought in tree:
        if thought.answer == tree[id].answer and is_answer(thought):
            tree = tree.judged(thought.id, reply.verdict)
    return tree


def _inherit(tree: Tree, born: int) -> Tree:
    verdicts = {thought.answer: thought.verdict for thought in tree.thoughts[:born] if thought.verdict is not None}
    for thought in tree.thoughts[born:]:
        if thought.answer in verdicts and is_answer(thought):
            tree = tree.judged(thought.id, verdicts[thought.answer])
    return tree
