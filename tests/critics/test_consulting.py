"""Critics that ask the model, in searches over the exact fake."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nightschool.asks import ModelAsk, Read, Weigh
from nightschool.critics.compose import All, Not, Weighted
from nightschool.critics.consulting import Consults
from nightschool.critics.exact import Exact
from nightschool.critics.learned import LearnedStates
from nightschool.critics.learning.taught import Taught
from nightschool.critics.lm_judge import LmJudge
from nightschool.drive import Budget, Drive, Job
from nightschool.errors import BadSpec, Unsupported, UsageError
from nightschool.items import Item, Noise, Sampling, Verdict
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from nightschool.registry import make
from support.thinking import task


def says(prompt: str, written: str) -> dict[str, float]:
    """Answer 1, 2 or 3; asked to judge, say yes to a 2."""
    if "Judgement:" in prompt:
        good = "Answer:\n2" in prompt
        return {" Yes": 0.8 if good else 0.1, " No": 0.2 if good else 0.9}
    return {"": 1.0} if written else {"1": 1.0, "2": 1.0, "3": 1.0}


def job(critic: Consults, seed: int = 0, budget: Budget | None = None, spec: str = "best-of-n:n=8") -> Job:
    return Job(make("strategies", spec), task(sampling=Sampling(8)), Noise((seed,)), budget, {"verifier": critic})


def test_a_judge_guides_a_search_and_its_asks_are_counted() -> None:
    model = Scripted(rule=says)
    (trace,) = Drive(model).run([job(LmJudge())])
    assert trace.best is not None
    assert trace.best.answer == "2"
    assert trace.best.verdict is not None
    assert trace.best.verdict.score == pytest.approx(0.8)
    distinct = {thought.answer for thought in trace.thoughts}
    assert trace.usage.judgements == len(distinct)
    assert trace.usage.weighed_tokens == 2 * len(distinct)
    assert sum(isinstance(ask, Weigh) for ask in model.asked) == len(distinct)


def test_the_same_trace_whatever_runs_beside_it() -> None:
    alone = [Drive(Scripted(rule=says)).run([job(LmJudge(), seed)])[0] for seed in range(4)]
    together = Drive(Scripted(rule=says), max_live=2).run([job(LmJudge(), seed) for seed in range(4)])
    assert [replace(t.usage, seconds=0.0) for t in alone] == [replace(t.usage, seconds=0.0) for t in together]
    assert [t.thoughts for t in alone] == [t.thoughts for t in together]


def test_states_are_read_in_the_batch() -> None:
    model = Scripted(rule=says)
    (trace,) = Drive(model).run([job(LearnedStates(Taught("hidden", (0.0,) * 32, 1.0)))])
    assert sum(isinstance(ask, Read) for ask in model.asked) == trace.usage.judgements > 0
    assert all(t.verdict is not None and t.verdict.passed for t in trace.thoughts)


@pytest.mark.parametrize("tokens", [1, 3, 8, 17, 20])
def test_a_budget_is_kept_and_what_it_leaves_unjudged_stands_unjudged(tokens: int) -> None:
    (trace,) = Drive(Scripted(rule=says)).run([job(LmJudge(), budget=Budget(tokens=tokens))])
    assert trace.usage.tokens <= tokens
    assert trace.best is not None


class Broken(Consults):
    """Fails where it is told to."""

    needs, identity = Ability.WEIGH, ""
    name, sight = "broken", LmJudge.sight

    def __init__(self, where: str) -> None:
        self.where = where

    def consult(self, item: Item, answer: str) -> ModelAsk:
        assert item.target is None, "a verifier is blind"
        if self.where == "consult":
            raise RuntimeError("out of order")
        return LmJudge().consult(item, answer)

    def conclude(self, item: Item, answer: str, reply: object) -> Verdict:
        if self.where == "conclude":
            raise RuntimeError("out of order")
        return replace(Verdict(0.5, True)) if self.where != "nothing" else None  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("where", "said"), [("consult", "out of order"), ("conclude", "out of order"), ("nothing", "not a Verdict")]
)
def test_one_that_fails_is_counted_and_the_search_goes_on(where: str, said: str) -> None:
    (trace,) = Drive(Scripted(rule=says)).run([job(Broken(where))])
    assert trace.best is not None
    assert len(trace.errors) == trace.usage.judgements > 0
    assert all("critic broken failed" in error and said in error for error in trace.errors)


def test_a_model_that_refuses_is_the_critics_failure() -> None:
    model = Scripted(rule=says, faults=lambda ask: "refuse" if isinstance(ask, Weigh) else None)
    (trace,) = Drive(model).run([job(LmJudge())])
    assert trace.best is not None
    assert trace.errors
    assert all("lm-judge failed" in error and "was refused" in error for error in trace.errors)


def test_what_a_model_cannot_is_said_before_anything_runs() -> None:
    with pytest.raises(Unsupported, match="which the critic lm-judge needs"):
        Drive(Scripted(rule=says, lacks=[Ability.WEIGH])).run([job(LmJudge())])
    other = LearnedStates(Taught("hidden", (0.0,) * 32, 1.0, identity="another"))
    with pytest.raises(UsageError, match="learned from another model"):
        Drive(Scripted(rule=says)).run([job(other)])


def test_it_is_no_part_of_a_composition() -> None:
    for compose in (lambda c: All([c, Exact()]), Not, lambda c: Weighted([(1.0, c)])):
        with pytest.raises(BadSpec, match="take it out of the composition"):
            compose(LmJudge())


def test_steps_can_be_judged_too() -> None:
    critic = LearnedStates(Taught("hidden", tuple(np.zeros(32)), 0.0))
    of = replace(job(critic, spec="beam:width=2,expand=2,split=comma"), critics={"step": critic, "verifier": critic})
    (trace,) = Drive(Scripted(rule=says)).run([of])
    assert trace.best is not None
