"""One chess engine as a process that speaks UCI: found on the path, asked for its best move and what it expects.

Ref: huber2006.
"""

from __future__ import annotations

import os
import selectors
import shutil
import subprocess
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass

from nightschool.errors import MissingDependency, ModelError

_ALSO = ("/usr/games", "/usr/local/bin", "/opt/homebrew/bin")
"""Debian puts games where no shell of root's looks."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What an engine thinks of a position, for the side to move.

    move: the best one in UCI notation, None where there is none; expected: wins and half the draws, in [0, 1]; mate: in
    so many moves, negative when mated, None where none is seen; depth: plies looked ahead.
    """

    move: str | None
    expected: float
    mate: int | None
    depth: int


def find_engine(name: str = "stockfish") -> str:
    """Return the path of an engine. Raises MissingDependency with the line that installs it."""
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(_ALSO))
    if found is None:
        raise MissingDependency(
            f"no chess engine called {name!r} on the path; type: sudo apt-get install stockfish (Debian, Ubuntu), or "
            "brew install stockfish (macOS), or name its file"
        )
    return found


class Engine:
    """A running engine. One thread of its own, so that the same question has the same answer; asked one at a time.

    `close()` ends the process, which else ends with this object. Raises MissingDependency where there is none,
    ModelError for one that does not speak UCI or does not answer within `timeout_s`.
    """

    def __init__(self, name: str = "stockfish", *, hash_mb: int = 16, timeout_s: float = 60.0) -> None:
        self.path = find_engine(name)
        self.timeout_s = timeout_s
        self._lock = threading.Lock()
        self._pending = b""
        self._process = subprocess.Popen([self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.close = weakref.finalize(self, _end, self._process)
        try:
            self._say("uci")
            offers = self._until("uciok")
            self.shows_wdl = any("UCI_ShowWDL" in line for line in offers)
            self._say("setoption name Threads value 1", f"setoption name Hash value {hash_mb}")
            if self.shows_wdl:
                self._say("setoption name UCI_ShowWDL value true")
            self._ready()
        except ModelError:
            self.close()
            raise

    def think(self, fen: str, nodes: int = 20_000, *, moves: str = "", only: str = "") -> Opinion:
        """Return the opinion on the position `fen`, after `moves` (UCI, apart by blanks), from `nodes` nodes.

        only: moves (UCI) that are looked at, no others. The engine forgets what it saw before, so the answer depends
        on nothing else. Raises ModelError.
        """
        with self._lock:
            self._say("ucinewgame")
            self._ready()
            position = f"position fen {fen}" + (f" moves {moves}" if moves else "")
            self._say(position, f"go nodes {nodes}" + (f" searchmoves {only}" if only else ""))
            *infos, last = self._until("bestmove")
        told = [_facts(line) for line in infos if line.startswith("info ") and " score " in line]
        facts = told[-1] if told else {}
        words = last.split()
        move = words[1] if len(words) > 1 and words[1] not in ("(none)", "0000") else None
        return Opinion(move, _expected(facts), _mate(facts), int(facts.get("depth", "0")))

    def _say(self, *lines: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        except OSError as error:
            raise self._dead() from error

    def _ready(self) -> None:
        self._say("isready")
        self._until("readyok")

    def _until(self, word: str) -> list[str]:
        """Return the lines up to the one that begins with `word`."""
        assert self._process.stdout is not None
        lines: list[str] = []
        deadline = time.monotonic() + self.timeout_s
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while True:
                while b"\n" in self._pending:
                    line, _, self._pending = self._pending.partition(b"\n")
                    lines.append(line.decode("utf-8", "replace").strip())
                    if lines[-1].split(" ")[0] == word:
                        return lines
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    raise ModelError(f"the engine {self.path} did not say {word} within {self.timeout_s:g} s")
                chunk = os.read(self._process.stdout.fileno(), 1 << 16)
                if not chunk:
                    raise self._dead()
                self._pending += chunk

    def _dead(self) -> ModelError:
        return ModelError(f"the engine {self.path} ended by itself (status {self._process.wait()})")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _facts(line: str) -> Mapping[str, str]:
    """Return what an info line tells: depth, and the score as cp, mate or wdl."""
    words = line.split()
    facts = {}
    for name, count in (("depth", 1), ("cp", 1), ("mate", 1), ("wdl", 3)):
        if name in words:
            at = words.index(name) + 1
            facts[name] = " ".join(words[at : at + count])
    return facts


def _mate(facts: Mapping[str, str]) -> int | None:
    return int(facts["mate"]) if "mate" in facts else None


def _expected(facts: Mapping[str, str]) -> float:
    if "wdl" in facts:
        wins, draws, losses = (int(word) for word in facts["wdl"].split())
        return (wins + draws / 2) / (wins + draws + losses)
    if "mate" in facts:
        return 1.0 if int(facts["mate"]) > 0 else 0.0
    return 1 / (1 + 10 ** (-int(facts.get("cp", "0")) / 400))  # the Elo curve, for engines that tell no odds
