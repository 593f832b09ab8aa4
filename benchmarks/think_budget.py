"""Do searches keep their budgets? `python benchmarks/think_budget.py [--searches 10000] [--timed 10000] [--kills 200]`.

tokens    random strategies with random parameters, budgets and lengths over the exact fake, three hundred at once;
          every tenth batch is stopped at a random step. Counted: searches that spent more than they might, and
          those that had an answer and did not give it.
deadline  as random searches with a budget of seconds, LIVE of them at once, over a model whose step takes STEP_MS: how
          long after its own deadline each ended, beyond the longest step of the model that it met.
killed    a run of the fake in a process of its own, killed (SIGKILL) at random moments until it ends: whether it ends
          with the answers, thoughts and usage of an undisturbed run, and the tokens sampled more than once for each
          kill as a share of the run's.
critics   searches whose critic takes 10 ms to 1 s, log-uniform, over a model whose step takes 20 ms: which share of
          the wall time the model was decoding, and how full its batches were, with critics that overlap with decoding
          (as many at once as --workers) and with critics that are waited for.
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from nightschool.asks import Progress
from nightschool.drive import Budget, Drive, Job, Service
from nightschool.drive.logbook import Logbook
from nightschool.items import Item, Message, Noise, Prompt, Sampling, Task, Trace, Verdict
from nightschool.models.scripted import Scripted
from nightschool.ports import Sight
from nightschool.registry import make
from nightschool.think.standing import is_answer

STEP_MS, LIVE = 4.0, 10
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
            f"smc:n={r(1, 8)},split=comma,sweeps={r(1, 3)},grow={r(1, 2)}",
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
    model = Timed(STEP_MS / 1000)
    service = Service(model, critic_workers=0, max_live=LIVE)
    coming, due = list(jobs(dice, timed, seconds=True)), dict[int, float]()
    while coming or due:
        while coming and len(due) < LIVE:
            job = coming.pop()
            assert job.budget is not None
            assert job.budget.seconds is not None
            due[service.join(job)] = time.monotonic() + job.budget.seconds
        model.longest_s = 0.0
        for over in service.turn():
            after_s = time.monotonic() - due.pop(over.number)
            if over.trace.stopped == "budget":
                late.append(1000 * (after_s - model.longest_s))
    service.close()
    return {"searches": timed, "cut": len(late), "p50_ms": quantile(late, 0.5), "p99_ms": quantile(late, 0.99)}


class Tallied(Stopping):
    """Counts what it samples where another process can read it."""

    def __init__(self, tally: mmap.mmap) -> None:
        super().__init__(step_s=0.002)
        self.tally = tally

    def step(self) -> Progress:
        """Take a step, and count."""
        progress = super().step()
        count = sum(delta.tokens for delta in progress.deltas)
        self.tally[:8] = (int.from_bytes(self.tally[:8], "little") + count).to_bytes(8, "little")
        return progress


def keep_going(kills: int, seed: int) -> dict[str, float]:
    """Return how often a killed run ended as an undisturbed one, and what was sampled again."""
    dice, folder = random.Random(seed), Path(tempfile.mkdtemp(prefix="nightschool-kills-"))
    tally = mmap.mmap(-1, 8)
    many, most = list(jobs(dice, 150)), 5_000
    budget = Budget(tokens=most)

    def live(path: Path) -> list[Trace]:
        logbook = Logbook(path)
        drive = Drive(Tallied(tally), cache=logbook, clock=logbook.clock, max_live=8, critic_workers=0)
        traces = [replace(t, usage=replace(t.usage, seconds=0.0)) for t in drive.run(many, budget)]
        logbook.close()
        return traces

    def sampled() -> int:
        count = int.from_bytes(tally[:8], "little")
        tally[:8] = bytes(8)
        return count

    began = time.monotonic()
    calm = live(folder / "calm")
    span_s, whole = time.monotonic() - began, sampled()
    spent = sum(trace.usage.tokens for trace in calm)
    digest = repr(calm).encode()
    told = {"kills": 0, "runs": 0, "ended alike": 0, "tokens of a run": whole, "within the budget": int(spent <= most)}
    again = []
    while told["kills"] < kills:
        path, here = folder / f"run {told['runs']}", 0
        while True:
            child = os.fork()
            if not child:
                same = repr(live(path)).encode() == digest
                os._exit(0 if same else 1)
            time.sleep(dice.uniform(0.0, span_s))
            os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
            if not os.WIFSIGNALED(status):
                break
            here += 1
        told["runs"] += 1
        told["kills"] += here
        told["ended alike"] += status == 0
        if here:
            again.append((sampled() - whole) / here / whole)
    shutil.rmtree(folder)
    return {**told, "percent again a kill": round(100 * sum(again) / len(again), 3)}


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
        self.busy_s = self.rows = self.longest_s = 0.0

    def step(self) -> Progress:
        """Take a step, and note how long it took and how many draws moved."""
        began = time.monotonic()
        progress = super().step()
        took = time.monotonic() - began
        self.busy_s += took
        self.longest_s = max(self.longest_s, took)
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
    parser.add_argument("--timed", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=200)
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
    if given.kills:
        told["killed"] = {**keep_going(given.kills, given.seed)}
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
