import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightschool.asks import Progress, Propose
from nightschool.drive import Budget, Drive, Job, Price
from nightschool.errors import StopRequested
from nightschool.items import Sampling, Trace
from nightschool.models.scripted import Scripted
from nightschool.ports import Ability
from nightschool.think.best_of_n import BestOfN
from nightschool.think.single import Single
from support.jobs import STRATEGIES, digits, job
from support.thinking import NOISE, Likes, task


def same(trace: Trace) -> Trace:
    return replace(trace, usage=replace(trace.usage, seconds=0.0))


jobs = st.lists(
    st.builds(
        job,
        st.integers(0, 10**6),
        st.sampled_from(STRATEGIES),
        st.none() | st.integers(1, 120),
        st.none() | st.integers(1, 5),
    ),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=60)
@given(jobs, st.randoms(use_true_random=False), st.integers(1, 8), st.integers(0, 2))
def test_a_trace_does_not_depend_on_what_else_runs(these: list[Job], random: Any, live: int, workers: int) -> None:
    order = list(range(len(these)))
    random.shuffle(order)
    apart = [Drive(Scripted(rule=digits), critic_workers=0).run([one])[0] for one in these]
    drive = Drive(Scripted(rule=digits), max_live=live, critic_workers=workers)
    together = drive.run([these[place] for place in order])
    assert [same(trace) for trace in together] == [same(apart[place]) for place in order]


def test_asks_of_all_searches_share_batches() -> None:
    model = Scripted("1, 2")
    traces = Drive(model).run([job(number, "best-of-n:n=4") for number in range(100)])
    assert len(traces) == 100
    assert model.steps <= 6, "four hundred draws of five tokens in as many steps as one"


def test_ids_are_unique_in_the_model() -> None:
    model = Scripted(rule=digits)
    Drive(model).run([job(1, spec) for spec in STRATEGIES] * 2)
    assert len({ask.id for ask in model.asked}) == len(model.asked)


def test_usage_is_counted() -> None:
    (trace,) = Drive(Scripted("12345")).run([job(1, "best-of-n:n=3")])
    usage = trace.usage
    assert (usage.sampled_tokens, usage.calls, usage.judgements) == (18, 1, 1)  # each draw samples its end too
    assert usage.prompt_tokens == len(str(trace.task.prompt))
    assert usage.seconds > 0


def test_seconds_are_shared_out() -> None:
    now = iter(range(10**6))
    drive = Drive(Scripted(rule=digits), clock=lambda: float(next(now)), critic_workers=0)
    traces = drive.run([job(number, "best-of-n:n=3") for number in range(5)])
    assert 0 < sum(trace.usage.seconds for trace in traces) < next(now)


def test_money_is_kept_and_ends_the_search() -> None:
    price = Price(prompt=100.0, sampled=1000.0)
    one = replace(job(1, "best-of-n:n=50"), budget=Budget(usd=0.1))
    (trace,) = Drive(Scripted("12345"), price=price).run([one])
    assert trace.stopped == "budget"
    assert 0.08 < price.of(trace.usage) <= 0.1


def test_a_budget_for_the_whole_run_is_kept() -> None:
    these = [job(number, "best-of-n:n=4") for number in range(30)]
    traces = Drive(Scripted(rule=digits), max_live=7).run(these, Budget(tokens=500, calls=1000))
    assert sum(trace.usage.tokens for trace in traces) == 500
    assert {trace.stopped for trace in traces} == {"done", "budget"}
    traces = Drive(Scripted(rule=digits)).run(these, Budget(calls=10))
    assert sum(trace.usage.calls for trace in traces) == 10


class Clock:
    """Goes on by what a step of the model takes."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Slow(Scripted):
    """Takes a second for each step, by the clock it is given."""

    def __init__(self, clock: Clock, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clock = clock

    def step(self) -> Progress:
        self.clock.now += 1
        return super().step()


def test_seconds_end_a_search_with_the_best_so_far() -> None:
    clock = Clock()
    one = replace(job(1, "best-of-n:n=3"), budget=Budget(seconds=4))
    other = job(2, "single")
    traces = Drive(Slow(clock, "123456789"), clock=clock).run([one, other])
    assert [trace.stopped for trace in traces] == ["budget", "done"]
    best = traces[0].best
    assert best is not None
    assert (best.answer, best.finish) == ("1234", "cancelled")
    assert traces[1].best is not None
    assert traces[1].best.answer == "123456789"


def test_seconds_for_the_whole_run_end_those_that_never_began() -> None:
    clock = Clock()
    these = [job(number, "single") for number in range(3)]
    traces = Drive(Slow(clock, "12345"), clock=clock, max_live=1).run(these, Budget(seconds=8))
    assert [trace.stopped for trace in traces] == ["done", "budget", "budget"]
    assert [len(trace.thoughts) for trace in traces] == [1, 1, 0]
    assert clock.now <= 8 + 1, "one step more to gather in what was cancelled"


def test_a_critic_that_hangs_does_not_hold_a_deadline_up() -> None:
    go = threading.Event()

    def slow(answer: str) -> float:
        go.wait(20)
        return 1.0

    one = replace(job(1, "best-of-n:n=1"), budget=Budget(seconds=0.2), critics={"verifier": Likes(slow)})
    started = time.monotonic()
    (trace,) = Drive(Scripted("1")).run([one])
    go.set()
    assert time.monotonic() - started < 5
    assert trace.stopped == "budget"
    assert trace.best is not None


@pytest.mark.parametrize("fault", ["refuse", "draw", "nan", "crash"])
def test_failures_are_data_and_harm_only_those_they_hit(fault: Any) -> None:
    def faults(ask: Any) -> Any:
        return fault if "item 3" in str(ask.prefix.prompt) else None

    these = [job(number, "best-of-n:n=2") for number in range(6)]
    traces = Drive(Scripted(rule=digits, faults=faults)).run(these)
    bad = traces[3]
    assert bad.best is None
    assert bad.stopped == "error"
    assert bad.errors
    assert all("told to" in error or "NaN" in error for error in bad.errors)
    others = traces[:3] + traces[4:]
    if fault in ("refuse", "draw"):
        assert all(trace.stopped == "done" and not trace.errors for trace in others)
    else:  # the model broke down in the middle of a batch: what was in it is missing, and said to be
        assert all(trace.best is None or trace.best.finish != "error" for trace in traces)
        assert all(trace.errors for trace in others if trace.best is None)


def test_a_prompt_that_is_too_long_harms_nobody_else() -> None:
    long = task("x" * 500)
    these = [job(1, "single"), Job(Single(), long, NOISE), job(2, "single")]
    traces = Drive(Scripted(rule=digits, context_tokens=300)).run(these)
    assert [trace.stopped for trace in traces] == ["done", "error", "done"]
    assert "do not fit" in traces[1].errors[0]


def test_a_critic_that_fails_is_counted() -> None:
    def broken(answer: str) -> float:
        raise ZeroDivisionError("oh")

    one = replace(job(1, "best-of-n:n=4"), critics={"verifier": Likes(broken)})
    (trace,) = Drive(Scripted("7")).run([one])
    assert trace.stopped == "done"
    assert trace.best is not None
    assert trace.best.verdict is not None
    assert trace.best.verdict.error is not None
    assert len(trace.errors) == trace.usage.judgements == 1
    assert "ZeroDivisionError" in trace.errors[0]


def test_a_server_that_does_not_keep_to_max_tokens_is_stopped() -> None:
    class Generous(Scripted):
        def submit(self, asks: Any) -> None:
            super().submit([replace(ask, sampling=replace(ask.sampling, max_tokens=10_000)) for ask in asks])

    one = replace(job(1, "single"), budget=Budget(tokens=12))
    (trace,) = Drive(Generous("x" * 5000)).run([one])
    assert trace.usage.tokens <= 13, "one step of one draw too many"
    assert trace.best is not None
    assert trace.best.finish == "cancelled"


def interrupting(at: int, error: type[BaseException]) -> Scripted:
    class Interrupted(Scripted):
        def step(self) -> Progress:
            if self.steps == at and not self.hit:
                self.hit = True
                raise error("^C")
            return super().step()

        hit = False

    return Interrupted(rule=digits)


@pytest.mark.parametrize("error", [KeyboardInterrupt, StopRequested])
@pytest.mark.parametrize("at", [0, 3, 9])
def test_an_interrupt_keeps_what_there_is(at: int, error: type[BaseException]) -> None:
    drive = Drive(interrupting(at, error), max_live=4)
    traces = drive.run([job(number, spec) for number, spec in enumerate(STRATEGIES)])
    assert drive.interrupted
    assert len(traces) == len(STRATEGIES)
    assert traces[-1].stopped == "cancelled"
    assert at == 0 or any(trace.best is not None for trace in traces)
    assert not any(trace.errors for trace in traces)


def test_it_can_be_stopped_from_another_thread_and_run_again() -> None:
    drive = Drive(Scripted("1", faults=lambda ask: "hang" if "item 5" in str(ask.prefix.prompt) else None))
    threading.Timer(0.1, drive.stop).start()
    traces = drive.run([job(4, "single"), job(5, "single")])
    assert drive.interrupted
    assert [trace.stopped for trace in traces] == ["done", "cancelled"]
    traces = drive.run([job(4, "single")])
    assert not drive.interrupted
    assert traces[0].stopped == "done"


def test_judging_overlaps_with_decoding() -> None:
    main = threading.get_ident()
    judged_beside: list[int] = []
    model = Scripted({"item 0": "1", "item 1": "2" * 2000})

    def slow(answer: str) -> float:
        assert threading.get_ident() != main
        before = model.steps
        time.sleep(0.05)
        judged_beside.append(model.steps - before)
        return 1.0

    quick = replace(job(0, "best-of-n:n=1"), critics={"verifier": Likes(slow)})
    long = replace(job(1, "single"), task=replace(job(1, "single").task, sampling=Sampling(max_tokens=2000)))
    Drive(model).run([quick, long])
    assert judged_beside[0] > 0


class Watch:
    def __init__(self) -> None:
        self.done, self.facts, self.said = 0.0, {}, list[str]()

    def stage(self, name: str, total: float | None = None, unit: str = "") -> None: ...

    def advance(self, amount: float = 1.0, **facts: Any) -> None:
        self.done += amount
        self.facts = facts

    def say(self, text: str) -> None:
        self.said.append(text)


def test_the_watcher_is_told() -> None:
    watch = Watch()
    these = [replace(job(number, "beam"), critics={}) for number in range(5)]
    Drive(Scripted("1\n2"), watch=watch).run(these)
    assert watch.done == 5
    assert watch.facts["tokens"] >= 10
    assert watch.facts["tokens_per_s"] > 0
    assert len(watch.said) == 2, "that there is no verifier and no step critic is said once"


def test_draws_nest_through_the_drive() -> None:
    def answers(n: int) -> list[str]:
        (trace,) = Drive(Scripted(rule=digits)).run([job(9, f"best-of-n:n={n}")])
        return [thought.answer for thought in trace.thoughts]

    assert answers(12)[:5] == answers(5)
    assert answers(12)[:1] == answers(1)


def test_a_search_that_repeats_itself_is_a_bug_and_said() -> None:
    class Stuck(Single):
        def ask(self, state: Any) -> Any:
            return super().ask(replace(state, told=False))

    with pytest.raises(RuntimeError, match="asks again"):
        Drive(Scripted("1")).run([Job(Stuck(), task(), NOISE)])


def test_no_jobs_no_traces() -> None:
    assert Drive(Scripted("1")).run([]) == []


def test_a_model_without_log_probabilities_will_do() -> None:
    model = Scripted(rule=digits, lacks=[Ability.LOGPS])
    traces = Drive(model).run([job(1, spec) for spec in STRATEGIES])
    assert all(trace.best is not None and trace.best.logp is None for trace in traces)


def test_single_is_the_first_of_many() -> None:
    (one,) = Drive(Scripted(rule=digits)).run([job(3, "single")])
    (many,) = Drive(Scripted(rule=digits)).run([replace(job(3, "single"), search=BestOfN(n=9))])
    assert one.best is not None
    assert one.best.answer == many.thoughts[0].answer


def test_asks_are_clamped_to_what_is_left() -> None:
    model = Scripted("x" * 50)
    (trace,) = Drive(model).run([replace(job(1, "best-of-n:n=4"), budget=Budget(tokens=50))])
    assert [(a.n, a.sampling.max_tokens) for a in model.asked if isinstance(a, Propose)] == [(2, 20), (1, 10)]
    assert trace.usage.tokens == 50
    assert [(len(t.answer), t.finish) for t in trace.thoughts] == [
        (20, "length"),
        (20, "length"),
        (10, "cancelled"),
        (0, "cancelled"),
    ]
