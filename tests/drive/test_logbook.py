"""A run that is killed at any step goes on to the same end, and next to nothing is sampled twice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from nightschool.asks import Progress
from nightschool.drive import Budget, Drive, Job
from nightschool.drive.logbook import Logbook
from nightschool.errors import BadFile
from nightschool.items import Trace
from nightschool.models.scripted import Scripted
from support.jobs import STRATEGIES, digits, job

SEARCHES = (*STRATEGIES, "smc:n=4,split=comma,sweeps=2", "mcts:n=20,split=comma", "chain:n=20,split=comma",
            "evolve:n=12", "auto:n=4,split=comma")  # fmt: skip


class Killed(BaseException):
    """What no code of ours catches."""


class Mortal(Scripted):
    """Is killed in the step after `steps_left`, when the step's tokens are sampled and nobody has heard of them."""

    def __init__(self, steps_left: int) -> None:
        super().__init__(rule=digits, name="scripted", identity="digits")
        self.steps_left, self.sampled = steps_left, 0

    def step(self) -> Progress:
        progress = super().step()
        self.sampled += sum(delta.tokens for delta in progress.deltas)
        if progress.deltas:
            self.steps_left -= 1
        if self.steps_left < 0:
            raise Killed
        return progress


def jobs() -> list[Job]:
    return [job(i, spec, tokens=40 if i % 3 == 2 else None) for i, spec in enumerate(SEARCHES * 2)]


def timeless(traces: list[Trace]) -> list[Trace]:
    return [replace(trace, usage=replace(trace.usage, seconds=0.0)) for trace in traces]


def live(path: Path, steps: int) -> tuple[list[Trace] | None, int, int]:
    """Return the traces unless it was killed, the tokens sampled now, and those found."""
    model, logbook = Mortal(steps), Logbook(path)
    drive = Drive(model, cache=logbook, clock=logbook.clock, max_live=2, critic_workers=0)
    try:
        traces = drive.run(jobs(), Budget(tokens=1_150))
    except Killed:
        traces = None
    finally:
        logbook.close()
    return traces, model.sampled, logbook.again


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Trace], int]:
    """Return the traces of a run that nobody killed, and the tokens that it sampled."""
    traces, whole, again = live(tmp_path_factory.mktemp("whole") / "undisturbed", 10_000)
    assert traces is not None
    assert again == 0
    return traces, whole


def test_killed_at_any_step_it_goes_on_to_the_same_end(tmp_path: Path, undisturbed: tuple[list[Trace], int]) -> None:
    expected, whole = undisturbed
    plain = Drive(Scripted(rule=digits, name="scripted", identity="digits"), max_live=2, critic_workers=0)
    assert timeless(plain.run(jobs(), Budget(tokens=1_150))) == timeless(expected)
    for steps in range(0, 300, 74):
        path = tmp_path / f"killed {steps}"
        killed, first, _ = live(path, steps)
        assert killed is None
        traces, second, found = live(path, 10_000)
        assert traces is not None
        assert timeless(traces) == timeless(expected), "answers, thoughts, usage and what the budget cut"
        assert first + second - whole <= 0.01 * whole, "tokens sampled again"
        assert found == whole - second


def test_killed_again_and_again_it_still_ends(tmp_path: Path, undisturbed: tuple[list[Trace], int]) -> None:
    expected, whole = undisturbed
    traces, sampled = None, 0
    for _ in range(100):
        traces, now, _ = live(tmp_path / "draws", 30)
        sampled += now
        if traces is not None:
            break
    assert traces is not None
    assert timeless(traces) == timeless(expected)
    assert sampled < 1.2 * whole


def test_a_torn_line_is_left_out(tmp_path: Path, undisturbed: tuple[list[Trace], int]) -> None:
    path = tmp_path / "draws"
    live(path, 40)
    content = path.read_bytes()
    for cut in range(len(content) - 100, len(content), 47):
        path.write_bytes(content[:cut])
        traces, _, _ = live(path, 10_000)
        assert traces is not None
        assert timeless(traces) == timeless(undisturbed[0])


def test_a_file_that_is_no_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / "draws").write_text("these are no draws\nnot at all\n")
    with pytest.raises(BadFile, match="damaged"):
        Logbook(tmp_path / "draws")


def test_a_record_in_use_is_refused(tmp_path: Path) -> None:
    one = Logbook(tmp_path / "draws")
    with pytest.raises(BadFile, match="still going on"):
        Logbook(tmp_path / "draws")
    one.close()
    Logbook(tmp_path / "draws").close()


def test_its_clock_goes_on_where_it_was_and_stands_still_before(tmp_path: Path) -> None:
    now = 100.0
    book = Logbook(tmp_path / "draws", lambda: now)
    assert book.clock() == 0.0
    book.live()
    now = 107.0
    assert book.clock() == 7.0
    book.note([("key", (65, -1.0))])
    book.close()
    now = 1000.0
    book = Logbook(tmp_path / "draws", lambda: now)
    assert book.seconds == 7.0
    assert book.clock() == 0.0, "what is on record takes no time"
    book.live()
    now = 1003.0
    assert book.clock() == 10.0
    book.close()


def test_a_budget_of_seconds_goes_on_too(tmp_path: Path) -> None:
    ticks = iter(range(10_000))
    of = replace(job(1, "best-of-n:n=40"), budget=Budget(seconds=200))

    def run(path: Path, steps: int) -> list[Trace] | None:
        book = Logbook(path, lambda: float(next(ticks)))
        try:
            return Drive(Mortal(steps), cache=book, clock=book.clock, critic_workers=0).run([of])
        except Killed:
            return None
        finally:
            book.close()

    assert run(tmp_path / "a", 3) is None
    lines = [json.loads(line) for line in (tmp_path / "a").read_text().splitlines()]
    assert 0 < lines[-1]["seconds"] < 200
    resumed = run(tmp_path / "a", 10_000)
    assert resumed is not None
    assert resumed[0].best is not None
