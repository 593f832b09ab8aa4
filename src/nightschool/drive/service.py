"""Searches that come and go over one model, for as long as somebody asks: a drive without an end.

service = Service(model)
number = service.join(job)
while number not in (over := {each.number: each for each in service.turn()}): ...
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nightschool.asks import Delta
from nightschool.config import Price
from nightschool.drive.job import Job
from nightschool.drive.live import Live, Piece
from nightschool.drive.pace import Pace
from nightschool.drive.preflight import check_asks, check_budget, check_job
from nightschool.drive.run import Run
from nightschool.items import Thought, Trace
from nightschool.ports import Model


@dataclass(frozen=True, slots=True)
class Over:
    """A search that is over. state: the search's own; fault: with which the model refused what it was first asked."""

    number: int
    trace: Trace
    state: Any
    fault: Exception | None


@dataclass(frozen=True, slots=True)
class Heard:
    """What a running draw added. ask, draw: as the search knows them; tokens: newly sampled."""

    number: int
    ask: str
    draw: int
    text: str
    tokens: int


class Service:
    """Runs what joins, all in the same batches, until it is over or leaves.

    max_live: searches that are alive at once, the others waiting in the order in which they came. A trace does not
    depend on what ran beside it, as with `Drive`. Used from one thread.
    """

    def __init__(
        self,
        model: Model,
        *,
        clock: Callable[[], float] = time.monotonic,
        price: Price | None = None,
        critic_workers: int = 2,
        max_live: int = 64,
    ) -> None:
        self.model, self.price = model, price
        self._run = Run(
            model,
            (),
            None,
            price=price,
            clock=clock,
            pace=Pace(None, clock),
            critic_workers=critic_workers,
            max_live=max_live,
            stopping=lambda: False,
            heard=self._hear,
        )
        self._lives: dict[int, Live] = {}
        self._came = 0
        self._news: list[Heard] = []

    def __len__(self) -> int:
        """Return how many searches are alive or waiting."""
        return len(self._lives)

    def join(self, job: Job) -> int:
        """Take `job` in and return its number.

        Raises Unsupported, UsageError and BadBudget for what this model or these critics cannot do.
        """
        check_budget(self.model, job.budget, self.price)
        check_job(self.model, job)
        live = Live(self._came, job, job.search.start(job.task, job.noise), self.price)
        check_asks(self.model, job, [slot.ask for slot in live.queue])
        self._came += 1
        self._lives[live.index] = live
        self._run.coming.append(live)
        return live.index

    def leave(self, number: int) -> None:
        """End this search; it is over with what it has, soon. One that is over already stays so."""
        if number in self._lives:
            self._run.leave(self._lives[number])

    def turn(self) -> list[Over]:
        """Do the least useful work, and return what is over by it. With nothing alive, return at once."""
        if not self._lives:
            return []
        self._run.turn()
        over = []
        for live in self._run.finished:
            del self._lives[live.index]
            over.append(Over(live.index, live.trace(), live.state, live.fault))
        self._run.finished.clear()
        return over

    def heard(self) -> list[Heard]:
        """Return what running draws added since the last time."""
        news, self._news = self._news, []
        return news

    def state(self, number: int) -> Any:
        """Return the state of a search that is alive: another object whenever it was told something."""
        return self._lives[number].state

    def thoughts(self, number: int) -> tuple[Thought, ...]:
        """Return the thoughts so far of a search that is alive."""
        live = self._lives[number]
        return tuple(live.job.search.thoughts(live.state))

    def close(self) -> None:
        """Give up all that is alive, and let the critics' threads go."""
        self._run.cancel_all()
        self._run.close()
        self._lives.clear()

    def _hear(self, piece: Piece, delta: Delta) -> None:
        self._news.append(Heard(piece.live.index, piece.slot.ask.id, delta.draw, delta.text, delta.tokens))
