"""An event loop on a thread of its own, for a model that is used from another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

import anyio

T = TypeVar("T")


class Job:
    """Work that was started and can be cancelled, from any thread.

    The cancellation is that of anyio, which HTTP connections shield their tidying up from: asyncio's own would catch
    them amid it, and leave a connection that is neither used nor free.
    """

    def __init__(self, work: Awaitable[None], loop: asyncio.AbstractEventLoop) -> None:
        self._work, self._loop = work, loop
        self._scope: anyio.CancelScope | None = None
        self._cancelled = False

    async def run(self) -> None:
        """Do the work, until it is cancelled."""
        with anyio.CancelScope() as self._scope:
            if self._cancelled:
                self._scope.cancel()
            await self._work

    def cancel(self) -> None:
        """Cancel the work, where it is not done already."""
        self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        self._cancelled = True
        if self._scope is not None:
            self._scope.cancel()


class Background:
    """Runs coroutines while its owner does something else; started by the first of them."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._jobs: set[Job] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> Job:
        """Return the job that does `work`."""
        loop = self._running()
        job = Job(work, loop)
        self._jobs.add(job)
        done = asyncio.run_coroutine_threadsafe(job.run(), loop)
        done.add_done_callback(lambda _: self._jobs.discard(job))
        return job

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what `work` returns, waiting for it; an interrupt cancels it."""
        future = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self, last: Coroutine[Any, Any, None] | None = None) -> None:
        """Cancel all jobs, wait until they are gone, do what is to be done last, and end the thread."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        for job in list(self._jobs):
            job.cancel()
        self.run(_wait_for_others())
        if last is not None:
            self.run(last)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        self._loop = self._thread = None

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="nightschool-http", daemon=True)
            self._thread.start()
        return self._loop


async def _wait_for_others() -> None:
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)
