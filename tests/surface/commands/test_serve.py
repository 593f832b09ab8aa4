"""`nightschool serve` as a process, asked by curl."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from nightschool.surface.cli import run


@contextmanager
def serving(*args: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "nightschool", "serve", "--port", "0", "--model", "scripted:answers=42", *args]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield line.strip().rpartition(" ")[2], process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(shutil.which("curl") is None, reason="apt-get install curl")
def test_curl_is_answered_and_ctrl_c_ends_it() -> None:
    with serving() as (url, process):
        body = {"model": "scripted:answers=42", "messages": [{"role": "user", "content": "?"}]}
        for more, words in (({}, '"content":"42"'), ({"stream": True}, "data: [DONE]")):
            line = [
                "curl",
                "-sS",
                "--max-time",
                "60",
                f"{url}/v1/chat/completions",
                "-H",
                "Content-Type: application/json",
            ]
            done = subprocess.run(
                [*line, "-d", json.dumps(body | more)], capture_output=True, text=True, check=True, timeout=90
            )
            assert words in done.stdout
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert [json.loads(line)["status"] for line in err.splitlines()] == [200, 200]
        assert process.returncode in (0, -signal.SIGINT)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--host", "0.0.0.0"], "nightschool keys add"),
        (["--keys", "nowhere.json"], "there are no keys"),
        (["--model", "smolm2"], "did you mean smollm2"),
        (["--mind", "nowhere.toml"], "there is no mind"),
        (["--host", "203.0.113.1", "--keys", "KEYS"], "cannot listen"),
    ],
)
def test_what_cannot_be_served_is_said(
    args: list[str], words: str, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    keys = f"{tmp_path}/keys.json"
    if "KEYS" in args:
        assert run(["keys", "add", "anna", "--keys", keys]) == 0
        args = [keys if arg == "KEYS" else arg for arg in args]
    assert run(["serve", "--port", "0", "--model", "scripted", *args]) == 2
    assert words in capsys.readouterr().err
