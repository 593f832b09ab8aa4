"""A thousand searches with random budgets: none spends more than it may."""

import random
from collections.abc import Iterator

from nightschool.drive import Budget, Drive, Job
from nightschool.items import Item, Message, Noise, Prompt, Sampling, Task
from nightschool.models.scripted import Scripted
from nightschool.registry import make
from support.thinking import Likes


def jobs(count: int, rng: random.Random) -> Iterator[Job]:
    for number in range(count):
        spec = rng.choice(
            (
                "single",
                f"best-of-n:n={rng.randint(1, 20)}",
                f"best-of-n:n={rng.randint(1, 20)},first_pass=true,wave={rng.randint(1, 5)}",
                f"vote:n={rng.randint(1, 20)}",
                f"beam:width={rng.randint(1, 3)},expand={rng.randint(1, 3)},split=comma,steps=6",
                f"beam:width={rng.randint(1, 3)},expand={rng.randint(1, 3)},split=tokens,step_tokens=3,steps=6",
                f"revise:rounds={rng.randint(1, 4)}",
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
    many = list(jobs(1200, rng))
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
    assert 200 < cut < 1200
    by_job: dict[str, int] = {}
    for ask in model.asked:
        number = ask.id.split("/")[0]
        by_job[number] = by_job.get(number, 0) + 1
    assert [by_job.get(str(i), 0) for i in range(len(many))] == [trace.usage.calls for trace in traces]
