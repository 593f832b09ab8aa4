"""The process in which llama.cpp runs: started, asked whether it came up, and ended."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

from nightschool.errors import MissingDependency, ModelDamaged
from nightschool.models.llama_cpp import serve

_ENDING_S = 5.0
_ERRORS_AND_WARNINGS = 2
_WRONG = re.compile(r"^\S+ E (?:\w+ +)?\w+: (.+)", re.MULTILINE)  # 0.00.064.243 E llama_model_load: what was wrong


class Child:
    """llama.cpp serving one file. url: on this machine, for those who have `key` alone."""

    def __init__(self, file: Path, *, branches: int, context_tokens: int, threads: int) -> None:
        """Start it, and wait until the file is loaded. Raises MissingDependency, and ModelDamaged with its own words.

        branches: answers at once, each with room for `context_tokens`; threads: 0 for one a core.
        """
        if importlib.util.find_spec("xllamacpp") is None:
            raise MissingDependency(f"gguf:{file} is run by llama.cpp; type: pip install 'nightschool[llama]'")
        self.key = secrets.token_urlsafe(24)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (closed by close)
        self._process = subprocess.Popen(
            [sys.executable, "-P", serve.__file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log
        )
        given = {
            "file": str(file), "key": self.key, "branches": branches, "context_tokens": context_tokens,
            "threads": threads or _cores(), "verbosity": _ERRORS_AND_WARNINGS,
        }  # fmt: skip
        try:
            self.url = self._address(given)
        except BaseException:
            self.close()
            raise
        if not self.url:
            reason = self.last_words()
            self.close()
            size = file.stat().st_size
            advice = "a newer xllamacpp may know it" if "unknown model architecture" in reason else "fetch it again"
            raise ModelDamaged(f"llama.cpp cannot load {file} ({size:,} bytes): {reason}; {advice}")

    def _address(self, given: dict[str, object]) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(given).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:  # it ended before it read; its log says why
            return ""
        for line in self._process.stdout:
            if line.startswith(b"http"):
                return line.decode().strip()
        return ""

    @property
    def id(self) -> int:
        """Return the process's number."""
        return self._process.pid

    def alive(self) -> bool:
        """Return whether it still runs."""
        return self._process.poll() is None

    def last_words(self) -> str:
        """Return the first thing that it said was wrong, or how it ended where it said nothing. It has ended."""
        status = self._process.wait()
        self._log.seek(0)
        log = self._log.read().decode(errors="replace")
        wrong = _WRONG.search(log)
        return wrong[1].strip()[:300] if wrong else (log.strip().splitlines() or [f"it ended with {status}"])[-1][:300]

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
