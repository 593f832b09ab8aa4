"""The loop: merges what all live searches ask into wide batches, and tells them what came back."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

from nightschool.asks import Delta, Judge, Judged, ModelAsk, ModelReply, Progress, Propose, Proposed, Refused, Weigh
from nightschool.config import Price
from nightschool.critics.consulting import ask_of, verdict_of
from nightschool.drive.judges import Judges
from nightschool.drive.ledger import Ledger, Need, ask_for
from nightschool.drive.live import Live, Piece, Slot
from nightschool.drive.pace import Pace
from nightschool.errors import MissingDependency, ModelError, StopRequested, Unsupported, UsageError
from nightschool.items import Usage, Verdict
from nightschool.ports import Consulting, Model, Requesting, Requests
from nightschool.search.budget import Budget

_NAP_S = 0.1
"""How long `stop` may go unnoticed while critics alone are at work."""
_DRAIN_STEPS = 3
"""How many steps a model has to answer for what was cancelled."""


class Run:
    """What is alive, and what is in flight: of one call of `Drive.run`, or of a `Service`, where more keep coming.

    heard: is told what running draws added, piece by piece.
    """

    def __init__(
        self,
        model: Model,
        lives: Iterable[Live],
        budget: Budget | None,
        *,
        price: Price | None,
        clock: Callable[[], float],
        pace: Pace,
        critic_workers: int,
        max_live: int,
        stopping: Callable[[], bool],
        heard: Callable[[Piece, Delta], None] | None = None,
    ) -> None:
        self.model, self.price, self.clock, self.pace = model, price, clock, pace
        self.max_live, self.stopping, self.heard = max_live, stopping, heard
        self.ledger = Ledger(budget, price)
        self.shared = budget is not None
        self.deadline = None if budget is None or budget.seconds is None else self.clock() + budget.seconds
        self.coming = deque(lives)
        self.live: dict[int, Live] = {}
        self.changed: dict[int, Live] = {}
        self.finished: list[Live] = []
        self.flying: dict[str, Piece] = {}
        self.judges: Judges[tuple[int, Slot]] = Judges(critic_workers)
        self.submitted = 0
        self.blame: str | None = None  # what the model broke down with, while its work is gathered in
        self.noted: set[str] = set()

    def all(self) -> None:
        """Run until every search is over."""
        while self.coming or self.live:
            if self.stopping():
                raise StopRequested("the run was stopped")
            self.turn()

    def turn(self) -> None:
        """Do the least useful work: let searches in, tell them what came, and take one step of the model."""
        started = self.clock()
        self._admit()
        self._close_late()
        self._pump()
        busy = self._busy()
        if self.flying:
            self._step()
        elif len(self.judges):
            self.judges.wait(min(self._patience(), _NAP_S))
        for (index, slot), verdict in self.judges.finished():
            if slot.reply is None:
                live = self.changed[index] = self.live[index]
                live.judged(slot, Judged(slot.ask.id, verdict))
        self._share_out(self.clock() - started, busy)

    def _admit(self) -> None:
        while self.coming and len(self.live) < self.max_live:
            live = self.coming.popleft()
            if live.job.budget is not None and live.job.budget.seconds is not None:
                live.deadline = self.clock() + live.job.budget.seconds
            self.live[live.index] = self.changed[live.index] = live

    def _close_late(self) -> None:
        """Close every search whose time is up."""
        timed = [live for live in self.live.values() if live.deadline is not None]
        if not timed and self.deadline is None:
            return
        now = self.clock()
        everyone = self.deadline is not None and now >= self.deadline
        for live in [*self.live.values(), *self.coming] if everyone else timed:
            if everyone or (live.deadline is not None and now >= live.deadline):
                self._close(live, "the budget of seconds is used up")

    def _close(self, live: Live, why: str) -> None:
        self._end(live, "budget", why)

    def leave(self, live: Live) -> None:
        """End one search: it is told what there is, and that no more will come."""
        self._end(live, "cancelled", "nobody waits for it any more")

    def _end(self, live: Live, by: Literal["budget", "cancelled"], why: str) -> None:
        if live.closed:
            return
        live.close(by, why)
        if live.index in self.live:
            self.changed[live.index] = live
        self._withdraw(live)

    def _withdraw(self, live: Live) -> None:
        """Cancel what `live` has in flight."""
        ids = [id for id, piece in self.flying.items() if piece.live is live and not piece.cancelled]
        for id in ids:
            self.flying[id].cancelled = True
        if ids:
            self.model.cancel(ids)
        self.judges.forget({(live.index, slot) for slot in live.queue if isinstance(slot.ask, Judge)})

    def _pump(self) -> None:
        """Tell the searches what came, take in what they ask for now, and let go of those that are over."""
        while self.changed:
            changed, self.changed = self.changed, {}
            pieces: list[Piece] = []
            for index in sorted(changed):
                live = changed[index]
                live.tell()
                if not live.over:
                    self._begin_judging(live)
                    pieces += self._take_pieces(live)
                elif live.queue:
                    self._withdraw(live)
                    live.queue.clear()
                if live.over and not any(piece.live is live for piece in self.flying.values()):
                    self._finish(live)
            self._submit(pieces)
            self.changed.update({live.index: live for live in changed.values() if self._can_tell(live)})

    @staticmethod
    def _can_tell(live: Live) -> bool:
        return not live.over and bool(live.queue) and live.queue[0].reply is not None

    def _finish(self, live: Live) -> None:
        if self.live.pop(live.index, None) is not None:
            self.finished.append(live)
            self.pace.finished()

    def _begin_judging(self, live: Live) -> None:
        for slot in list(live.waiting()):
            if not isinstance(slot.ask, Judge) or slot.through is not None:
                continue
            critic = live.job.critics.get(slot.ask.role)
            if critic is None:
                why = f"{live.job.search.spec} has no critic in the role of {slot.ask.role} and goes without"
                slot.reply = Refused(slot.ask.id, why, "error")
                if why not in self.noted:
                    self.noted.add(why)
                    self.pace.note(why)
            elif isinstance(critic, Consulting):
                self._consult(live, slot, critic, slot.ask)
            else:
                slot.flying = True
                self.judges.begin((live.index, slot), critic, slot.ask)

    def _consult(self, live: Live, slot: Slot, critic: Consulting, ask: Judge) -> None:
        """Let a critic ask the model: what it asks is taken up with the asks of its search."""
        asked = ask_of(critic, ask.item, ask.answer)
        if isinstance(asked, Verdict):
            live.judged(slot, Judged(ask.id, asked))
            self.changed[live.index] = live
        else:
            slot.through = replace(asked, id=ask.id)
            slot.conclude = partial(verdict_of, critic, ask.item, ask.answer)

    def _take_pieces(self, live: Live) -> list[Piece]:
        """Return what `live` may ask the model now, in the order of asking, with its cost set aside."""
        pieces = []
        for slot in list(live.waiting()):
            ask = slot.through or slot.ask
            if isinstance(ask, Judge):
                continue
            grant = ask_for(self._need(slot, ask), (live.ledger, self.ledger))
            if grant is None:
                break
            if grant.parts == 0:
                live.refuse(slot, "the budget is used up", "budget")
                continue
            self.submitted += 1
            id = f"{live.index}/{ask.id}#{self.submitted}"
            asked: ModelAsk = replace(ask, id=id)
            if isinstance(asked, Propose):
                sampling = replace(asked.sampling, max_tokens=grant.tokens)
                first = asked.first_draw + len(slot.draws)
                asked = replace(asked, n=grant.parts, first_draw=first, sampling=sampling)
            slot.flying = True
            pieces.append(Piece(live, slot, asked, grant))
        return pieces

    def _need(self, slot: Slot, ask: ModelAsk) -> Need:
        count = self.model.count_tokens
        prompt = 0
        if self.price is not None:  # counting costs time, and only money asks for it
            prompt = count(str(ask.prefix.prompt) + ask.prefix.text)
        if isinstance(ask, Propose):
            return Need(
                ask.sampling.max_tokens, ask.n - len(slot.draws), prompt,
                requests=lambda draws: self._requests(replace(ask, n=draws)),
            )  # fmt: skip
        weighed = ask.continuations if isinstance(ask, Weigh) else ()
        lengths = (count(s.text) if s.tokens is None else len(s.tokens) for s in weighed)
        return Need(sum(lengths), 1, prompt, weighed=True, divisible=False, requests=lambda _: self._requests(ask))

    def _requests(self, ask: ModelAsk) -> Requests:
        return self.model.requests(ask) if isinstance(self.model, Requesting) else Requests()

    def _submit(self, pieces: Sequence[Piece]) -> None:
        """Hand all `pieces` to the model at once; where it will not have them all, one by one."""
        if not pieces:
            return
        self.flying.update({piece.ask.id: piece for piece in pieces})
        try:
            self.model.submit([piece.ask for piece in pieces])
        except (ModelError, Unsupported, UsageError, MissingDependency) as error:
            if len(pieces) == 1:
                pieces[0].live.fault = pieces[0].live.fault or error
                self._receive(pieces[0], Refused(pieces[0].ask.id, str(error), "error"))
                return
            for piece in pieces:
                self._submit([piece])

    def _step(self) -> None:
        try:
            progress = self.model.step()
        except ModelError as error:
            self._survive(error)
            return
        self._take_in(progress)

    def _take_in(self, progress: Progress) -> None:
        tokens = 0
        for delta in progress.deltas:
            tokens += delta.tokens
            piece = self.flying.get(delta.id)
            if piece is None:
                continue
            piece.tokens += delta.tokens
            if self.heard is not None:
                self.heard(piece, delta)
            if piece.tokens > piece.grant.parts * piece.grant.tokens and not piece.cancelled:
                piece.cancelled = True  # a server that does not keep to max_tokens
                self.model.cancel([delta.id])
        for reply in progress.replies:
            piece = self.flying.get(reply.id)
            if piece is not None:
                self._receive(piece, reply)
                tokens += 0 if isinstance(reply, Refused) else reply.usage.weighed_tokens
        self.pace.spent(tokens)

    def _receive(self, piece: Piece, reply: ModelReply) -> None:
        """Settle what a piece cost, and hand its reply to its search."""
        del self.flying[piece.ask.id]
        live = piece.live
        if self.blame is not None:
            reply = _blamed(reply, self.blame)
        usage = Usage() if isinstance(reply, Refused) else reply.usage
        sampled = max(usage.sampled_tokens, piece.tokens)  # what was seen to come counts, whatever a server says
        usage = replace(usage, sampled_tokens=sampled, calls=1, judgements=0, seconds=0.0)
        for ledger in (live.ledger, self.ledger):
            ledger.settle(piece.grant.usage, usage)
        live.replied(piece, reply)
        self.changed[live.index] = live
        if self.shared:  # what came back of the common budget may be what others wait for
            self.changed.update({other.index: other for other in self.live.values() if any(other.waiting())})

    def _survive(self, error: ModelError) -> None:
        """End all that is in flight: the model broke down, and what it still has of them is all there is."""
        self.blame = str(error)
        self._drain()
        for piece in list(self.flying.values()):
            self._receive(piece, Refused(piece.ask.id, self.blame, "error"))
        self.blame = None

    def _drain(self) -> None:
        """Cancel all that is in flight and take in what the model still answers."""
        self.model.cancel(list(self.flying))
        for _ in range(_DRAIN_STEPS):
            if not self.flying:
                return
            try:
                self._take_in(self.model.step())
            except ModelError:
                return

    def cancel_all(self) -> None:
        """Stop everything; each search is told what there is, and that no more will come."""
        why = "the run was interrupted"
        everyone = [*self.live.values(), *self.coming]
        for live in everyone:
            live.close("cancelled", why)
        self._drain()
        for piece in list(self.flying.values()):
            self._receive(piece, Refused(piece.ask.id, why, "cancelled"))
        for live in everyone:
            live.tell()

    def close(self) -> None:
        """Let the critics' threads go."""
        self.judges.close()

    def _patience(self) -> float:
        """Return the seconds until the next deadline."""
        deadlines = [d for d in (self.deadline, *(live.deadline for live in self.live.values())) if d is not None]
        return max(0.0, min(deadlines) - self.clock()) if deadlines else math.inf

    def _busy(self) -> dict[Live, int]:
        """Return how much each search has in flight: draws and other asks, each counted once."""
        busy: dict[Live, int] = {}
        for piece in self.flying.values():
            busy[piece.live] = busy.get(piece.live, 0) + piece.grant.parts
        return busy or dict.fromkeys(self.live.values(), 1)

    @staticmethod
    def _share_out(seconds: float, busy: dict[Live, int]) -> None:
        """Share wall time out among the searches that were at work."""
        total = sum(busy.values())
        for live, weight in busy.items():
            live.seconds += seconds * weight / total


def _blamed(reply: ModelReply, why: str) -> ModelReply:
    """Return `reply` with what was cancelled because the model broke down marked as failed."""
    if isinstance(reply, Refused):
        return replace(reply, reason=why, by="error")
    if isinstance(reply, Proposed):
        draws = (replace(d, finish="error", error=why) if d.finish == "cancelled" else d for d in reply.draws)
        return replace(reply, draws=tuple(draws))
    return reply
