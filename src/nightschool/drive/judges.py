"""Critics at work beside the model: judgements run in a few threads while the model decodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

from nightschool.asks import Judge
from nightschool.critics.judging import judge
from nightschool.items import Verdict
from nightschool.ports import Critic

K = TypeVar("K")


class Judges(Generic[K]):
    """Judgements in flight, each under a key of the caller's. workers: threads; 0: in the caller's own, at once."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="critic") if workers else None
        self._flying: dict[Future[Verdict], K] = {}
        self._done: list[tuple[K, Callable[[], Verdict]]] = []

    def __len__(self) -> int:
        return len(self._flying) + len(self._done)

    def begin(self, key: K, critic: Critic, ask: Judge) -> None:
        """Have `critic` judge; the verdict comes with a later `finished`."""
        if self._pool is None:
            verdict = judge(critic, ask.item, ask.answer)
            self._done.append((key, lambda: verdict))
        else:
            self._flying[self._pool.submit(judge, critic, ask.item, ask.answer)] = key

    def finished(self) -> Iterator[tuple[K, Verdict]]:
        """Yield what is judged by now. Raises what `judge` lets through: KeyboardInterrupt, StopRequested."""
        for future in [future for future in self._flying if future.done()]:
            self._done.append((self._flying.pop(future), future.result))
        done, self._done = self._done, []
        for key, result in done:
            yield key, result()

    def wait(self, timeout_s: float | None) -> None:
        """Return when something is judged, or after `timeout_s` seconds."""
        if self._flying and not self._done:
            wait(self._flying, timeout_s, FIRST_COMPLETED)

    def forget(self, keys: set[K]) -> None:
        """Drop these judgements; those not begun yet never are."""
        for future, key in list(self._flying.items()):
            if key in keys:
                future.cancel()
                del self._flying[future]
        self._done = [(key, result) for key, result in self._done if key not in keys]

    def close(self) -> None:
        """Let the threads go, without waiting for a critic that is still at it."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
