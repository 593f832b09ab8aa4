"""Jobs for tests of the drive: every strategy over a scripted model that says digits."""

from __future__ import annotations

from nightschool.drive import Budget, Job
from nightschool.items import Item, Message, Noise, Prompt, Sampling, Task
from nightschool.registry import make
from support.thinking import Likes

STRATEGIES = (
    "single",
    "best-of-n:n=5",
    "best-of-n:n=6,first_pass=true,wave=2",
    "vote:n=5",
    "beam:width=2,expand=2,split=comma",
    "beam:width=1,expand=3,split=tokens,step_tokens=3",
    "revise:rounds=2",
)


def digits(prompt: str, written: str) -> dict[str, float]:
    """Say digits, with commas between; end after each digit one time in five."""
    if not written or written.endswith(" "):
        return dict.fromkeys("123", 1.0)
    return {" ": 1.0} if written.endswith(",") else {",": 4.0, "": 1.0}


def likes(least: float = 1.0) -> Likes:
    return Likes(lambda answer: min(1.0, answer.count("1") / 3), least=least)


def job(number: int, spec: str, tokens: int | None = None, calls: int | None = None) -> Job:
    budget = None if tokens is None and calls is None else Budget(tokens=tokens, calls=calls)
    item = Item(str(number), {"input": f"item {number}"}, None, str(number))
    posed = Task(item, Prompt((Message("user", f"item {number}"),)), Sampling(max_tokens=20, stop=("3, 3",)))
    return Job(make("strategies", spec), posed, Noise((number,)), budget, {"verifier": likes(), "step": likes(0.0)})
