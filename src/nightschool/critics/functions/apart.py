"""A function that judges, in processes of its own: work of the processor keeps no decoding waiting, and can be killed.

Each worker is this module run as a program. It loads the function once and answers judgements one after the other;
standard input and output carry pickles of items and of what the function said, and what the function prints goes to
standard error. The function is as trusted as one that runs in this process. A worker ends when its input does.
"""

from __future__ import annotations

import atexit
import os
import pickle
import queue
import select
import subprocess
import sys
import threading
from typing import IO, Any

from nightschool.critics.functions.find import find, said_by
from nightschool.critics.functions.timelimit import OutOfTime
from nightschool.items import Item

_START_S = 60.0  # to load the user's module, which may be large


class Apart:
    """At most `processes` workers that judge with the function at `path`; they begin when they are needed.

    Used from any thread: who finds all at work waits as long as a judgement may take.
    """

    def __init__(self, path: str, processes: int) -> None:
        self.path = path
        self._free: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        for _ in range(processes):
            self._free.put(None)
        atexit.register(self.close)

    def judge(self, item: Item, answer: str, timeout_s: float) -> Any:
        """Return what the function says. Raises what it raises, OutOfTime, and RuntimeError where its process died."""
        try:
            worker = self._free.get(timeout=timeout_s)
        except queue.Empty:
            raise OutOfTime(f"took longer than {timeout_s:g} s, all of it waiting for others") from None
        try:
            if worker is None:
                worker = _Worker(self.path)
            done, said = worker.ask(item, answer, timeout_s)
        except BaseException:
            if worker is not None:
                worker.kill()
            worker = None
            raise
        finally:
            self._free.put(worker)
        if done:
            return said
        raise said

    def close(self) -> None:
        """End the workers that are free."""
        for _ in range(self._free.qsize()):
            worker = self._free.get()
            if worker is not None:
                worker.kill()
            self._free.put(None)


class _Worker:
    def __init__(self, path: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nightschool.critics.functions.apart", path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        done, said = self._receive(_START_S)
        if not done:
            self.kill()
            raise said

    def ask(self, item: Item, answer: str, timeout_s: float) -> tuple[bool, Any]:
        try:
            pickle.dump((item, answer), self.stdin)
            self.stdin.flush()
        except BrokenPipeError:
            raise RuntimeError(self._death()) from None
        return self._receive(timeout_s)

    def _receive(self, timeout_s: float) -> tuple[bool, Any]:
        """Return what comes back in time. Raises OutOfTime, and RuntimeError for the end of the process."""
        ready, _, _ = select.select([self.stdout], [], [], timeout_s)
        if not ready:
            raise OutOfTime(f"took longer than {timeout_s:g} s and was killed")
        try:
            done, said = pickle.load(self.stdout)
        except (EOFError, pickle.UnpicklingError):
            raise RuntimeError(self._death()) from None
        return bool(done), said

    def _death(self) -> str:
        status = self.process.wait(5)
        return f"its process ended by {f'signal {-status}' if status < 0 else f'itself, with status {status}'}"

    def kill(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.wait()
        self.stdout.close()
        try:
            self.stdin.close()
        except OSError:  # what it did not read any more
            pass


def _read(stdin: IO[bytes], jobs: queue.SimpleQueue[tuple[Item, str]]) -> None:
    """Hand jobs on; where there will be none any more, end the process, though it be at work."""
    while True:
        try:
            jobs.put(pickle.load(stdin))
        except (EOFError, OSError):
            os._exit(0)


def main() -> None:
    """Judge what comes in."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    jobs: queue.SimpleQueue[tuple[Item, str]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(os.fdopen(os.dup(0), "rb"), jobs), daemon=True).start()

    def tell(done: bool, said: Any) -> None:
        try:
            data = pickle.dumps((done, said))
            pickle.loads(data)  # an exception whose arguments are not its own cannot be made again
        except BaseException:
            kind = type(said).__name__
            what = f"{kind}: {said}" if not done else f"it returned {kind}, which cannot be handed on"
            data = pickle.dumps((False, RuntimeError(what)))
        answers.write(data)
        answers.flush()

    try:
        function = find(sys.argv[1])
    except BaseException as error:
        tell(False, error)
        return
    tell(True, None)
    while True:
        item, answer = jobs.get()
        try:
            tell(True, said_by(function, item, answer))
        except BaseException as error:
            tell(False, error)


if __name__ == "__main__":
    main()
