"""Do searches keep their budgets? `python benchmarks/think_budget.py [--searches 10000] [--timed 400] [--judged 400]`.

tokens    random strategies with random parameters, budgets and lengths over the exact fake, three hundred at once;
          every tenth batch is stopped at a random step. Counted: searches that spent more than they might, and
          those that had an answer and did not give it.
deadline  searches with a budget of seconds over a model whose step takes STEP_MS: how long after the deadline they
          ended, beyond one step.
critics   searches whose critic takes 10 ms to 1 s, log-uniform, over a model whose step takes 20 ms: which share of
          the wall time the model was decoding, and how full its batches were, with critics that overlap with decoding
          (as many at once as --workers) and with critics that are waited for.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence

from nightschool.asks import Progress
from nightschool.drive import Budget, Drive, Job
from nightschool.items import Item, Message, Noise, Prompt, Sampling, Task, Trace, Verdict
from nightschool.models.scripted import Scripted
from nightschool.ports import Sight
from nightschool.registry import make
from nightschool.think.standing import is_answer

STEP_MS = 4.0
BATCH = 500


class Likes:
    """A critic that likes variety."""

    name, sight = "likes", Sight.VERIFIER

    def __init__(self, least: float) -> None:
        self.least = least

    def judge(self, item: Item, answer: str) -> Verdict:
        """Return how many unlike characters there are, of ten."""
        score = len(set(answer)) / 10
        return Verdict(score, score >= self.least, "more")


class Stopping(Scripted):
    """Stops its drive at a step; each step takes at least `step_s`."""

    def __init__(self, last: int | None = None, step_s: float = 0.0) -> None:
        super().__init__(rule=digits)
        self.last, self.step_s = last, step_s
        self.drive: Drive | None = None

    def step(self) -> Progress:
        """Take a step, and the time that it takes."""
        if self.steps == self.last and self.drive is not None:
            self.drive.stop()
        time.sleep(self.step_s)
        return super().step()


def digits(prompt: str, written: str) -> dict[str, float]:
    return {**dict.fromkeys("12345", 1.0), ", ": 1.0, "": 0.5}


def strategy(dice: random.Random) -> str:
    r = dice.randint
    return dice.choice(
        (
            "single",
            f"best-of-n:n={r(1, 20)}",
            f"best-of-n:n={r(1, 20)},first_pass=true,wave={r(1, 5)}",
            f"vote:n={r(1, 20)}",
            f"beam:width={r(1, 4)},expand={r(1, 4)},split=comma",
            f"beam:width={r(1, 3)},expand={r(1, 3)},split=tokens,step_tokens={r(1, 4)}",
            f"revise:rounds={r(1, 5)}",
            f"smc:n={r(1, 8)},split=comma,sweeps={r(1, 3)}",
            f"smc:n={r(1, 8)},split=tokens,step_tokens={r(1, 4)},resample=1.0",
            f"mcts:n={r(1, 30)},split=comma",
            f"mcts:n={r(1, 12)},split=tokens,step_tokens={r(1, 4)},value=rollout",
            f"chain:n={r(1, 30)},split=comma,tries={r(1, 4)}",
            f"evolve:n={r(1, 20)},islands={r(1, 3)},size={r(1, 4)}",
            f"evolve:n={r(1, 20)},mutate=random",
            f"auto:n={r(1, 6)},split=comma",
        )
    )


def jobs(dice: random.Random, count: int, seconds: bool = False) -> Iterator[Job]:
    for _ in range(count):
        name = str(dice.random())
        sampling = Sampling(max_tokens=dice.randint(1, 24), stop=dice.choice(((), ("3",))))
        task = Task(Item(name, {}, None, name), Prompt((Message("user", "say digits"),)), sampling)
        budget = Budget(tokens=dice.randint(1, 200), calls=dice.choice((None, dice.randint(1, 12))))
        if seconds:
            budget = Budget(seconds=dice.uniform(0.02, 0.3))
        critics = {"verifier": Likes(1.0), "step": Likes(0.0)}
        yield Job(make("strategies", strategy(dice)), task, Noise((name,)), budget, critics)


def overspent(job: Job, trace: Trace) -> bool:
    assert job.budget is not None
    assert job.budget.tokens is not None
    return trace.usage.tokens > job.budget.tokens or trace.usage.calls > (job.budget.calls or trace.usage.calls)


def keep_tokens(searches: int, seed: int) -> dict[str, int]:
    told = {"searches": 0, "cut by budget": 0, "stopped": 0, "overspent": 0, "answer withheld": 0, "failed": 0}
    dice = random.Random(seed)
    while told["searches"] < searches:
        many = list(jobs(dice, min(BATCH, searches - told["searches"])))
        stopped = told["searches"] // BATCH % 10 == 9
        model = Stopping(dice.randint(0, 200) if stopped else None)
        model.drive = Drive(model, max_live=300, critic_workers=0)
        for job, trace in zip(many, model.drive.run(many), strict=True):
            told["searches"] += 1
            told["cut by budget"] += trace.stopped == "budget"
            told["stopped"] += trace.stopped == "cancelled"
            told["overspent"] += overspent(job, trace)
            told["answer withheld"] += (trace.best is None) and any(map(is_answer, trace.thoughts))
            told["failed"] += bool(trace.errors)
    return told


def keep_deadlines(timed: int, seed: int) -> dict[str, float]:
    """Return how late searches ended, in milliseconds beyond one step of the model."""
    dice, late = random.Random(seed), []
    for job in jobs(dice, timed, seconds=True):
        model = Stopping(step_s=STEP_MS / 1000)
        began = time.monotonic()
        (trace,) = Drive(model, critic_workers=0).run([job])
        took = time.monotonic() - began
        assert job.budget is not None
        assert job.budget.seconds is not None
        if trace.stopped == "budget":
            late.append(1000 * (took - job.budget.seconds) - STEP_MS)
    return {"cut": len(late), "p50_ms": quantile(late, 0.5), "p99_ms": quantile(late, 0.99)}


class Slow(Likes):
    """A critic that takes its time: from `least_s` to `most_s`, log-uniform, the same for the same answer."""

    def __init__(self, least_s: float = 0.01, most_s: float = 1.0) -> None:
        super().__init__(2.0)  # nothing passes
        self.least_s, self.most_s = least_s, most_s

    def judge(self, item: Item, answer: str) -> Verdict:
        """Wait, then judge."""
        share = random.Random(item.id + answer).random()
        time.sleep(self.least_s * (self.most_s / self.least_s) ** share)
        return super().judge(item, answer)


class Timed(Stopping):
    """Counts the seconds that it decodes, and the draws that it decodes in them."""

    def __init__(self, step_s: float) -> None:
        super().__init__(step_s=step_s)
        self.busy_s = self.rows = 0.0

    def step(self) -> Progress:
        """Take a step, and note how long it took and how many draws moved."""
        began = time.monotonic()
        progress = super().step()
        took = time.monotonic() - began
        self.busy_s += took
        self.rows += took * len(progress.deltas)
        return progress


def keep_decoding(judged: int, workers: int) -> dict[str, float]:
    """Return the share of wall time that went into decoding, and the mean batch, for `judged` searches."""
    many = []
    for number in range(judged):
        name = f"judged {number}"
        task = Task(Item(name, {}, None, name), Prompt((Message("user", "say digits"),)), Sampling(max_tokens=48))
        search = make("strategies", "best-of-n:n=12,first_pass=true,wave=4")
        many.append(Job(search, task, Noise((name,)), None, {"verifier": Slow()}))
    model = Timed(0.02)
    began = time.monotonic()
    traces = Drive(model, critic_workers=workers, max_live=64).run(many)
    wall_s = time.monotonic() - began
    return {
        "percent decoding": round(100 * model.busy_s / wall_s, 1),
        "draws in a step": round(model.rows / model.busy_s, 1),
        "judgements": sum(trace.usage.judgements for trace in traces),
        "wall_s": round(wall_s, 1),
    }


def quantile(values: Sequence[float], q: float) -> float:
    return sorted(values)[min(len(values) - 1, int(q * len(values)))] if values else float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--searches", type=int, default=10_000)
    parser.add_argument("--timed", type=int, default=400)
    parser.add_argument("--judged", type=int, default=400)
    parser.add_argument("--workers", type=int, default=64, help="critics at work at once")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    told: dict[str, dict[str, float]] = {}
    if given.searches:
        told["tokens"] = {**keep_tokens(given.searches, given.seed)}
    if given.timed:
        told["deadline"] = keep_deadlines(given.timed, given.seed)
    if given.judged:
        told["overlapped"] = keep_decoding(given.judged, given.workers)
        told["waited for"] = keep_decoding(max(1, given.judged // 64), 0)
    if given.json:
        print(json.dumps(told))
        return
    for name, rows in told.items():
        print(f"{name:<10} " + ", ".join(f"{value:g} {row}" for row, value in rows.items()))


if __name__ == "__main__":
    main()
