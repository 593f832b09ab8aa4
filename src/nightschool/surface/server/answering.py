"""What the endpoints for conversations and for plain text share: waiting, going away, and what became of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from nightschool.drive.service import Over
from nightschool.items import Draw
from nightschool.surface.server.engine import Event, Failed, Ticket, first_of
from nightschool.surface.server.refusal import Refusal, refusal_of
from nightschool.surface.server.v1.searches import Drawing

PING_S = 15


@dataclass(frozen=True, slots=True)
class Answers:
    """What came of a request. draws: for a plain one; best: for one that thought, its answer; counts for usage."""

    over: Over
    draws: tuple[Draw, ...]
    text: str | None
    finish: str
    prompt_tokens: int


def settled(event: Over | Failed) -> Answers:
    """Return what came of a request. Raises Refusal, or what the request failed with."""
    if isinstance(event, Failed):
        raise event.error
    if event.fault is not None:
        raise event.fault
    trace = event.trace
    if isinstance(event.state, Drawing):
        draws = tuple(draw for draw in event.state.draws if draw is not None)
        for draw in draws:
            if draw.finish == "error":
                raise _failure(draw.error or "a draw failed, and the model did not say why")
        return Answers(event, draws, None, "stop", event.state.prompt_tokens)
    best = trace.best
    if best is None and trace.stopped == "error":
        raise _failure(trace.errors[0])
    cut = best is None or best.finish in ("length", "cancelled")
    text = best.answer if best is not None else ""
    return Answers(event, (), text, "length" if cut else "stop", trace.usage.prompt_tokens)


def _failure(words: str) -> Refusal:
    return Refusal(502, f"the model failed: {words}", code="model_error")


async def until_gone(request: Request) -> None:
    """Return when the client went away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def begun(ticket: Ticket, request: Request) -> Event:
    """Return the first event of a stream, so that a refusal can still have its status.

    Raises what the request was refused with; Refusal where the client went away first, whose work is ended.
    """
    taken = False
    try:
        event = await first_of(ticket.next(), until_gone(request))
        if event is None:
            raise Refusal(499, "the client went away", code="client_gone")
        if isinstance(event, (Over, Failed)):
            settled(event)
        taken = True
        return event
    finally:
        if not taken:
            ticket.cancel()


async def wait_for(ticket: Ticket, request: Request) -> Over | Failed:
    """Return the end of a ticket; where the client goes away first, end its work. Raises Refusal then."""
    try:
        event = await first_of(ticket.over(), until_gone(request))
    finally:
        ticket.cancel()  # where it is over already this does nothing
    if event is None:
        raise Refusal(499, "the client went away", code="client_gone")
    return event


def streamed(
    chunks: AsyncIterator[dict[str, Any]], headers: dict[str, str], ended: Callable[[], None] = lambda: None
) -> Response:
    """Return `chunks` as server-sent events with [DONE] behind them; a failure is a last event with its error.

    ended: is called at the end, whether all was sent or the client went away.
    """

    async def events() -> AsyncIterator[dict[str, str]]:
        try:
            async for chunk in chunks:
                yield {"data": dumped(chunk)}
            yield {"data": "[DONE]"}
        except Exception as error:
            yield {"data": dumped(refusal_of(error).body())}
        finally:
            ended()

    return EventSourceResponse(events(), headers=headers, ping=PING_S, sep="\n")


def dumped(data: Any) -> str:
    """Return `data` as JSON; a lone surrogate, which a model's bytes can become, stays an escape."""
    return json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


class Plain(JSONResponse):
    """A response in JSON, every character escaped that is not ASCII."""

    def render(self, content: Any) -> bytes:
        """Return the bytes of the body."""
        return dumped(content).encode()
