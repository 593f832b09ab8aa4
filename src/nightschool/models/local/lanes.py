"""Work that falls apart, side by side: every part in a thread that has its own share of the cores.

The threads of torch share each single operation, and after each of the thousand small ones of a pass they wait for one
another. Where a pass can be cut in two, two threads that meet once, at its end, leave no core idle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import torch

MOST = 2  # parts at once: each reads all weights, and all share one interpreter
T = TypeVar("T")


def sides(device: torch.device) -> int:
    """Return how many parts `run` runs at once on `device`: `MOST` where torch has so many threads, one on a GPU."""
    return min(MOST, torch.get_num_threads()) if device.type == "cpu" else 1


def run(works: Sequence[Callable[[], T]], device: torch.device) -> list[T]:
    """Return what `works` return, in their order, computed side by side where `device` is a CPU.

    None of them may change what another reads. When one raises, what it raised is raised once all have ended.
    """
    threads = torch.get_num_threads()
    lanes = min(len(works), sides(device))
    if lanes < 2:
        return [work() for work in works]
    futures: list[Future[T]] = [_pool().submit(_with_threads, threads // lanes, work) for work in works]
    errors = [future.exception() for future in futures]
    torch.set_num_threads(threads)  # what one thread sets for itself is what later threads would begin with
    for error in errors:
        if error is not None:
            raise error
    return [future.result() for future in futures]


def _with_threads(threads: int, work: Callable[[], T]) -> T:
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    return work()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MOST, thread_name_prefix="nightschool-lane")
