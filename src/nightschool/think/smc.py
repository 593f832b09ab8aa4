"""smc: a population of beginnings, weighed after each step, the hopeless replaced by copies of the hopeful.

Sequential Monte Carlo: the whole answers, with their weights, are a properly weighted sample of

    p(x) phi(x) / Z,   Z = sum_x p(x) phi(x)

with p the model as it is sampled and phi the verifier's score. A step critic's score psi is the twist: it moves
particles early to where phi will be large, and is divided out again, so that it changes the variance and nothing else.

Ref: delmoral2006; naesseth2019 (proper weights); zhao2024 (twists for language models); lew2023.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from nightschool.asks import Ask, CriticRole, Judge, Judged, Propose, Proposed, Refused, Reply
from nightschool.items import Noise, Prefix, Task, Thought, Verdict
from nightschool.search.particles import effective, log_mean, log_sum, relative_variance, systematic
from nightschool.search.rounds import Round
from nightschool.search.tree import Tree, answer_of
from nightschool.think.spec import between, one_of, spec_of, whole
from nightschool.think.standing import is_answer, standing
from nightschool.think.steps import ENDS, Split, after_step, step_sampling

_FLOOR = 1e-3
"""The twist of a beginning that passed with a score of zero: it may still become right, so it keeps a little weight."""
_MOST = 4096
"""Particles in one population, however it has grown."""


@dataclass(frozen=True, slots=True)
class Particle:
    """One member of the population.

    id: its last step in the tree, None for the prompt itself; eve: its first ancestor; logw: log-weight in nats, whole;
    logpsi: the potential that is in it; ended: its answer is whole, or it died.
    """

    id: int | None
    eve: int
    logw: float = 0.0
    logpsi: float = 0.0
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """An estimate of Z. log_z: nats, exp of it is unbiased; variance: of log_z, to first order; sweeps: so many.

    particles: of all these sweeps.
    """

    log_z: float
    variance: float
    sweeps: int
    particles: int


@dataclass(frozen=True, slots=True)
class Sweeping:
    """A population on its way.

    finished: the evidence of whole sweeps; level: steps taken in this one; round: what is being
    asked, judging: whether of critics; whole: ids of whole answers; verdicts: by role and answer, None where the role
    is not filled; spoiled: a draw failed, so that this sweep tells nothing of Z; cut: something was refused or
    cancelled, a judgement too, so this step is the last and its sweep tells nothing of Z; over: no more asks.
    """

    task: Task
    noise: Noise
    tree: Tree = field(default_factory=Tree)
    particles: tuple[Particle, ...] = ()
    finished: tuple[Evidence, ...] = ()
    sweep: int = 0
    level: int = 0
    round: Round = field(default_factory=Round)
    judging: bool = False
    whole: frozenset[int] = frozenset()
    verdicts: Mapping[tuple[CriticRole, str], Verdict | None] = field(default_factory=dict)
    spoiled: bool = False
    cut: bool = False
    over: bool = False


@dataclass(frozen=True, slots=True)
class Smc:
    """Sequential Monte Carlo with `n` particles, each a beginning that grows by one step at a time.

    split, step_tokens: where a step ends, as for beam; steps: at most so many, then answers count as they are.
    power: potentials are scores to this power, so a larger one insists more. A beginning that the step critic does not
    pass, and a whole answer of score 0, has no weight. A critic that failed says nothing: the potential stays as it
    was. resample: when the effective number of particles falls below this share of n. sweeps: populations one after
    the other; first_pass: none after one that holds an answer that passes (their number then depends on what they
    found, so that Z over several is no longer unbiased). grow: each population is so many times as large as the one
    before: where the step critic passes few, small ones die out, and how large is enough need not be known.

    The first step of particle i is that of draw i of best-of-n. Without critics the particles are plain draws.
    A thought's `logw` is the log-weight of all particles that ended there, -inf for all others: the sum of exp(logw)
    over a sweep, divided by n, estimates Z. Its `value` is the step critic's score. `best` stands highest with the
    verifier, of equals it has most weight.
    """

    n: int = 8
    split: Split = "line"
    steps: int = 64
    step_tokens: int = 0
    power: float = 1.0
    resample: float = 0.5
    sweeps: int = 1
    first_pass: bool = True
    grow: int = 1

    def __post_init__(self) -> None:
        whole("smc", n=self.n, steps=self.steps, sweeps=self.sweeps, grow=self.grow)
        whole("smc", least=0, step_tokens=self.step_tokens)
        one_of("smc", tuple(ENDS), split=self.split)
        one_of("smc", (True, False), first_pass=self.first_pass)
        between("smc", 0, 1, resample=self.resample)
        between("smc", 0, math.inf, power=self.power)
        if self.split == "tokens":
            whole("smc:split=tokens", step_tokens=self.step_tokens)

    @property
    def spec(self) -> str:
        """Return `smc:n=8` and what else is not the default."""
        return spec_of("smc", self)

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return nothing: without critics all particles weigh the same."""
        return frozenset()

    def start(self, task: Task, noise: Noise) -> Sweeping:
        """Return the state before anything was asked."""
        return self._propose(self._populate(Sweeping(task, noise)))

    def ask(self, state: Sweeping) -> Sequence[Ask]:
        """Return what this step still wants to know."""
        return () if state.over else state.round.missing

    def tell(self, state: Sweeping, replies: Sequence[Reply]) -> Sweeping:
        """Return the state with `replies` taken in; a step is weighed when all of it is there, so order is nothing."""
        state = replace(state, round=state.round.tell(replies))
        while not state.over and state.round.done:
            state = self._weigh(state) if state.judging else self._grow(state)
        return state

    def best(self, state: Sweeping) -> Thought | None:
        """Return the whole answer that stands highest; before there is one, the beginning of most weight."""
        tree = _heard(state).tree
        answers = [tree[id] for id in sorted(state.whole) if is_answer(tree[id])]
        if answers:
            return max(answers, key=lambda thought: (standing(thought), thought.logw, -thought.id))
        begun = [p for p in state.particles if p.id is not None and is_answer(tree[p.id])]
        leading = max(begun, key=lambda particle: particle.logw, default=None)
        return None if leading is None or leading.id is None else tree[leading.id]

    def thoughts(self, state: Sweeping) -> Sequence[Thought]:
        """Return every step of every particle, in the order they were drawn."""
        return _heard(state).tree.thoughts

    def evidence(self, state: Sweeping) -> Evidence | None:
        """Return the estimate of log Z from all whole sweeps, None before there is one.

        Each sweep counts by its particles. The variance is that between sweeps where there are two or more (delta
        method), else what the one population tells of itself (`particles.relative_variance`).
        """
        if not state.finished:
            return None
        sweeps, particles = len(state.finished), sum(each.particles for each in state.finished)
        log_z = log_sum([each.log_z + math.log(each.particles) for each in state.finished]) - math.log(particles)
        if sweeps == 1 or log_z == -math.inf:
            return replace(state.finished[0], log_z=log_z, sweeps=sweeps, particles=particles)
        off = (each.particles * (math.exp(each.log_z - log_z) - 1) for each in state.finished)
        squares = math.fsum(each**2 for each in off) / particles**2
        return Evidence(log_z, squares * sweeps / (sweeps - 1), sweeps, particles)

    def _populate(self, state: Sweeping) -> Sweeping:
        particles = tuple(Particle(None, eve) for eve in range(min(self.n * self.grow**state.sweep, _MOST)))
        return replace(state, particles=particles, level=0, spoiled=False)

    def _propose(self, state: Sweeping) -> Sweeping:
        """Return the state that asks for the next step of every open particle, copies of one beginning together."""
        task, asks = state.task, []
        for id, count in Counter(p.id for p in state.particles if not p.ended).items():
            prefix = Prefix(task.prompt) if id is None else state.tree[id].prefix
            sampling = step_sampling(task.sampling, self.split, self.step_tokens, prefix)
            if sampling is None:
                raise RuntimeError(f"a beginning of {prefix.text!r} is open, and yet as long as it may be")
            place = -1 if id is None else id
            name = f"step-{state.sweep}-{state.level}-{place}"
            first = id is None and state.sweep == 0
            noise = state.noise if first else state.noise.child("smc", state.sweep, state.level, place)
            asks.append(Propose(name, prefix, count, sampling, noise, task.adapter))
        return replace(state, round=Round.of(asks), judging=False)

    def _grow(self, state: Sweeping) -> Sweeping:
        """Return the state with the new steps in its tree, and their critics asked."""
        tree, moved, ended = state.tree, list(state.particles), set(state.whole)
        cut, spoiled = False, state.spoiled
        for ask, reply in state.round.pairs():
            assert isinstance(ask, Propose)
            id = int(ask.id.rpartition("-")[2]) if not ask.id.endswith("--1") else None
            places = [i for i, p in enumerate(state.particles) if p.id == id and not p.ended]
            cut = cut or (isinstance(reply, Refused) and reply.by != "error")
            draws = reply.draws if isinstance(reply, Proposed) else ()
            for place in places[len(draws) :]:
                moved[place], spoiled = replace(moved[place], logw=-math.inf, ended=True), True
            for place, draw in zip(places, draws, strict=False):
                tree = tree.grow(ask.prefix, (draw,), id)
                new = tree[len(tree) - 1]
                grown = after_step(state.task.sampling, self.split, ask.prefix, draw)
                done = grown is None or state.level + 1 >= self.steps
                whole_prefix = grown or new.prefix
                tree = tree.change(new.id, prefix=whole_prefix, answer=answer_of(whole_prefix), logw=-math.inf)
                cut = cut or draw.finish == "cancelled"
                failed = draw.finish == "error"
                spoiled = spoiled or failed
                ended |= {new.id} if done else set()
                logw = -math.inf if failed else moved[place].logw
                moved[place] = replace(moved[place], id=new.id, logw=logw, ended=done)
        state = replace(state, tree=tree, particles=tuple(moved), whole=frozenset(ended), spoiled=spoiled, cut=cut)
        return replace(state, round=Round.of(_judgements(state)), judging=True)

    def _weigh(self, state: Sweeping) -> Sweeping:
        """Return the state with the new potentials in the weights, resampled, and at the next step or sweep."""
        state = _heard(state)
        if state.cut:
            return replace(state, over=True)
        particles = tuple(self._weighed(state, particle) for particle in state.particles)
        state = replace(state, particles=particles, level=state.level + 1)
        logw = [particle.logw for particle in particles]
        if all(p.ended for p in particles) or log_sum(logw) == -math.inf:
            return self._finish(state)
        if effective(logw) < self.resample * len(logw):
            u = state.noise.child("smc", state.sweep, state.level, "resample").key() / 2**64
            each = log_mean(logw)
            chosen = tuple(replace(particles[i], logw=each) for i in systematic(logw, u))
            state = replace(state, particles=chosen)
            if all(p.ended for p in chosen):
                return self._finish(state)
        dead = tuple(replace(p, ended=p.ended or p.logw == -math.inf) for p in state.particles)
        return self._propose(replace(state, particles=dead))

    def _weighed(self, state: Sweeping, particle: Particle) -> Particle:
        if particle.id is None or particle.logw == -math.inf:
            return particle
        role: CriticRole = "verifier" if particle.ended else "step"
        verdict = state.verdicts.get((role, state.tree[particle.id].answer))
        if verdict is None and particle.ended:  # nobody judges whole answers: all that are left are as good
            logpsi = 0.0
        elif verdict is None or verdict.error is not None:
            return particle
        elif role == "step":
            logpsi = self.power * math.log(max(verdict.score, _FLOOR)) if verdict.passed else -math.inf
        else:
            logpsi = self.power * math.log(verdict.score) if verdict.score > 0 else -math.inf
        return replace(particle, logpsi=logpsi, logw=particle.logw + logpsi - particle.logpsi)

    def _finish(self, state: Sweeping) -> Sweeping:
        """Return the state at the end of a sweep: weights in the tree, evidence counted, the next one begun."""
        tree = state.tree
        weights: dict[int, list[float]] = {}
        for particle in state.particles:
            if particle.id in state.whole and particle.id is not None:
                weights.setdefault(particle.id, []).append(particle.logw)
        for id, logw in weights.items():
            tree = tree.change(id, logw=log_sum(logw))
        state = replace(state, tree=tree, sweep=state.sweep + 1)
        if not state.spoiled:
            every = [particle.logw for particle in state.particles]
            variance = relative_variance(every, [particle.eve for particle in state.particles])
            state = replace(state, finished=(*state.finished, Evidence(log_mean(every), variance, 1, len(every))))
        passed = any((verdict := tree[id].verdict) is not None and verdict.passed for id in state.whole)
        if state.sweep >= self.sweeps or (self.first_pass and passed):
            return replace(state, over=True)
        return self._propose(self._populate(state))


def _judgements(state: Sweeping) -> list[Judge]:
    """Return what critics have to say about the particles, each text once."""
    asks: dict[tuple[CriticRole, str], Judge] = {}
    deaf = {role for (role, _), verdict in state.verdicts.items() if verdict is None}
    for particle in state.particles:
        if particle.id is None or particle.logw == -math.inf:
            continue
        answer = state.tree[particle.id].answer
        role: CriticRole = "verifier" if particle.ended else "step"
        if (role, answer) not in state.verdicts and role not in deaf:
            name = f"{'judge' if role == 'verifier' else 'check'}-{particle.id}"
            asks.setdefault((role, answer), Judge(name, state.task.item, answer, role))
    return list(asks.values())


def _heard(state: Sweeping) -> Sweeping:
    """Return the state with the verdicts so far on its thoughts."""
    if not state.judging or not state.round.asks:
        return state
    verdicts, cut = dict(state.verdicts), state.cut
    for ask, reply in state.round.pairs():
        assert isinstance(ask, Judge)
        if isinstance(reply, Judged):
            verdicts[ask.role, ask.answer] = reply.verdict
        elif isinstance(reply, Refused) and reply.by == "error":  # there is no such critic
            verdicts[ask.role, ask.answer] = None
        else:
            cut = True
    tree = state.tree
    for particle in state.particles:
        if particle.id is None:
            continue
        thought = tree[particle.id]
        verdict = verdicts.get(("verifier" if particle.ended else "step", thought.answer))
        if verdict is None:
            continue
        if particle.ended and thought.verdict is None:
            tree = tree.judged(thought.id, verdict)
        elif not particle.ended and thought.value is None and verdict.error is None:
            tree = tree.change(thought.id, value=verdict.score)
    return replace(state, tree=tree, verdicts=verdicts, cut=cut)
