"""The short way in for Python programs."""

from __future__ import annotations

import pytest

import nightschool as ns
from nightschool.errors import BadBudget, UnknownName, UsageError
from nightschool.models.scripted import Scripted


def test_a_model_that_was_handed_in_stays_open() -> None:
    model = Scripted("42")
    for _ in range(2):
        trace = ns.think("six times seven?", model)
        assert trace.best is not None
        assert trace.best.answer == "42"
    assert not model.closed


def test_the_same_seed_says_the_same() -> None:
    said = [ns.think("hear this and babble", "scripted", strategy="vote:n=3", seed=seed).best for seed in (1, 1, 2)]
    assert said[0] == said[1] != said[2]


def test_a_function_of_ones_own_guides_the_search() -> None:
    @ns.critic
    def even(answer: str) -> tuple[bool, str]:
        return answer in ("2", "4"), "an even number, please"

    trace = ns.think("a number?", Scripted(["1", "3", "4"]), strategy="best-of-n:n=3", critic=even)
    assert trace.best is not None
    assert trace.best.answer == "4"
    assert trace.thoughts[0].verdict is not None
    assert trace.thoughts[0].verdict.feedback == "an even number, please"


def test_a_budget_in_words_is_kept() -> None:
    trace = ns.think("?", Scripted(rule=lambda prompt, written: {"a": 1.0}), budget="7tok")
    assert trace.usage.tokens == 7
    assert trace.stopped == "budget"


def test_an_exam_takes_a_world_or_its_name() -> None:
    world = ns.open_world("sorting:n=3,low=1,high=9")
    for task in (world, world.spec):
        report = ns.exam(task, Scripted("1, 2, 3"), items=6, rungs=["zero-shot:wordings=1"])
        assert report.task == world.spec
        assert report.rungs[0].n == 6


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"strategy": "vot"}, UnknownName),
        ({"strategy": "best-of-n"}, UsageError),
        ({"critic": "exat", "strategy": "best-of-n"}, UnknownName),
        ({"budget": "much"}, BadBudget),
        ({"model": "smolm2"}, UnknownName),
        ({"night": "3f"}, UsageError),
    ],
)
def test_what_makes_no_sense_is_raised(how: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        ns.think("?", **{"model": "scripted", **how})
