"""What runs searches over one model: the door to `run`, which has the loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from nightschool.config import Price
from nightschool.drive.cache import Cache
from nightschool.drive.job import Job
from nightschool.drive.live import Live
from nightschool.drive.logbook import Logbook
from nightschool.drive.pace import Pace
from nightschool.drive.preflight import check_asks, check_budget, check_job
from nightschool.drive.remembering import Remembering
from nightschool.drive.run import Run
from nightschool.errors import StopRequested
from nightschool.items import Trace
from nightschool.ports import Model, Watcher
from nightschool.search.budget import Budget


class Drive:
    """Runs searches over one model, hundreds at once.

    model: used from the thread that calls `run`; watch: is told `advance(1)` for every finished job, with tokens and
    tokens per second; clock: seconds, only ever subtracted; price: what a budget in usd is counted by; critic_workers:
    threads for critics, 0 for none; max_live: searches that are alive at once; cache: draws that were made before,
    which are not made again, or the logbook of a run that was broken off.

    The traces do not depend on what ran together: permute the jobs or change `max_live`, and each trace stays as it
    was, but for its seconds and what a budget of seconds, or a budget for the whole run, cut (exact where the model's
    draws are).
    """

    def __init__(
        self,
        model: Model,
        *,
        watch: Watcher | None = None,
        clock: Callable[[], float] = time.monotonic,
        price: Price | None = None,
        critic_workers: int = 2,
        max_live: int = 256,
        cache: Cache | Logbook | None = None,
    ) -> None:
        self.model: Model = model if cache is None else Remembering(model, cache)
        self.clock, self.price = clock, price
        self.critic_workers, self.max_live = critic_workers, max_live
        self.interrupted = False
        self._watch = watch
        self._stop = threading.Event()

    def stop(self) -> None:
        """End the run in progress, from any thread or a signal handler; `run` returns what is done so far."""
        self._stop.set()

    def run(self, jobs: Sequence[Job], budget: Budget | None = None) -> list[Trace]:
        """Return a trace for each of `jobs`, in their order.

        budget: for all of them together, beside each job's own; who gets what of it depends on what ran together.
        Sampled tokens and calls are never overspent; seconds by one step of the model at most; weighed tokens, and usd
        for what is read, as far as `count_tokens` tells lengths before (exact for local models). Failed models, draws
        and critics are in the traces' `errors`. Ctrl-C, StopRequested and `stop` end the run: `interrupted` becomes
        True, and every trace holds what there was (`stopped` is `cancelled`). The caller decides whether that is an
        error; a second Ctrl-C passes through.

        Raises, before anything runs, Unsupported for a model and UsageError for a critic that cannot serve a job.
        """
        self.interrupted = False
        self._stop.clear()
        for each in {budget, *(job.budget for job in jobs)}:
            check_budget(self.model, each, self.price)
        lives = []
        for index, job in enumerate(jobs):
            check_job(self.model, job)
            live = Live(index, job, job.search.start(job.task, job.noise), self.price)
            check_asks(self.model, job, [slot.ask for slot in live.queue])
            lives.append(live)
        run = Run(
            self.model,
            lives,
            budget,
            price=self.price,
            clock=self.clock,
            pace=Pace(self._watch, self.clock),
            critic_workers=self.critic_workers,
            max_live=self.max_live,
            stopping=self._stop.is_set,
        )
        try:
            run.all()
        except (KeyboardInterrupt, StopRequested):
            self.interrupted = True
            run.cancel_all()
        finally:
            run.close()
        return [live.trace() for live in lives]

    def refuse(self, jobs: Sequence[Job]) -> list[Trace]:
        """Return a trace for each of `jobs` as when a budget is used up before they begin; no model is asked."""
        self.interrupted = False
        lives = [Live(i, job, job.search.start(job.task, job.noise), self.price) for i, job in enumerate(jobs)]
        for live in lives:
            live.close("budget", "the budget is used up")
            live.tell()
        return [live.trace() for live in lives]
