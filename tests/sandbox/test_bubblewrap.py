from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nightschool.errors import MissingDependency
from nightschool.ports import Outcome, Sandbox
from nightschool.sandbox import Bubblewrap, Limits, available, bubblewrap


def run(sandbox: Sandbox, code: str, timeout_s: float = 20, stdin: bytes = b"", **files: bytes) -> Outcome:
    return sandbox.run(
        ["python3", "-I", "-S", "main.py"], stdin=stdin, files={"main.py": code.encode(), **files}, timeout_s=timeout_s
    )


def test_it_runs_with_files_and_input(either: Sandbox) -> None:
    code = "import sys; print(open('data/x').read() + sys.stdin.read())"
    outcome = either.run(
        ["python3", "main.py"], stdin=b" world", files={"main.py": code.encode(), "data/x": b"hello"}, timeout_s=20
    )
    assert (outcome.status, outcome.stdout, outcome.ended_by) == (0, b"hello world\n", "exit")


def test_status_signal_time_output_and_memory_are_told(either: Sandbox) -> None:
    assert run(either, "raise SystemExit(7)").status == 7
    aborted = run(either, "import os; os.abort()")
    assert (aborted.status, aborted.ended_by) == (-signal.SIGABRT, "signal")
    assert run(either, "while True: pass", timeout_s=1).ended_by == "timeout"
    assert run(either, "while True: print('x' * 1000)").ended_by == "output"
    greedy = """
import os, time
for _ in range(6):
    if not os.fork():
        block = b"x" * (100 << 20)
        time.sleep(60)
time.sleep(60)
"""
    assert run(either, greedy).ended_by == "memory"


def test_the_environment_is_empty_and_the_user_is_nobody(either: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    code = "import os, json; print(json.dumps([dict(os.environ), os.getuid(), os.getpid() < 10, os.listdir('/')]))"
    environment, uid, alone, root = json.loads(run(either, code).stdout)
    assert set(environment) <= {"PATH", "HOME", "LANG", "PWD", "LC_CTYPE"}
    assert uid == 65534
    assert alone
    assert set(root) <= {"tmp", "dev", "etc", "lib", "lib64", "usr", *[Path(sys.base_prefix).parts[1]]}


def test_the_standard_library_is_there_and_installed_packages_are_not(either: Sandbox) -> None:
    code = "import math, json, re, random, decimal, itertools, ctypes, zlib, hashlib, datetime; print('all')"
    assert run(either, code).stdout == b"all\n"
    missing = run(either, "import sys; sys.flags; import pip, numpy, nightschool")
    assert b"ModuleNotFoundError" in missing.stderr


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "", "a\0b"])
def test_files_stay_in_their_folder(either: Sandbox, name: str) -> None:
    with pytest.raises(ValueError, match="relative path"):
        either.run(["python3"], stdin=b"", files={name: b""}, timeout_s=1)


def test_runs_do_not_see_each_other(either: Sandbox) -> None:
    run(either, "open('left', 'w').write('x')")
    assert run(either, "import os; print(os.listdir('/tmp'))").stdout == b"['main.py']\n"


def test_only_python_is_there(either: Sandbox) -> None:
    outcome = either.run(["sh", "-c", "echo hello"], stdin=b"", files={}, timeout_s=20)
    assert outcome.status != 0
    assert b"cannot run 'sh'" in outcome.stderr


def test_many_at_once_and_nothing_is_left(sandbox: Bubblewrap) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda n: run(sandbox, f"print({n} * 2)"), range(12)))
    assert [int(outcome.stdout) for outcome in outcomes] == [2 * n for n in range(12)]
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_an_interrupt_ends_it(either: Sandbox) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    here = threading.get_ident()
    old = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: (time.sleep(0.5), signal.pthread_kill(here, signal.SIGUSR1)))
            start = time.monotonic()
            with pytest.raises(KeyboardInterrupt):
                run(either, "import time; time.sleep(60)", timeout_s=90)
            assert time.monotonic() - start < 30
    finally:
        signal.signal(signal.SIGUSR1, old)


@pytest.fixture
def fresh() -> Iterator[None]:
    available.cache_clear()
    yield
    available.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_without_bubblewrap_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    with pytest.raises(MissingDependency, match="bubblewrap is not installed; type: apt-get install bubblewrap"):
        Bubblewrap()


@pytest.mark.usefixtures("fresh")
def test_elsewhere_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    monkeypatch.setattr(sys, "platform", "linux")
    assert available() == "there is no filter of system calls for riscv64"
    available.cache_clear()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert available() == "bubblewrap runs on Linux alone, and this is darwin"


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo bubblewrap 0.6.1", "too old, 0.8 or newer is needed"),
        (
            '[ "$1" = --version ] && echo bubblewrap 0.9.0 || { echo "bwrap: Not allowed" >&2; exit 1; }',
            "Not allowed",
        ),
    ],
)
def test_a_bubblewrap_that_does_not_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, reason: str
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(sys, "platform", "linux")
    fake = Path("/tmp") / f"bwrap-{os.getpid()}-{tmp_path.name}"  # where nobody, too, can run it
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    try:
        monkeypatch.setattr(bubblewrap.shutil, "which", lambda *_, **__: str(fake))
        said = available()
    finally:
        fake.unlink()
    assert said is not None
    assert reason in said


def test_limits_reach_the_process(sandbox: Bubblewrap) -> None:
    code = """
import resource, json
names = ("AS", "NPROC", "FSIZE", "NOFILE", "CORE")
print(json.dumps({name: resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in names}))
"""
    small = Bubblewrap(Limits(memory_bytes=128 << 20, processes=3, disk_bytes=1 << 20, open_files=20))
    told = json.loads(run(small, code).stdout)
    assert told == {"AS": [128 << 20] * 2, "NPROC": [4, 4], "FSIZE": [1 << 20] * 2, "NOFILE": [20, 20], "CORE": [0, 0]}
