from __future__ import annotations

import random
import re

import pytest

from nightschool.asks import Propose
from nightschool.drive import Drive, Job
from nightschool.errors import BadSpec
from nightschool.items import Draw, Noise, Sampling, Verdict
from nightschool.models.scripted import Scripted
from nightschool.registry import make
from nightschool.think.evolve import Evolve, exchanged
from support.thinking import NOISE, Likes, draw, replies, run, task

TARGET = "1234"


def alike(answer: str) -> float:
    return sum(a == b for a, b in zip(answer, TARGET, strict=False)) / 4 if len(answer) == 4 else 0.0


def heeding(prompt: str) -> dict[str, float]:
    """Write four digits; where a variant is asked for, the last answer with one place changed."""
    quoted = re.findall(r"assistant: (\d{4})", prompt)
    if not quoted:
        return {"".join(random.Random(i).choices("1234", k=4)): 1.0 for i in range(20)}
    last = quoted[-1]
    return {last[:i] + d + last[i + 1 :]: 1.0 for i in range(4) for d in "1234"}


def rate(spec: str, count: int = 5) -> int:
    critics = {"verifier": Likes(alike)}
    sampling = Sampling(max_tokens=5)
    jobs = [Job(make("strategies", spec), task(sampling=sampling), Noise((s,)), critics=critics) for s in range(count)]
    traces = Drive(Scripted(lambda prompt: heeding(prompt))).run(jobs)
    return sum(t.best is not None and t.best.answer == TARGET for t in traces)


def test_variants_of_the_best_reach_what_draws_do_not() -> None:
    assert rate("evolve:n=100,islands=2,size=4") >= 4
    assert rate("best-of-n:n=100") == 0


def test_the_first_generation_are_the_draws_of_best_of_n() -> None:
    firsts = []
    for spec in ("evolve:n=16,islands=2,size=4", "best-of-n:n=8"):
        job = Job(
            make("strategies", spec), task(sampling=Sampling(max_tokens=8)), NOISE, critics={"verifier": Likes(alike)}
        )
        (trace,) = Drive(Scripted(lambda prompt: heeding(prompt))).run([job])
        firsts.append([t.answer for t in trace.thoughts[:8]])
    assert firsts[0] == firsts[1]


def test_the_verifiers_words_are_in_the_prompt_of_a_variant() -> None:
    prompts: list[str] = []

    def propose(ask: Propose) -> list[Draw]:
        prompts.append(str(ask.prefix.prompt))
        return [draw(f"try {len(prompts)}-{i}") for i in range(ask.n)]

    run(Evolve(n=4, islands=1, size=2), task(), replies(propose, lambda ask: Verdict(0.1, False, "the second part")))
    assert len(prompts) == 3
    assert all("the second part" in prompt for prompt in prompts[1:])


def test_the_random_control_asks_the_model_for_nothing_after_the_first_generation() -> None:
    model = Scripted(["3 1 2", "1 3 2", "2 1 3", "2 3 1"])
    job = Job(
        Evolve(n=120, islands=2, size=2, mutate="random"), task(), NOISE,
        critics={"verifier": Likes(lambda a: sum(x == y for x, y in zip(a.split(), "123", strict=False)) / 3)},
    )  # fmt: skip
    (trace,) = Drive(model).run([job])
    assert len(model.asked) == 1
    assert trace.best is not None
    assert trace.best.answer == "1 2 3"
    assert all(t.logp is None for t in trace.thoughts[4:])


@pytest.mark.parametrize("seed", range(20))
def test_an_exchange_keeps_the_form(seed: int) -> None:
    text = "(12 + 3) * 4, then\n 7."
    changed = exchanged(text, "12 apples", Noise((seed,)))
    words = re.findall(r"\w+", text)
    assert re.sub(r"\w+", "w", changed) == re.sub(r"\w+", "w", text)
    assert set(re.findall(r"\w+", changed)) <= {*words, "apples"}
    assert changed != text
    assert exchanged("the the", "7", Noise((seed,))) == "the the"


def test_islands_share_their_best_now_and_then() -> None:
    said = iter(["low", "high", *[f"poor {i}" for i in range(20)]])
    worth = {"low": 0.2, "high": 0.9}
    search = Evolve(n=10, islands=2, size=1, migrate=2)
    reply = replies(
        lambda ask: [draw(next(said)) for _ in range(ask.n)], lambda ask: Verdict(worth.get(ask.answer, 0.1), False)
    )
    state = run(search, task(), reply)
    answers = [[state.tree[id].answer for id in island] for island in state.members]
    assert answers == [["high"], ["high"]]


@pytest.mark.parametrize("spec", ["evolve:n=0", "evolve:islands=0", "evolve:mutate=cosmic", "evolve:migrate=0"])
def test_bad_parameters_are_named(spec: str) -> None:
    with pytest.raises(BadSpec):
        make("strategies", spec)
