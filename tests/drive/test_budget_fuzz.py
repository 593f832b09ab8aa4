"""Hundreds of searches with random budgets, and some that are stopped: none spends more than it may."""

import random
from collections.abc import Iterator

import pytest

from nightschool.asks import Progress
from nightschool.drive import Budget, Drive, Job
from nightschool.items import Item, Message, Noise, Prompt, Sampling, Task
from nightschool.models.scripted import Scripted
from nightschool.registry import make
from nightschool.think.standing import is_answer
from support.thinking import Likes


def jobs(count: int, rng: random.Random) -> Iterator[Job]:
    for number in range(count):
        spec = rng.choice(
            (
                "single",
                f"monologue:tokens={rng.randint(1, 30)}",
                f"best-of-n:n={rng.randint(1, 20)}",
                f"best-of-n:n={rng.randint(1, 20)},first_pass=true,wave={rng.randint(1, 5)}",
                f"vote:n={rng.randint(1, 20)}",
                f"beam:width={rng.randint(1, 3)},expand={rng.randint(1, 3)},split=comma,steps=6",
                f"beam:width={rng.randint(1, 3)},expand={rng.randint(1, 3)},split=tokens,step_tokens=3,steps=6",
                f"revise:rounds={rng.randint(1, 4)}",
                f"smc:n={rng.randint(1, 6)},split=comma,sweeps={rng.randint(1, 3)}",
                f"smc:n={rng.randint(1, 6)},split=tokens,step_tokens=2,resample=1.0",
                f"mcts:n={rng.randint(1, 20)},split=comma",
                f"mcts:n={rng.randint(1, 9)},split=tokens,step_tokens=3,value=rollout",
                f"chain:n={rng.randint(1, 20)},split=comma,tries={rng.randint(1, 4)}",
                f"evolve:n={rng.randint(1, 16)},islands={rng.randint(1, 3)},size={rng.randint(1, 3)}",
                f"evolve:n={rng.randint(1, 16)},mutate=random",
                f"auto:n={rng.randint(1, 5)},split=comma",
            )
        )
        sampling = Sampling(max_tokens=rng.randint(1, 24), stop=rng.choice(((), ("3",))))
        item = Item(str(number), {}, None, str(number))
        task = Task(item, Prompt((Message("user", "say digits"),)), sampling)
        budget = Budget(tokens=rng.randint(1, 150), calls=rng.choice((None, rng.randint(1, 9))))
        critics = {
            "verifier": Likes(lambda a: len(set(a)) / 10, feedback="more"),
            "step": Likes(lambda a: 0.5, least=0),
        }
        yield Job(make("strategies", spec), task, Noise((number,)), budget, critics)


def digits(prompt: str, written: str) -> dict[str, float]:
    return {**dict.fromkeys("12345", 1.0), ", ": 1.0, "": 0.5}


def test_no_search_exceeds_its_budget() -> None:
    rng = random.Random(11)
    model = Scripted(rule=digits)
    many = list(jobs(400, rng))
    traces = Drive(model, max_live=300).run(many)
    cut = 0
    for job, trace in zip(many, traces, strict=True):
        assert job.budget is not None
        assert job.budget.tokens is not None
        assert trace.usage.tokens <= job.budget.tokens
        assert job.budget.calls is None or trace.usage.calls <= job.budget.calls
        written = sum(len(t.prefix.segments[-1].tokens or ()) for t in trace.thoughts if t.parent is None)
        assert written <= trace.usage.sampled_tokens
        cut += trace.stopped == "budget"
        assert not trace.errors
    assert 60 < cut < 400
    by_job: dict[str, int] = {}
    for ask in model.asked:
        number = ask.id.split("/")[0]
        by_job[number] = by_job.get(number, 0) + 1
    assert [by_job.get(str(i), 0) for i in range(len(many))] == [trace.usage.calls for trace in traces]


class StopsAt(Scripted):
    """Stops its drive after so many steps."""

    drive: Drive
    last = 0

    def step(self) -> Progress:
        if self.steps == self.last:
            self.drive.stop()
        return super().step()


@pytest.mark.parametrize("last", range(0, 90, 6))
def test_whenever_it_is_stopped_the_best_so_far_is_there(last: int) -> None:
    model = StopsAt(rule=digits, name="scripted")
    model.last = last
    model.drive = drive = Drive(model, max_live=20)
    many = list(jobs(30, random.Random(last)))
    traces = drive.run(many)
    assert drive.interrupted or all(trace.stopped != "cancelled" for trace in traces)
    for job, trace in zip(many, traces, strict=True):
        assert job.budget is not None
        assert trace.usage.tokens <= (job.budget.tokens or 0)
        assert (trace.best is not None) == any(map(is_answer, trace.thoughts))
