"""One budget over many runs."""

from __future__ import annotations

import pytest

from nightschool.day.purse import Purse
from nightschool.drive import Budget, Drive, Job, Price
from nightschool.items import Item, Message, Noise, Prompt, Sampling, Task
from nightschool.think.best_of_n import BestOfN
from nightschool.think.single import Single
from support.learning import Studying
from support.thinking import Likes


def jobs(count, number=0, search=None):
    return [
        Job(
            search or Single(),
            Task(Item(f"{number}/{i}", {}, None, str(i)), Prompt((Message("user", f"{i}?"),)), Sampling(max_tokens=20)),
            Noise((number, i)),
            critics={"verifier": Likes(lambda answer: 1.0)},
        )
        for i in range(count)
    ]


def model():
    return Studying(lambda steps: "ten tokens")  # and the end: 11


def test_without_a_budget_it_runs_as_a_drive_does():
    purse = Purse(model())
    traces = purse.run(jobs(3))
    assert [trace.best.answer for trace in traces] == ["ten tokens"] * 3
    assert [trace.stopped for trace in traces] == ["done"] * 3


@pytest.mark.parametrize("tokens", [1, 10, 11, 12, 100, 111, 250])
def test_tokens_are_never_overspent_over_many_runs(tokens):
    studying = model()
    purse = Purse(studying, Budget(tokens=tokens))
    for number in range(12):
        purse.run(jobs(3, number, BestOfN(2) if number % 2 else None))
    assert studying.spent <= tokens
    assert purse.spent.tokens == studying.spent


@pytest.mark.parametrize("calls", [1, 4, 7])
def test_calls_are_never_overspent_over_many_runs(calls):
    studying = model()
    purse = Purse(studying, Budget(calls=calls))
    traces = [trace for number in range(6) for trace in purse.run(jobs(3, number))]
    assert len(studying.asked) == calls
    assert sum(trace.best is not None for trace in traces) == calls


def test_money_is_never_overspent_over_many_runs():
    studying = model()
    price = Price(prompt=0.0, sampled=1e6)  # usd for a million tokens: one for each
    purse = Purse(studying, Budget(usd=40), price=price)
    for number in range(8):
        purse.run(jobs(3, number))
    assert 0 < studying.spent <= 40


def test_what_comes_too_late_says_why_it_was_not_done():
    purse = Purse(model(), Budget(calls=3))
    purse.run(jobs(3))
    late = purse.run(jobs(2, 1))
    assert [trace.best for trace in late] == [None, None]
    assert {trace.stopped for trace in late} == {"budget"}
    assert not purse.interrupted


def test_a_limit_of_one_run_holds_beside_the_total():
    studying = model()
    purse = Purse(studying, Budget(calls=10))
    purse.run(jobs(5), Budget(calls=2))
    assert len(studying.asked) == 2
    purse.run(jobs(20, 1))
    assert len(studying.asked) == 10


def test_seconds_count_from_the_first_run():
    now = [0.0]
    purse = Purse(model(), Budget(seconds=60.0), clock=lambda: now[0])
    now[0] = 1000.0  # whatever was before the first run
    assert {trace.stopped for trace in purse.run(jobs(2))} == {"done"}
    now[0] = 1059.0
    assert {trace.stopped for trace in purse.run(jobs(2, 1))} == {"done"}
    now[0] = 1060.5
    assert {trace.stopped for trace in purse.run(jobs(2, 2))} == {"budget"}


def test_a_purse_is_a_drive():
    assert isinstance(Purse(model()), Drive)
