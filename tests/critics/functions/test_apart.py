from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nightschool.critics.callable import CallableCritic
from nightschool.critics.judging import judge
from nightschool.drive import Drive, Job
from nightschool.errors import BadSpec
from nightschool.items import Item, Noise, Sampling, Verdict
from nightschool.models.scripted import Scripted
from nightschool.registry import make
from support.jobs import digits
from support.thinking import task

ITEM = Item("i", {"q": "x"}, "secret", "k")
JUDGES = """
import os, time

class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(one)

def who(answer): return True, str(os.getpid())
def same(item, answer): return item.target is None and answer == item.inputs["q"]
def half(answer):
    import numpy
    return numpy.float32(0.5), "Half."
def busy(answer):
    end = time.monotonic() + 60
    while time.monotonic() < end: pass
def hangs(answer): time.sleep(60)
def slow(answer): time.sleep(0.2); return True
def dies(answer): os.kill(os.getpid(), 11)
def leaves(answer): os._exit(3)
def fails(answer): raise ValueError("no good")
def odd(answer): raise Odd("a", "b")
def talks(answer): print("hello"); return True
def strange(answer): return lambda: 1
"""


@pytest.fixture
def named(tmp_path: Path) -> Iterator[object]:
    file = tmp_path / "judges.py"
    file.write_text(JUDGES)
    made = []

    def critic(name: str, processes: int = 1, timeout_s: float = 20.0) -> CallableCritic:
        made.append(CallableCritic(f"{file}:{name}", processes=processes, timeout_s=timeout_s))
        return made[-1]

    yield critic
    for each in made:
        each.apart.close()


def test_it_judges_elsewhere_and_keeps_its_process(named) -> None:  # type: ignore[no-untyped-def]
    critic = named("who")
    said = {judge(critic, ITEM, str(n)).feedback for n in range(5)}
    assert len(said) == 1
    assert said != {str(os.getpid())}
    assert judge(named("same"), ITEM, "x") == Verdict(1.0, True)
    assert judge(named("half"), ITEM, "x") == Verdict(0.5, False, "Half.")
    assert judge(named("talks"), ITEM, "x").passed


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("hangs", "took longer than 1 s and was killed"),
        ("dies", "its process ended by signal 11"),
        ("leaves", "its process ended by itself, with status 3"),
        ("fails", "ValueError: no good"),
        ("odd", "Odd"),
        ("strange", "cannot be handed on"),
    ],
)
def test_what_goes_wrong_is_an_error_and_the_next_is_judged(named, name: str, why: str) -> None:  # type: ignore[no-untyped-def]
    critic = named(name, timeout_s=1.0)
    for _ in range(2):
        error = judge(critic, ITEM, "x").error
        assert error is not None
        assert why in error
        assert "item i" in error


def test_as_many_work_at_once_as_there_are_processes(named) -> None:  # type: ignore[no-untyped-def]
    critic = named("who", processes=3)
    slow = named("slow", processes=3)
    with ThreadPoolExecutor(6) as pool:
        assert all(verdict.passed for verdict in pool.map(lambda n: judge(slow, ITEM, str(n)), range(6)))
        said = {verdict.feedback for verdict in pool.map(lambda n: judge(critic, ITEM, str(n)), range(60))}
    assert 1 <= len(said) <= 3


def test_a_critic_that_is_busy_takes_no_time_from_this_process(named) -> None:  # type: ignore[no-untyped-def]
    critic, cpu = named("busy", timeout_s=1.0), time.process_time()
    assert judge(critic, ITEM, "x").error is not None
    assert time.process_time() - cpu < 0.5


def test_a_search_is_judged_by_it(named) -> None:  # type: ignore[no-untyped-def]
    jobs = [
        Job(make("strategies", "best-of-n:n=3"), task(sampling=Sampling(max_tokens=8)), Noise((n,)), None,
            {"verifier": named("who", processes=2)})
        for n in range(4)
    ]  # fmt: skip
    for trace in Drive(Scripted(rule=digits)).run(jobs):
        assert trace.best is not None
        assert trace.best.verdict is not None
        assert trace.best.verdict.passed
        assert not trace.errors


def test_a_worker_ends_with_us_though_it_be_at_work(tmp_path: Path) -> None:
    (tmp_path / "judges.py").write_text(
        JUDGES.replace("def busy(answer):", "def busy(answer):\n    print(os.getpid())")
    )
    code = f"""
from nightschool.critics.callable import CallableCritic
from nightschool.items import Item
CallableCritic({str(tmp_path / "judges.py:busy")!r}, processes=1).judge(Item("i", {{}}, None, "k"), "x")
"""
    ours = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)
    assert ours.stderr is not None
    worker = int(ours.stderr.readline())
    ours.kill()
    ours.wait()
    ours.stderr.close()
    limit = time.monotonic() + 20
    while _alive(worker) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not _alive(worker)


def _alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"path": lambda answer: True, "processes": 1}, "need the name of the function"),
        ({"path": "os:getcwd", "processes": -1}, "0 or more"),
        ({"path": "os:getcwd", "processes": True}, "0 or more"),
    ],
)
def test_what_makes_no_sense_is_refused(how: dict[str, object], why: str) -> None:
    with pytest.raises(BadSpec, match=why):
        CallableCritic(**how)  # type: ignore[arg-type]
