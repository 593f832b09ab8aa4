from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nightschool.ports import Outcome, Sandbox
from nightschool.sandbox import Warm
from nightschool.sandbox import warm as module
from nightschool.sandbox.bubblewrap import Bubblewrap
from nightschool.sandbox.zygote import Zygote

LEFT_BEHIND = {  # what a run leaves, and what the next one looks for
    "a file": ("open('/tmp/left', 'w').write('x')", "import os; print(os.path.exists('/tmp/left'))"),
    "a folder that is closed": (
        "import os; os.mkdir('d'); os.chmod('/tmp', 0o500)",
        "import os; print(os.path.exists('d') or not os.access('/tmp', os.W_OK))",
    ),
    "a process": (
        "import os, time\nif not os.fork():\n    os.setsid()\n    if not os.fork(): time.sleep(60)\n    os._exit(0)",
        "import os\nfor pid in range(3, 1000):\n    try: os.kill(pid, 0); print(True)\n    except OSError: pass",
    ),
    "a server": (
        "import os, socket, time\none = socket.socket(socket.AF_UNIX); one.bind('\\0left'); one.listen()\n"
        "if not os.fork(): os.setsid(); os.closerange(0, 3); time.sleep(60)",
        "import socket\ntry: socket.socket(socket.AF_UNIX).connect('\\0left'); print(True)\nexcept OSError: pass",
    ),
    "another module": (
        "import json, os, sys; json.dumps = json.loads = None; sys.modules['re'] = json; os.environ['LEFT'] = 'x'",
        "import json, os, re; print(json.dumps is None or re is json or 'LEFT' in os.environ)",
    ),
    "another builtin": (
        "import builtins; builtins.len = lambda x: 7",
        "print(len('') == 7)",
    ),
    "signals, limits, a mask, a folder": (
        "import os, resource, signal, time\nos.umask(0o777); os.chdir('/dev')\n"
        "for n in range(1, 32):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (4, 4))",
        "import os, resource, signal\nprint(os.umask(0) == 0o777 or os.getcwd() != '/tmp'"
        " or signal.getsignal(15) is signal.SIG_IGN or resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 5)",
    ),
    "a timer": (
        "import signal; signal.setitimer(signal.ITIMER_REAL, 0.5)",
        "import time; time.sleep(0.9)",
    ),
    "open files": (
        "import os\nfor n in range(50): os.open('/dev/null', os.O_RDONLY)",
        "import os\nfor n in range(3, 64):\n    try: os.fstat(n); print(True)\n    except OSError: pass",
    ),
}


def run(sandbox: Sandbox, code: str, timeout_s: float = 20) -> Outcome:
    files = {"main.py": code.encode()}
    return sandbox.run(["python3", "-I", "-S", "main.py"], stdin=b"", files=files, timeout_s=timeout_s)


@pytest.fixture
def zygote(sandbox: Bubblewrap) -> Zygote:
    zygote = Zygote(sandbox.limits)
    yield zygote
    zygote.close()


@pytest.mark.parametrize("what", LEFT_BEHIND)
def test_nothing_is_handed_on(what: str, zygote: Zygote) -> None:
    leave, look = LEFT_BEHIND[what]
    first = run(zygote, leave)
    assert (first.ended_by, first.stderr) == ("exit", b"")
    second = run(zygote, look)
    assert zygote.alive
    assert (second.status, second.stderr) == (0, b"")
    assert b"True" not in second.stdout


@pytest.mark.parametrize("what", LEFT_BEHIND)
def test_what_is_looked_for_would_be_found(what: str, zygote: Zygote) -> None:
    """In one and the same run what was left is there, so that looking for it means something."""
    leave, look = LEFT_BEHIND[what]
    code = f"exec({leave!r})\nimport time; time.sleep(0.2)\nexec({look!r})"
    came = run(zygote, code)
    assert b"True" in came.stdout or came.status != 0


def test_its_process_group_is_its_own(zygote: Zygote) -> None:
    for _ in range(3):
        assert run(zygote, "import os; os.kill(0, 9)").status == -signal.SIGKILL
        assert run(zygote, "print(1)").stdout == b"1\n"
    assert run(zygote, "import os; print(os.getpgid(0), os.getsid(0))").stdout == b"1 1\n"
    assert zygote.alive


def test_empty_files_run_out(zygote: Zygote) -> None:
    came = run(zygote, "for n in range(100_000): open(str(n), 'w').close()")
    assert b"No space left" in came.stderr


def test_a_run_that_had_to_be_ended_takes_its_sandbox_with_it(warm: Warm) -> None:
    assert run(warm, "while True: pass", timeout_s=0.5).ended_by == "timeout"
    assert run(warm, "print(1)").stdout == b"1\n"


def test_the_same_sandbox_is_used_again(sandbox: Bubblewrap, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    monkeypatch.setattr(module, "Zygote", lambda limits: begun.append(Zygote(limits)) or begun[-1])
    warm = Warm(sandbox.limits)
    assert [run(warm, f"print({n})").stdout for n in range(5)] == [b"%d\n" % n for n in range(5)]
    assert len(begun) <= 2, "one, and one that stands by"
    with ThreadPoolExecutor(3) as pool:
        said = list(pool.map(lambda n: int(run(warm, f"import time; time.sleep(0.1); print({n})").stdout), range(9)))
    assert said == list(range(9))
    assert len(begun) <= 6
    warm.close()
    assert not any(zygote.alive for zygote in begun)


def test_two_take_turns_so_that_no_run_waits_for_the_one_before_to_be_gone(
    sandbox: Bubblewrap, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm = Warm(sandbox.limits)
    monkeypatch.setattr(Zygote, "ready", lambda self: False)  # clearing away takes long
    assert [run(warm, "print(1)").stdout for _ in range(5)] == [b"1\n"] * 5
    assert len(warm._idle) == 2
    first, second = warm._idle
    monkeypatch.undo()
    deadline = time.monotonic() + 10
    while not (first.ready() and second.ready()):
        assert time.monotonic() < deadline
    run(warm, "print(1)")
    assert warm._idle[-1] is first, "what has waited longest is asked first"
    warm.close()


def test_a_script_called_like_the_known_one_is_itself(zygote: Zygote) -> None:
    known = (Path(module.__file__).parent / "calls_inside.py").read_bytes()
    for source in (b"print('mine')", known.replace(b'tell("ready")', b'print("changed", file=sys.stderr)', 1)):
        files = {"calls.py": source}
        job = b'{"nonce": "n", "code": "", "calls": []}'
        outcome = zygote.run(["python3", "-I", "-S", "calls.py"], stdin=job, files=files, timeout_s=20)
        assert b"n ready" not in outcome.stdout
        assert b"mine" in outcome.stdout or b"changed" in outcome.stderr
    outcome = zygote.run(["python3", "-I", "-S", "calls.py"], stdin=job, files={"calls.py": known}, timeout_s=20)
    assert outcome.stdout.startswith(b"n ready")


def test_one_that_was_killed_is_replaced(sandbox: Bubblewrap) -> None:
    warm = Warm(sandbox.limits)
    assert run(warm, "print(1)").stdout == b"1\n"
    (zygote,) = warm._idle
    assert zygote._life.first is not None
    os.kill(zygote._life.first, signal.SIGKILL)
    zygote._process.wait()
    assert run(warm, "print(2)").stdout == b"2\n"
    assert not zygote.alive
    assert run(warm, "print(3)").stdout == b"3\n"
    warm.close()


def test_one_that_is_killed_at_work_gives_a_signal(sandbox: Bubblewrap) -> None:
    zygote = Zygote(sandbox.limits)
    assert zygote._life.first is not None
    threading.Timer(0.5, os.kill, (zygote._life.first, signal.SIGKILL)).start()
    came = run(zygote, "import time; time.sleep(60)")
    assert (came.status, came.ended_by) == (-signal.SIGKILL, "signal")
    assert not zygote.alive


def test_it_ends_when_we_are_killed(tmp_path: Path) -> None:
    code = """
import threading, time
from nightschool.sandbox import Limits
from nightschool.sandbox.zygote import Zygote
zygote = Zygote(Limits())
threading.Thread(target=lambda: zygote.run(
    ["python3", "-c", "while True: pass"], stdin=b"", files={}, timeout_s=600), daemon=True).start()
time.sleep(1)
print(zygote._life.first, flush=True)
time.sleep(600)
"""
    ours = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert ours.stdout is not None
    first = int(ours.stdout.readline())
    ours.kill()
    ours.wait()
    ours.stdout.close()
    limit = time.monotonic() + 20
    while Path(f"/proc/{first}").exists() and time.monotonic() < limit:
        time.sleep(0.05)
    assert not Path(f"/proc/{first}").exists()


def test_a_fork_of_ours_begins_its_own(warm: Warm) -> None:
    assert run(warm, "print(1)").stdout == b"1\n"
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if run(warm, "print(2)").stdout == b"2\n" else 2
            warm.close()
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert run(warm, "print(3)").stdout == b"3\n"


def test_without_a_warm_one_each_run_is_fresh(sandbox: Bubblewrap, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(limits: object) -> Zygote:
        raise RuntimeError("no more namespaces")

    monkeypatch.setattr(module, "Zygote", refuses)
    warm = Warm(sandbox.limits)
    assert run(warm, "print(1)").stdout == b"1\n"
    assert warm.cold == "no more namespaces"


def test_nothing_is_left_open(sandbox: Bubblewrap) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    zygote = Zygote(sandbox.limits)
    for n in range(3):
        assert run(zygote, f"print({n})").status == 0
    zygote.close()
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_what_cannot_start_says_why(sandbox: Bubblewrap, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('it is broken')")
    monkeypatch.setattr("nightschool.sandbox.zygote._INSIDE", broken)
    with pytest.raises(RuntimeError, match="does not start: it is broken"):
        Zygote(sandbox.limits)
