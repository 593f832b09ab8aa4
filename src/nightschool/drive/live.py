"""One search on its way: its state, what it asked for, and what came back, told in the order of asking.

Replies are told one at a time and in the order in which they were asked for, whenever they arrive. So a search goes
through the same states whatever else is in the batch, and however fast its critics are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from nightschool.asks import Ask, Judge, Judged, ModelAsk, ModelReply, Propose, Proposed, Refused, Reply
from nightschool.config import Price
from nightschool.drive.job import Job
from nightschool.drive.ledger import Grant, Ledger
from nightschool.items import Draw, Segment, Stopped, Trace, Usage, Verdict

REFUSALS = 1_000
"""A search that goes on asking after so many refusals in a row is ended."""


@dataclass(slots=True, eq=False)
class Slot:
    """One ask of a search, and its reply when it is there. draws: of a Propose that is made in several pieces.

    through: what the critic of a Judge asks the model first; conclude: what makes a verdict of the reply to it.
    """

    ask: Ask
    reply: Reply | None = None
    flying: bool = False
    draws: list[Draw] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    through: ModelAsk | None = None
    conclude: Callable[[ModelReply], Verdict] | None = None


@dataclass(slots=True, eq=False)
class Piece:
    """What of a slot's ask is in flight in the model, under an id of its own. tokens: sampled so far, by its deltas."""

    live: Live
    slot: Slot
    ask: ModelAsk
    grant: Grant
    tokens: int = 0
    cancelled: bool = False


class Live:
    """A job between its first ask and its trace."""

    def __init__(self, index: int, job: Job, state: Any, price: Price | None) -> None:
        self.index, self.job, self.state = index, job, state
        self.ledger = Ledger(job.budget, price)
        self.deadline: float | None = None
        self.seconds = 0.0
        self.judgements = 0
        self.errors: list[str] = []
        self.notes: dict[str, None] = {}
        self.fault: Exception | None = None  # with which the model refused the first ask that it refused
        self.queue: deque[Slot] = deque()
        self.closed: Literal["budget", "cancelled"] | None = None
        self.why_closed = ""
        self.short = False  # the budget cut or refused something
        self.over = False
        self._seen: set[str] = set()
        self._refusals = 0
        self._enlist()

    def _enlist(self) -> None:
        asks = self.job.search.ask(self.state)
        self.over = not asks or self._refusals > REFUSALS
        for ask in asks:
            if ask.id not in self._seen:
                self._seen.add(ask.id)
                self.queue.append(Slot(ask))
                if self.closed:
                    self.refuse(self.queue[-1], self.why_closed, self.closed)
        if not self.over and not self.queue:
            raise RuntimeError(f"{self.job.search.spec} asks again for what it was told: {[ask.id for ask in asks]}")

    def tell(self) -> None:
        """Tell the search what came back, as far as nothing asked before it is missing."""
        while not self.over and self.queue and self.queue[0].reply is not None:
            reply = self.queue.popleft().reply
            assert reply is not None
            self._refusals = self._refusals + 1 if isinstance(reply, Refused) else 0
            self.state = self.job.search.tell(self.state, (reply,))
            self._enlist()

    def waiting(self) -> Iterator[Slot]:
        """Yield the asks that are neither answered nor in flight, in the order of asking."""
        return (slot for slot in self.queue if slot.reply is None and not slot.flying)

    def close(self, by: Literal["budget", "cancelled"], why: str) -> None:
        """Refuse whatever is not in flight in the model, now and from now on."""
        self.closed, self.why_closed = by, why
        for slot in self.queue:
            if slot.reply is None and (not slot.flying or isinstance(slot.ask, Judge)):
                self.refuse(slot, why, by)

    def refuse(self, slot: Slot, why: str, by: Literal["budget", "cancelled", "error"]) -> None:
        """Answer `slot` with what it has, or with a refusal where it has nothing."""
        slot.flying = False
        self.short = self.short or by == "budget"
        if by == "error":
            self.errors.append(why)
        if slot.draws and isinstance(slot.ask, Propose):
            rest = Draw(Segment(""), "error", why) if by == "error" else Draw(Segment(""), "cancelled")
            slot.draws += [rest] * (slot.ask.n - len(slot.draws))
            slot.reply = Proposed(slot.ask.id, tuple(slot.draws), slot.usage)
        else:
            slot.reply = Refused(slot.ask.id, why, by)

    def judged(self, slot: Slot, reply: Judged) -> None:
        """Take a verdict in; a critic that failed is an error of this trace."""
        self.judgements += 1
        slot.flying, slot.reply = False, reply
        if reply.verdict.error is not None:
            self.errors.append(reply.verdict.error)

    def replied(self, piece: Piece, reply: ModelReply) -> None:
        """Take in what the model says to a piece."""
        slot, ask = piece.slot, piece.slot.ask
        slot.flying = False
        if self.over or slot.reply is not None:  # it went on without
            return
        if slot.conclude is not None:
            self._concluded(slot, slot.conclude, reply)
            return
        if isinstance(reply, Refused):
            by = self.closed or reply.by
            self.refuse(slot, self.why_closed or reply.reason, by)
        elif isinstance(reply, Proposed):
            assert isinstance(ask, Propose)
            slot.usage += replace(reply.usage, calls=1, seconds=0.0)
            if reply.note:
                self.notes[reply.note] = None
            for draw in reply.draws:
                if draw.finish == "error":
                    self.errors.append(draw.error or "a draw failed, and the model did not say why")
                if draw.finish == "length" and piece.grant.tokens < ask.sampling.max_tokens:
                    self.short, draw = True, replace(draw, finish="cancelled")
                slot.draws.append(draw)
            if len(slot.draws) >= ask.n:
                slot.reply = Proposed(ask.id, tuple(slot.draws), slot.usage)
            elif self.closed:
                self.refuse(slot, self.why_closed, self.closed)
        else:
            slot.reply = replace(reply, id=ask.id)

    def _concluded(self, slot: Slot, conclude: Callable[[ModelReply], Verdict], reply: ModelReply) -> None:
        """Take in what a critic makes of what the model says to it; a budget that ends leaves an answer unjudged."""
        if isinstance(reply, Refused) and (self.closed or reply.by != "error"):
            self.refuse(slot, self.why_closed or reply.reason, self.closed or reply.by)
        else:
            self.judged(slot, Judged(slot.ask.id, conclude(reply)))

    def trace(self) -> Trace:
        """Return what this job did."""
        search, job = self.job.search, self.job
        best = search.best(self.state)
        stopped: Stopped = "done"
        if self.closed == "cancelled":
            stopped = "cancelled"
        elif self.closed or self.short:
            stopped = "budget"
        elif best is None and self.errors:
            stopped = "error"
        usage = replace(self.ledger.spent, judgements=self.judgements, seconds=self.seconds)
        thoughts = tuple(search.thoughts(self.state))
        return Trace(
            job.task, search.spec, job.noise, thoughts, best, usage, stopped, tuple(self.errors), tuple(self.notes)
        )
