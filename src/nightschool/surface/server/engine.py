"""One model in one thread: what is asked from many connections joins the same batches.

Connections live in the event loop; the model and its service live in the engine's thread and are touched there only.
What is asked crosses over as an order, what comes of it as events, gathered once a step.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from nightschool.drive import Job, Price, Service
from nightschool.drive.service import Heard, Over
from nightschool.items import Thought
from nightschool.ports import Model

T = TypeVar("T")


class Busy(Exception):
    """As many requests wait as may."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Thoughts that are new, or were judged since."""

    thoughts: tuple[Thought, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing came of it."""

    error: Exception


Event = Heard | Changed | Over | Failed
Order = Callable[[Service], None]


class Ticket:
    """One search that was asked for. Events come in order; `Over` or `Failed` is the last, and always comes."""

    def __init__(self, engine: Engine, watched: bool) -> None:
        self._engine, self.watched = engine, watched
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.number: int | None = None
        self.ended = False  # known to the engine's thread: no more will come
        self.cancelled = False
        self.state: Any = None
        self.thoughts: tuple[Thought, ...] = ()
        self._held: Event | None = None

    async def next(self) -> Event:
        """Return the next event; what one draw added since is told at once, so that a slow client catches up."""
        event = self._held or await self.events.get()
        self._held = None
        while isinstance(event, Heard) and not self.events.empty():
            later = self.events.get_nowait()
            if not isinstance(later, Heard) or (later.ask, later.draw) != (event.ask, event.draw):
                self._held = later
                break
            event = replace(event, text=event.text + later.text, tokens=event.tokens + later.tokens)
        return event

    async def over(self) -> Over | Failed:
        """Return the last event."""
        while not isinstance(event := await self.next(), (Over, Failed)):
            pass
        return event

    def cancel(self) -> None:
        """Stop the work: nobody waits for it any more."""
        if not self.cancelled:
            self.cancelled = True
            self._engine.order(lambda service: self._engine.dismiss(self, service))


class Engine:
    """Runs searches over one model for whoever asks.

    opened: makes the model, in the engine's thread; max_live: searches in the batch at once; max_waiting: requests
    alive and waiting together, beyond which `ask` raises Busy; complain: is told of defects, with their exceptions.
    """

    def __init__(
        self,
        name: str,
        opened: Callable[[], Model],
        *,
        max_live: int = 64,
        max_waiting: int = 256,
        price: Price | None = None,
        complain: Callable[[Exception], None] = lambda error: None,
    ) -> None:
        self.name = name
        self.steps = 0
        self._open, self._price, self._complain = opened, price, complain
        self._max_live, self._max_waiting = max_live, max_waiting
        self._orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
        self._outbox: list[tuple[Ticket, Event]] = []
        self._tickets: dict[int, Ticket] = {}
        self._alive: set[Ticket] = set()  # in the event loop's books
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def __len__(self) -> int:
        """Return how many requests are alive or waiting."""
        return len(self._alive)

    # --- in the event loop ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the model. Raises what opening it raises."""
        self._loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._work, args=(ready,), name=f"engine {self.name}", daemon=True)
        self._thread.start()
        await ready

    async def stop(self) -> None:
        """Give up what is in flight, and close the model."""
        if self._thread is not None:
            self._orders.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    def ask(self, make: Callable[[Model], Job], *, watched: bool = False) -> Ticket:
        """Return the ticket of a search. make: prepares it, in the engine's thread; watched: tell its thoughts.

        Raises Busy. What `make` raises comes as the event Failed.
        """
        if len(self._alive) >= self._max_waiting:
            raise Busy(f"{len(self._alive)} requests are in work, and no more may wait")
        ticket = Ticket(self, watched)
        self._alive.add(ticket)
        self.order(lambda service: self._admit(ticket, make, service))
        return ticket

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        """Count, while this is held, a request that is answered without the model's thread. Raises Busy."""
        if len(self._alive) >= self._max_waiting:
            raise Busy(f"{len(self._alive)} requests are in work, and no more may wait")
        ticket = Ticket(self, False)
        self._alive.add(ticket)
        try:
            yield
        finally:
            self._alive.discard(ticket)

    async def call(self, work: Callable[[Model], T]) -> T:
        """Return `work(model)`, done between two steps."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def order(service: Service) -> None:
            try:
                result = work(service.model)
            except Exception as error:
                loop.call_soon_threadsafe(_settle, done, None, error)
            else:
                loop.call_soon_threadsafe(_settle, done, result, None)

        self.order(order)
        return await done

    def order(self, order: Order) -> None:
        """Have `order` carried out in the engine's thread, before its next step."""
        self._orders.put(order)

    # --- in the engine's thread ----------------------------------------------------------------------------------

    def _work(self, ready: asyncio.Future[None]) -> None:
        assert self._loop is not None
        try:
            model = self._open()
            service = self._service(model)
        except BaseException as error:
            self._loop.call_soon_threadsafe(_settle, ready, None, error)
            return
        self._loop.call_soon_threadsafe(_settle, ready, None, None)
        while self._obey(service):
            try:
                over = service.turn()
                self._gather(service, over)
            except Exception as error:  # a defect of a search or of the model: whoever waits is told, and work goes on
                self._complain(error)
                self._give_up(service, error)
                service = self._service(model)
            self.steps += 1
            self._flush()
        self._give_up(service, ConnectionAbortedError("the server is shutting down"))
        self._flush()
        model.close()

    def _service(self, model: Model) -> Service:
        return Service(model, price=self._price, max_live=self._max_live)

    def _obey(self, service: Service) -> bool:
        """Carry out what was ordered, waiting for an order where there is nothing else to do; False: to stop."""
        wait = not len(service)
        while True:
            if wait:
                self._flush()
            try:
                order = self._orders.get(block=wait)
            except queue.Empty:
                return True
            if order is None:
                return False
            order(service)
            wait = not len(service) and self._orders.empty()

    def _admit(self, ticket: Ticket, make: Callable[[Model], Job], service: Service) -> None:
        if ticket.cancelled:
            self._end(ticket, Failed(ConnectionAbortedError("the client went away")))
            return
        try:
            ticket.number = service.join(make(service.model))
        except Exception as error:
            self._end(ticket, Failed(error))
            return
        self._tickets[ticket.number] = ticket

    def dismiss(self, ticket: Ticket, service: Service) -> None:
        """End the work of a ticket."""
        if ticket.number is not None and not ticket.ended:
            service.leave(ticket.number)

    def _gather(self, service: Service, over: list[Over]) -> None:
        for news in service.heard():
            if news.number in self._tickets:
                self._outbox.append((self._tickets[news.number], news))
        ended = {each.number for each in over}
        for number, ticket in self._tickets.items():
            if ticket.watched and number not in ended:
                state = service.state(number)
                if state is not ticket.state:
                    ticket.state = state
                    self._tell_thoughts(ticket, service.thoughts(number))
        for each in over:
            ticket = self._tickets.pop(each.number)
            if ticket.watched:
                self._tell_thoughts(ticket, each.trace.thoughts)
            self._end(ticket, each)

    def _tell_thoughts(self, ticket: Ticket, now: tuple[Thought, ...]) -> None:
        before, ticket.thoughts = ticket.thoughts, now
        fresh = [thought for at, thought in enumerate(now) if at >= len(before) or thought is not before[at]]
        if fresh:
            self._outbox.append((ticket, Changed(tuple(fresh))))

    def _give_up(self, service: Service, error: Exception) -> None:
        for ticket in self._tickets.values():
            self._end(ticket, Failed(error))
        self._tickets.clear()
        try:
            service.close()
        except Exception as second:  # what broke once may break again while it is cleared away
            self._complain(second)

    def _end(self, ticket: Ticket, event: Event) -> None:
        ticket.ended = True
        self._outbox.append((ticket, event))

    def _flush(self) -> None:
        if self._outbox:
            assert self._loop is not None
            outbox, self._outbox = self._outbox, []
            try:
                self._loop.call_soon_threadsafe(self._deliver, outbox)
            except RuntimeError:  # the loop is closed: nobody is left to be told
                pass

    def _deliver(self, outbox: list[tuple[Ticket, Event]]) -> None:
        for ticket, event in outbox:
            if isinstance(event, (Over, Failed)):
                self._alive.discard(ticket)
            ticket.events.put_nowait(event)


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)


async def first_of(work: Coroutine[Any, Any, T], gone: Coroutine[Any, Any, None]) -> T | None:
    """Return what `work` returns, or None where `gone` returns first; the other is cancelled."""
    tasks = [asyncio.ensure_future(work), asyncio.ensure_future(gone)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return tasks[0].result() if tasks[0].done() else None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
