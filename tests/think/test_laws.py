"""What every strategy keeps, whatever its paper says."""

from __future__ import annotations

import math
import random

import pytest

from nightschool.asks import Judge, Propose, Refused
from nightschool.drive import Budget, Drive, Job
from nightschool.items import Draw, Item, Noise, Sampling, Segment, Verdict
from nightschool.models.scripted import Scripted
from nightschool.ports import Sight
from nightschool.registry import make, names
from support.jobs import digits
from support.thinking import NOISE, Likes, check_tree, draw, replies, run, task

SPECS = (
    "single",
    "vote:n=4",
    "best-of-n:n=4",
    "beam:width=2,expand=2,split=comma",
    "revise:rounds=3",
    "revise:rounds=2,by=self",
    "smc:n=4,split=comma,sweeps=2",
    "mcts:n=12,split=comma",
    "mcts:n=8,split=comma,value=rollout",
    "chain:n=12,split=comma",
    "evolve:n=12,islands=2,size=2,migrate=2",
    "evolve:n=12,islands=2,size=2,mutate=random",
    "auto:n=4,split=comma",
    "monologue:tokens=6",
    "monologue:tokens=6,draft=true",
)
SAMPLING = Sampling(max_tokens=20)


def critics() -> dict[str, Likes]:
    return {
        "verifier": Likes(lambda a: min(1.0, a.count("1") / 5), feedback="more ones"),
        "step": Likes(lambda a: min(1.0, (a.count("1") + 1) / 6), least=0.0),
    }


def job(spec: str, seed: int = 0, budget: Budget | None = None, sampling: Sampling = SAMPLING) -> Job:
    return Job(make("strategies", spec), task(sampling=sampling), Noise((seed,)), budget, critics())


def test_every_strategy_is_here() -> None:
    assert {spec.partition(":")[0] for spec in SPECS} == set(names("strategies"))


@pytest.mark.parametrize("spec", SPECS)
def test_the_spec_makes_it_again(spec: str) -> None:
    search = make("strategies", spec)
    assert make("strategies", search.spec) == search


@pytest.mark.parametrize("spec", SPECS)
def test_the_same_noise_gives_the_same_trace_whatever_runs_beside_it(spec: str) -> None:
    alone = [Drive(Scripted(rule=digits)).run([job(spec, seed)])[0] for seed in range(3)]
    others = [job(other, seed) for other in SPECS[:6] for seed in range(2)]
    together = Drive(Scripted(rule=digits), max_live=5).run([*others, *(job(spec, seed) for seed in range(3))])[-3:]
    for one, other in zip(alone, together, strict=True):
        assert (one.thoughts, one.best, one.stopped, one.errors) == (
            other.thoughts, other.best, other.stopped, other.errors,
        )  # fmt: skip


@pytest.mark.parametrize("spec", SPECS)
def test_it_is_anytime_and_keeps_its_tree(spec: str) -> None:
    def propose(ask: Propose) -> list[Draw]:
        dice = random.Random(f"{ask.noise.words}{ask.first_draw}")
        end = dice.random() < 0.3
        return [
            draw(f"{dice.randint(1, 3)}", -dice.random(), "end" if end else "stop", None if end else ", ")
            for _ in range(ask.n)
        ]

    def judge(ask: Judge) -> Verdict:
        return Verdict(min(1.0, ask.answer.count("1") / 6), ask.role == "step", "no")

    search = make("strategies", spec)
    state = run(search, task(sampling=SAMPLING), replies(propose, judge), random.Random(4))
    best = search.best(state)
    assert best is not None
    check_tree(search.thoughts(state), best)


@pytest.mark.parametrize("spec", SPECS)
def test_a_refusal_of_everything_ends_it(spec: str) -> None:
    search = make("strategies", spec)
    state = search.start(task(), NOISE)
    for _ in range(50):
        asks = search.ask(state)
        if not asks:
            break
        state = search.tell(state, [Refused(ask.id, "no", "budget") for ask in asks])
    assert not search.ask(state)
    assert search.best(state) is None


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("tokens", [1, 7, 30, 90])
def test_a_budget_is_kept_and_what_there_is_is_put_forward(spec: str, tokens: int) -> None:
    (trace,) = Drive(Scripted(rule=digits)).run([job(spec, budget=Budget(tokens=tokens))])
    assert trace.usage.tokens <= tokens
    if trace.best is None:
        assert spec.startswith("monologue"), "it thinks first, and what it thinks is no answer"
        return
    assert trace.thoughts[trace.best.id].prefix == trace.best.prefix
    check_tree(trace.thoughts, trace.best)


class Bad:
    """A critic that raises, gives no number, or a score that is none."""

    def __init__(self, how: str) -> None:
        self.name, self.sight, self.how = "bad", Sight.VERIFIER, how

    def judge(self, item: Item, answer: str) -> Verdict:
        if self.how == "raise":
            raise RuntimeError("out of order")
        verdict = Verdict(0.5, False)
        object.__setattr__(verdict, "score", math.nan if self.how == "nan" else 7.0)
        return verdict


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("how", ["raise", "nan", "range"])
def test_a_bad_critic_is_counted_and_harms_nothing(spec: str, how: str) -> None:
    bad = {"verifier": Bad(how), "step": Bad(how)}
    of = Job(make("strategies", spec), task(sampling=SAMPLING), NOISE, critics=bad)
    (trace,) = Drive(Scripted(rule=digits)).run([of])
    assert trace.best is not None
    assert trace.stopped == "done"
    assert len(trace.errors) == trace.usage.judgements
    assert all("bad" in error for error in trace.errors)


@pytest.mark.parametrize("spec", SPECS)
def test_greedy_sampling_comes_to_an_end(spec: str) -> None:
    model = Scripted("2, 2")
    (trace,) = Drive(model).run([job(spec, sampling=Sampling(max_tokens=20, temperature=0))])
    assert trace.best is not None
    assert trace.best.answer == "2, 2" or "random" in spec


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("text", ["\x00\x1b[2J\r\n\x07", "\udcff\udc80", "x" * 1_000_000, ""])
def test_strange_text_harms_nothing(spec: str, text: str) -> None:
    strange = Draw(Segment(text), "end")
    search = make("strategies", spec)
    state = run(
        search, task(), replies(lambda ask: [strange] * ask.n, lambda ask: Verdict(0.5, ask.role == "step", text[:9]))
    )
    best = search.best(state)
    assert best is None or best.answer == text.strip()


@pytest.mark.parametrize("spec", SPECS)
def test_it_ends_when_every_draw_fails(spec: str) -> None:
    search = make("strategies", spec)
    failed = draw("", finish="error")
    state = run(search, task(), replies(lambda ask: [failed] * ask.n, lambda ask: Verdict.of(False)))
    assert search.best(state) is None
