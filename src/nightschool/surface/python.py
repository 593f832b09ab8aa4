"""The short way in for Python programs: load a model, ask it, examine it, judge with a function of your own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, overload

from nightschool import registry
from nightschool.critics.callable import CallableCritic
from nightschool.critics.named import critic as named_critic
from nightschool.drive import Budget, Drive
from nightschool.exam import LADDER, ExamReport, open_rungs, sit
from nightschool.items import Split, Trace
from nightschool.models.resolve import open_model
from nightschool.ports import Critic, Model, Sight, World
from nightschool.surface.nights.in_force import awaken, check_night
from nightschool.surface.thinking.jobs import jobs_of_text
from nightschool.worlds.open import open_world

Judge = Callable[..., Any]


def load(name: str = "smollm2", **options: Any) -> Model:
    """Return the model called `name`, ready to be asked: smollm2, hf:ORG/NAME, a folder or GGUF file, openai:URL#MODEL.

    options: dtype, device and such, as the model's kind takes them. Raises as `open_model`.

    >>> load("scripted:answers=42").count_tokens("42")
    2
    """
    return open_model(name, **options)


def think(
    question: str,
    model: Model | str = "smollm2",
    *,
    strategy: str = "single",
    critic: str | Critic | Judge | None = None,
    budget: str | Budget | None = None,
    system: str | None = None,
    temperature: float | None = None,
    max_tokens: int = 256,
    night: str | None = None,
    seed: int = 0,
) -> Trace:
    """Return the trace of answering `question` by search; `trace.best.answer` is the answer, where there is one.

    model: a name is loaded for this question alone; strategy, critic, budget: as on the command line, or the thing
    itself; temperature: None is 0 for `single` and 1 for others; night: whose weights, None for the night in force,
    `none` for the model's own. Raises what a wrong name, a missing critic or a model that cannot raise.

    >>> trace = think("six times seven?", "scripted:answers=42", strategy="best-of-n:n=3", critic=str.isdigit)
    >>> trace.best.answer, trace.best.verdict.passed, trace.usage.sampled_tokens
    ('42', True, 9)
    """
    check_night(night)
    search = registry.make("strategies", strategy)
    if temperature is None:
        temperature = 0.0 if search.spec == "single" else 1.0
    [job] = jobs_of_text(
        question, search, seed, critic=_critic(critic), system=system, temperature=temperature, max_tokens=max_tokens
    )
    allowed = Budget.parse(budget) if isinstance(budget, str) else budget
    with _opened(model) as ready:
        awake = awaken(ready, night)
        task = replace(job.task, adapter=awake.adapter if awake else None)
        [trace] = Drive(ready).run([replace(job, task=task)], allowed)
    return trace


def exam(
    task: str | World,
    model: Model | str = "smollm2",
    *,
    items: int = 200,
    rungs: Sequence[str] = LADDER,
    budget: str | Budget | None = None,
    night: str | None = None,
    seed: int = 0,
) -> ExamReport:
    """Return what `model` can do on held-out items of `task`, by every rung, with 95% intervals.

    task: as on the command line, or a world; rungs: those that train say that they cannot be had here, as training is
    the command line's. Raises what a wrong name or a model that cannot raise.

    >>> report = exam("sorting:n=3,low=1,high=9", "scripted:answers=1", items=4, rungs=["zero-shot:wordings=1"])
    >>> report.rungs[0].name, report.rungs[0].accuracy, report.rungs[0].n
    ('zero-shot', 0.0, 4)
    """
    world = open_world(task) if isinstance(task, str) else task
    allowed = Budget.parse(budget) if isinstance(budget, str) else budget
    chosen = open_rungs(rungs)
    check_night(night)
    with _opened(model) as ready:
        awake = awaken(ready, night)
        held = world.items(Split.EXAM, items, seed)
        return sit(
            world, ready, held, chosen, seed=seed, adapter=awake.adapter if awake else None, budget=allowed
        )  # fmt: skip


@overload
def critic(judge: Judge) -> CallableCritic: ...
@overload
def critic(
    *, sight: Sight | str = Sight.VERIFIER, pass_at: float = 1.0, timeout_s: float = 30.0
) -> Callable[[Judge], CallableCritic]: ...
def critic(
    judge: Judge | None = None,
    *,
    sight: Sight | str = Sight.VERIFIER,
    pass_at: float = 1.0,
    timeout_s: float = 30.0,
) -> CallableCritic | Callable[[Judge], CallableCritic]:
    """Return a function as a critic: `f(answer)` or `f(item, answer)` that gives a bool, a score, or a Verdict.

    It can be combined with others by `&`, `|` and `~`. As `CallableCritic`.

    >>> @critic
    ... def short(answer):
    ...     return len(answer) < 4, "at most three characters"
    >>> @critic(pass_at=0.5)
    ... def digits(answer):
    ...     return sum(map(str.isdigit, answer)) / max(1, len(answer))
    >>> from nightschool import Item
    >>> (short & digits).judge(Item("1", {}, None, "1"), "42a").passed
    True
    """

    def decorate(function: Judge) -> CallableCritic:
        return CallableCritic(function, sight=sight, pass_at=pass_at, timeout_s=timeout_s)

    return decorate if judge is None else decorate(judge)


def _critic(given: str | Critic | Judge | None) -> Critic | None:
    if given is None or isinstance(given, Critic):
        return given
    return named_critic(given) if isinstance(given, str) else CallableCritic(given)


@contextmanager
def _opened(model: Model | str) -> Iterator[Model]:
    """Give the model; one that was named is closed at the end, one that was handed in stays open."""
    if not isinstance(model, str):
        yield model
        return
    opened = open_model(model)
    try:
        yield opened
    finally:
        opened.close()
