"""evolve: populations of answers on islands; the verifier says what fails, the model writes variants, the best stay.

Ref: romeraparedes2023 (islands of programs, mutated by a language model); tanese1989 (migration between islands).
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from nightschool.asks import Ask, CriticRole, Judge, Judged, Propose, Proposed, Refused, Reply
from nightschool.items import Noise, Prefix, Segment, Task, Thought
from nightschool.search.rounds import Round
from nightschool.search.tree import Tree, answer_of
from nightschool.think.revise import quoting
from nightschool.think.spec import one_of, spec_of, whole
from nightschool.think.standing import is_answer, standing

Mutate = Literal["model", "random"]
_WORD = re.compile(r"\w+|[^\w\s]|\s+")


@dataclass(frozen=True, slots=True)
class Evolving:
    """A generation under way.

    members: ids of each island's living, best first; island: of each thought; parents: of the variants being written,
    one for each island, None for an island without anybody; round: what is being asked, judging: whether of the
    verifier; generation: counted from 0; cut: something was refused or cancelled, so that judgements are the last
    asks; over: no more asks.
    """

    task: Task
    noise: Noise
    tree: Tree = field(default_factory=Tree)
    members: tuple[tuple[int, ...], ...] = ()
    island: tuple[int, ...] = ()
    round: Round = field(default_factory=Round)
    judging: bool = False
    generation: int = 0
    cut: bool = False
    over: bool = False


@dataclass(frozen=True, slots=True)
class Evolve:
    """Evolution over at most `n` candidates: `islands` populations of at most `size` unlike answers each.

    The first generation are the draws of best-of-n, dealt out to the islands. In each later one every island picks a
    parent (of two of its members the better one) and has a variant of it written: the model is asked again with the
    parent and what the verifier said of it (mutate=model), or words of the parent are exchanged at random, with each
    other or for words of the question (mutate=random: the control, whose first generation is the model's too).
    A variant takes the place of the island's worst where it stands higher. Every `migrate` generations the best of
    each island goes to the next one. Ends at once when an answer passes.

    A variant's parent in the tree is the answer that it came from. `best` stands highest, of equals the earliest.
    """

    n: int = 32
    islands: int = 2
    size: int = 4
    migrate: int = 4
    mutate: Mutate = "model"

    def __post_init__(self) -> None:
        whole("evolve", n=self.n, islands=self.islands, size=self.size, migrate=self.migrate)
        one_of("evolve", ("model", "random"), mutate=self.mutate)

    @property
    def spec(self) -> str:
        """Return `evolve:n=32` and what else is not the default."""
        return spec_of("evolve", self)

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return the verifier, who decides who lives."""
        return frozenset(("verifier",))

    def start(self, task: Task, noise: Noise) -> Evolving:
        """Return the state before anything was asked."""
        count = min(self.n, self.islands * self.size)
        first = Propose("first", Prefix(task.prompt), count, task.sampling, noise, task.adapter)
        return Evolving(task, noise, members=((),) * self.islands, round=Round.of([first]))

    def ask(self, state: Evolving) -> Sequence[Ask]:
        """Return what this generation still wants to know."""
        return () if state.over else state.round.missing

    def tell(self, state: Evolving, replies: Sequence[Reply]) -> Evolving:
        """Return the state with `replies` taken in; a generation lives or dies when all is there."""
        state = replace(state, round=state.round.tell(replies))
        while not state.over and state.round.done:
            state = self._breed(_settle(state, self.size)) if state.judging else self._born(state)
        return state

    def best(self, state: Evolving) -> Thought | None:
        """Return the candidate that stands highest so far, judged or not."""
        return max(filter(is_answer, _heard(state)), key=standing, default=None)

    def thoughts(self, state: Evolving) -> Sequence[Thought]:
        """Return every candidate in the order they were written."""
        return _heard(state).thoughts

    def _born(self, state: Evolving) -> Evolving:
        """Return the state with the new candidates in its tree, and the verifier asked about unlike answers."""
        tree, island, cut = state.tree, state.island, state.cut
        for ask, reply in state.round.pairs():
            assert isinstance(ask, Propose)
            cut = cut or (isinstance(reply, Refused) and reply.by != "error")
            draws = reply.draws if isinstance(reply, Proposed) else ()
            home, parent = _home(ask.id)
            tree = tree.grow(ask.prefix, draws, parent)
            island += tuple(i % self.islands if home is None else home for i in range(len(draws)))
            cut = cut or any(draw.finish == "cancelled" for draw in draws)
            if not draws and not cut:
                cut = True  # the model cannot; asking it again would bring the same
        state = replace(state, tree=tree, island=island, cut=cut)
        return self._judge(state)

    def _judge(self, state: Evolving) -> Evolving:
        known = {t.answer for t in state.tree if t.verdict is not None}
        fresh: dict[str, Judge] = {}
        for thought in filter(is_answer, state.tree):
            if thought.answer not in known:
                fresh.setdefault(thought.answer, Judge(f"judge-{thought.id}", state.task.item, thought.answer))
        return replace(state, round=Round.of(list(fresh.values())), judging=True)

    def _breed(self, state: Evolving) -> Evolving:
        """Return the state of the next generation, or at the end."""
        best = self.best(state)
        passed = best is not None and best.verdict is not None and best.verdict.passed
        room = self.n - len(state.tree)
        if passed or state.cut or room < 1:
            return replace(state, over=True)
        generation = state.generation + 1
        members = state.members
        if generation % self.migrate == 0 and self.islands > 1:
            members = _migrated(state.tree, members, self.size)
        state = replace(state, members=members, generation=generation, judging=False, round=Round())
        asks: list[Propose] = []
        for home in range(min(self.islands, room)):
            noise = state.noise.child("evolve", generation, home)
            parent = _chosen(state.members[home], noise)
            if parent is not None and self.mutate == "random":
                state = _mutated(state, parent, home, noise)
            else:
                asks.append(_variant(state, parent, home, noise))
        state = replace(state, round=Round.of(asks))
        return state if asks else self._judge(state)


def _variant(state: Evolving, parent: int | None, home: int, noise: Noise) -> Propose:
    """Return what asks the model for a variant of `parent`, or for another draw where there is nobody."""
    task = state.task
    prompt = task.prompt
    if parent is not None:
        thought = state.tree[parent]
        assert thought.verdict is not None
        prompt = quoting(prompt, thought.answer, thought.verdict)
    name = f"variant-{state.generation}-{home}-{'none' if parent is None else parent}"
    return Propose(name, Prefix(prompt), 1, task.sampling, noise.child("variant"), task.adapter)


def _home(id: str) -> tuple[int | None, int | None]:
    """Return the island and the parent that an ask was for; no island for the first generation."""
    if id == "first":
        return None, None
    _, _, home, parent = id.split("-")
    return int(home), None if parent == "none" else int(parent)


def _mutated(state: Evolving, parent: int, home: int, noise: Noise) -> Evolving:
    """Return the state with a random variant of `parent`, which costs nothing."""
    text = exchanged(state.tree[parent].answer, " ".join(state.task.item.inputs.values()), noise)
    prefix = Prefix(state.task.prompt, (Segment(text),))
    thought = Thought(len(state.tree), parent, prefix, answer_of(prefix))
    return replace(state, tree=Tree((*state.tree.thoughts, thought)), island=(*state.island, home))


def exchanged(text: str, stock: str, noise: Noise) -> str:
    """Return `text` with two unlike words or numbers exchanged, or one of them replaced by another out of `stock`.

    A number takes the place of a number, a word that of a word; all else stays. Where that changes nothing, `text`.
    """
    parts = _WORD.findall(text)
    dice = random.Random(noise.key()).random
    places = [i for i, part in enumerate(parts) if part[0].isalnum()]
    others = {i: [k for k in places if parts[k] != parts[i] and _kind(parts[k]) == _kind(parts[i])] for i in places}
    words = sorted({part for part in _WORD.findall(f"{stock} {text}") if part[0].isalnum()})
    fresh = {i: [word for word in words if word != parts[i] and _kind(word) == _kind(parts[i])] for i in places}
    swap = dice() < 0.5
    able = [i for i in places if (others if swap else fresh)[i]] or [i for i in places if fresh[i]]
    if not able:
        return text
    one = able[int(dice() * len(able))]
    if swap and others[one]:
        other = others[one][int(dice() * len(others[one]))]
        parts[one], parts[other] = parts[other], parts[one]
    else:
        parts[one] = fresh[one][int(dice() * len(fresh[one]))]
    return "".join(parts)


def _kind(word: str) -> bool:
    return word.isdigit()


def _chosen(members: Sequence[int], noise: Noise) -> int | None:
    """Return the better of two members drawn at random (a tournament); members are in order, best first."""
    if not members:
        return None
    dice = random.Random(noise.child("parent").key()).random
    return members[min(int(dice() * len(members)), int(dice() * len(members)))]


def _settle(state: Evolving, size: int) -> Evolving:
    """Return the state with the verdicts in its tree and the living sorted; who was not judged does not live."""
    tree = _heard(state)
    members = []
    for home in range(len(state.members)):
        alive = [t for t in tree if state.island[t.id] == home and t.verdict is not None and t.verdict.error is None]
        members.append(_fittest(alive + [tree[id] for id in state.members[home]], size))
    cut = state.cut or any(isinstance(reply, Refused) for _, reply in state.round.pairs())
    return replace(state, tree=tree, members=tuple(members), judging=False, cut=cut)


def _fittest(thoughts: Sequence[Thought], size: int) -> tuple[int, ...]:
    """Return the ids of the `size` highest of unlike answers, best first, of equals the earliest."""
    unlike: dict[str, Thought] = {}
    for thought in sorted(thoughts, key=lambda t: t.id):
        unlike.setdefault(thought.answer, thought)
    order = sorted(unlike.values(), key=standing, reverse=True)  # stable: the earlier of equals stays in front
    return tuple(thought.id for thought in order[:size])


def _migrated(tree: Tree, members: Sequence[tuple[int, ...]], size: int) -> tuple[tuple[int, ...], ...]:
    """Return the islands after the best of each went to the next one, too."""
    arrivals = [members[home - 1][:1] for home in range(len(members))]
    return tuple(_fittest([tree[id] for id in {*own, *new}], size) for own, new in zip(members, arrivals, strict=True))


def _heard(state: Evolving) -> Tree:
    """Return the tree with the verdicts so far, on every candidate that gives the judged answer."""
    said = {a.answer: r.verdict for a, r in state.round.pairs() if isinstance(a, Judge) and isinstance(r, Judged)}
    said = {t.answer: t.verdict for t in state.tree if t.verdict is not None} | said
    tree = state.tree
    for thought in tree:
        if thought.verdict is None and thought.answer in said and is_answer(thought):
            tree = tree.judged(thought.id, said[thought.answer])
    return tree
