from __future__ import annotations

from nightschool.drive import Drive, Job
from nightschool.drive.waves import Learns, run_in_waves
from nightschool.items import Noise, Sampling
from nightschool.models.scripted import Scripted
from nightschool.think.auto import Auto
from nightschool.think.single import Single
from support.jobs import digits, likes
from support.thinking import task


def jobs(count: int) -> list[Job]:
    search = Auto(n=3, arms="single+chain:n=12", split="comma")
    critics = {"verifier": likes(), "step": likes(0.0)}
    return [Job(search, task(sampling=Sampling(max_tokens=20)), Noise((i,)), critics=critics) for i in range(count)]


def test_each_wave_knows_what_the_ones_before_showed() -> None:
    traces = run_in_waves(Drive(Scripted(rule=digits)), jobs(16))
    specs = [trace.strategy for trace in traces]
    assert len(set(specs[:4])) == len(set(specs[4:8])) == len(set(specs[8:])) == 1
    assert specs[0] == Auto(n=3, arms="single+chain:n=12", split="comma").spec
    assert len(set(specs)) == 3


def test_what_is_known_does_not_depend_on_what_runs_together() -> None:
    one = run_in_waves(Drive(Scripted(rule=digits), max_live=1), jobs(12))
    other = run_in_waves(Drive(Scripted(rule=digits)), jobs(12))
    assert [(t.strategy, t.best, t.thoughts) for t in one] == [(t.strategy, t.best, t.thoughts) for t in other]


def test_fewer_jobs_are_the_beginning_of_more() -> None:
    few, many = (run_in_waves(Drive(Scripted(rule=digits)), jobs(n)) for n in (6, 13))
    assert [t.best for t in few] == [t.best for t in many[:6]]


def test_what_does_not_learn_runs_as_it_is() -> None:
    assert isinstance(Auto(), Learns)
    assert not isinstance(Single(), Learns)
    plain = [Job(Single(), task(), Noise((i,))) for i in range(7)]
    assert len(run_in_waves(Drive(Scripted("a")), plain)) == 7


def test_an_interruption_ends_it_with_a_trace_for_every_job() -> None:
    class Stopping(Scripted):
        drive: Drive

        def submit(self, asks) -> None:  # type: ignore[no-untyped-def]
            if len(self.asked) > 6:
                self.drive.stop()
            super().submit(asks)

    model = Stopping(rule=digits)
    model.drive = Drive(model)
    traces = run_in_waves(model.drive, jobs(20))
    assert len(traces) == 20
    assert model.drive.interrupted
    assert traces[-1].stopped == "cancelled"
