"""What a run sampled so far, token by token as it came, so that a run that was killed goes on where it was.

One line of JSON a step, written at once: a kill leaves whole lines and at most a torn last one, which is left out.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nightschool.drive.cache import Made
from nightschool.drive.replies import Known, from_json, to_json
from nightschool.errors import BadFile

Sampled = tuple[int, float]
"""A token's id and log-probability."""


class Logbook:
    """A file of draws, whole ones and those under way, by key (`keys`), and of replies.

    seconds: how long the run had worked when the last line was written. `clock` is the run's own time: it stands still
    while what is on record is gone through again. again: tokens that were found here. step: of the model, counted over
    the run; recorded: the last one on record. What is found comes in the step that it came in first (`when`), so that
    who gets what of a common budget is as it was.
    Raises BadFile, also where another process has the file.
    """

    def __init__(self, path: str | Path, now: Callable[[], float] = time.monotonic) -> None:
        self.path, self._now = Path(path), now
        self.seconds = 0.0
        self.again = 0
        self.step = self.recorded = 0
        self._made: dict[str, list[tuple[int, Made]]] = {}
        self._replies: dict[str, list[tuple[int, str]]] = {}
        self._begun: dict[str, list[Sampled]] = {}
        self._numbers: dict[str, int] = {}
        self._live_since: float | None = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise BadFile(f"cannot keep a record of this run in {path}: {error.strerror or error}") from error
        try:
            _lock(self._file)
        except OSError as error:
            os.close(self._file)
            raise BadFile(f"the run recorded in {path} is still going on; wait for its end, or stop it") from error
        self._read()

    def _read(self) -> None:
        with self.path.open("rb") as file:
            content = file.read()
        whole = content.rpartition(b"\n")[0]
        if len(whole) + 1 < len(content):
            os.ftruncate(self._file, len(whole) + 1 if whole else 0)
        keys: list[str] = []
        try:
            for line in whole.splitlines():
                self._take(json.loads(line), keys)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            os.close(self._file)
            raise BadFile(f"the record {self.path} is damaged: {error}; delete it, and begin the run anew") from error

    def _take(self, line: Mapping[str, Any], keys: list[str]) -> None:
        for key in line.get("keys", ()):
            self._numbers[key] = len(keys)
            keys.append(key)
        for number, token, logp in line.get("sampled", ()):
            self._begun.setdefault(keys[number], []).append((token, logp))
        for number, *row in line.get("made", ()):
            self._made.setdefault(keys[number], []).append((line.get("step", 0), Made.of_row(row)))
            self._begun.pop(keys[number], None)
        for number, said in line.get("replies", ()):
            self._replies.setdefault(keys[number], []).append((line.get("step", 0), said))
        self.recorded = max(self.recorded, line.get("step", 0))
        self.seconds = line.get("seconds", self.seconds)

    def find(self, key: str) -> Made | None:
        """Return the draw kept under `key`, where it is whole."""
        made = self._made.get(key)
        return made[0][1] if made else None

    def reply(self, key: str, id: str) -> Known | None:
        """Return the reply kept under `key` as one to the ask `id`, or None."""
        said = self._replies.get(key)
        return from_json(said[0][1], id) if said else None

    def when(self, key: str) -> int:
        """Return the step in which what is kept under `key` came."""
        kept = self._made.get(key) or self._replies.get(key)
        return kept[0][0] if kept else 0

    def use(self, keys: Iterable[str]) -> None:
        """Say that what was found under these is taken: a run that asks twice the same is told twice, as it was."""
        for key in keys:
            if made := self._made.get(key):
                self.again += made.pop(0)[1].sampled
            elif said := self._replies.get(key):
                said.pop(0)

    def begun(self, key: str) -> tuple[Sampled, ...]:
        """Return what was sampled of a draw that is not whole."""
        begun = tuple(self._begun.get(key, ()))
        self.again += len(begun)
        return begun

    def advance(self) -> None:
        """Say that a step of the model begins."""
        self.step += 1

    def live(self) -> None:
        """Say that the model is asked for something new: from here on the clock runs."""
        if self._live_since is None:
            self._live_since = self._now()

    def clock(self) -> float:
        """Return the seconds that the run has worked, those before a kill included once it goes on."""
        return 0.0 if self._live_since is None else self.seconds + self._now() - self._live_since

    def note(self, sampled: Sequence[tuple[str, Sampled]]) -> None:
        """Write down what one step brought: a token and the key of its draw, each."""
        if sampled:
            keys = self._new(key for key, _ in sampled)
            rows = [(self._numbers[key], *token) for key, token in sampled]
            self._write({"keys": keys, "sampled": rows})

    def keep(self, made: Mapping[str, Made]) -> None:
        """Write whole draws down; others are left out."""
        whole = {key: one for key, one in made.items() if one.whole}
        if not whole:
            return
        keys = self._new(whole)
        self._write({"keys": keys, "made": [(self._numbers[key], *one.as_row()) for key, one in whole.items()]})

    def keep_reply(self, key: str, reply: Known) -> None:
        """Write down what was weighed or read."""
        keys = self._new([key])
        self._write({"keys": keys, "replies": [(self._numbers[key], to_json(reply))]})

    def _new(self, keys: Any) -> list[str]:
        new = [key for key in dict.fromkeys(keys) if key not in self._numbers]
        self._numbers |= {key: len(self._numbers) + i for i, key in enumerate(new)}
        return new

    def _write(self, line: dict[str, Any]) -> None:
        line = {name: value for name, value in line.items() if value} | {
            "step": self.step,
            "seconds": round(self.clock(), 3),
        }
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        while data:
            data = data[os.write(self._file, data) :]

    def close(self) -> None:
        """Give the file back; what it holds stays."""
        os.close(self._file)


def _lock(file: int) -> None:
    """Take the file for this process alone, where the system can. Raises OSError where another has it."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
