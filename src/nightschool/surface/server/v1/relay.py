"""What only the server behind a model can follow, sent on as it came: tools, pictures, penalties, likely tokens.

Local models refuse such requests. What is relayed is neither searched nor cut by a budget of tokens: the time limit
and the queue of this server hold, and what was spent is what the other server says.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from nightschool.items import Usage
from nightschool.models.openai_http.shapes import counts
from nightschool.models.openai_http.wire import Status, Wire
from nightschool.surface.server.answering import Plain, streamed, until_gone
from nightschool.surface.server.engine import Engine, first_of
from nightschool.surface.server.minds import Meant
from nightschool.surface.server.refusal import Refusal
from nightschool.surface.server.served import Served, seen
from nightschool.surface.server.wire import ChatRequest, CompletionRequest, ignored


def beyond(asked: ChatRequest | CompletionRequest) -> str | None:
    """Return the first field that a model here cannot follow and that would change the answer; None for none."""
    for name in ("tools", "functions", "frequency_penalty", "presence_penalty", "logit_bias"):
        if getattr(asked, name, None):
            return name
    for at, message in enumerate(asked.messages if isinstance(asked, ChatRequest) else ()):
        if message.role in ("tool", "function"):
            return f"messages.{at}.role"
        if (message.model_extra or {}).get("tool_calls"):
            return f"messages.{at}.tool_calls"
        if isinstance(message.content, list) and any(part.type != "text" for part in message.content):
            return f"messages.{at}.content"
    return None


def better_there(asked: ChatRequest | CompletionRequest) -> bool:
    """Return whether an endpoint is to be asked as it is, as the ask of a search does not say all of this."""
    if isinstance(asked, ChatRequest):
        form = asked.response_format
        return bool(asked.top_logprobs) or (form is not None and form.type != "text")
    return asked.logprobs is not None or bool(asked.echo) or not isinstance(asked.prompt, (str, list))


async def relayed(
    asked: ChatRequest | CompletionRequest, path: str, meant: Meant, served: Served, request: Request
) -> Response | None:
    """Return what the server behind the model answers, None for a request that is answered here.

    path: of the endpoint there. Raises Refusal for what a model that is run here cannot follow, or a mind that thinks.
    """
    name = beyond(asked)
    thinks = meant.file is not None or meant.strategy is not None
    if name is None and (thinks or not better_there(asked)):
        return None
    extension = asked.nightschool
    kept = [
        name
        for name in ("critic", "step_critic", "budget", "memory")
        if extension is not None and getattr(extension, name)
    ]
    found = None if thinks else await served.relays.to(meant.engine)
    if found is None:
        if name is None:
            return None
        why = "a mind that thinks" if thinks else meant.engine.name
        raise Refusal(
            400,
            f"{name} is not supported by {why}: an answer that ignored it would be a wrong one; a model behind "
            "openai:URL#MODEL that answers at once is handed it as it is",
            code="unsupported",
            param=name,
        )
    if kept:
        raise Refusal(
            400, f"nightschool.{kept[0]} does not go with what is handed on to an endpoint as it is ({name or path})",
            code="unsupported", param=f"nightschool.{kept[0]}",
        )  # fmt: skip
    wire, there = found
    body = {**json.loads(await request.body()), "model": there}
    body.pop("nightschool", None)
    relay = _Relay(asked, wire, path, body, meant.engine, served.limits.seconds)
    return await relay.streamed(request) if asked.stream else await relay.plain(request)


@dataclass(slots=True)
class _Relay:
    """One request on its way there."""

    asked: ChatRequest | CompletionRequest
    wire: Wire
    path: str
    body: dict[str, Any]
    engine: Engine
    seconds: float

    async def plain(self, request: Request) -> Response:
        """Return the answer."""
        with self.engine.counted():
            try:
                async with asyncio.timeout(self.seconds):
                    reply = await first_of(self.wire.post(self.path, self.body), until_gone(request))
            except Status as error:
                raise _passed_on(error) from error
            except TimeoutError:
                raise self._late() from None
        if reply is None:
            raise Refusal(499, "the client went away", code="client_gone")
        return Plain(self._ours(reply, request), headers=self._headers())

    async def streamed(self, request: Request) -> Response:
        """Return the answer chunk by chunk, from when the first is there."""
        stack = AsyncExitStack()
        late = asyncio.get_running_loop().time() + self.seconds
        try:
            stack.enter_context(self.engine.counted())
            async with asyncio.timeout_at(late):
                chunks = await stack.enter_async_context(self.wire.stream(self.path, self.body))
                first = await first_of(_next(chunks), until_gone(request))
            if first is None:
                raise Refusal(499, "the client went away", code="client_gone")
        except BaseException as error:
            await stack.aclose()
            if isinstance(error, Status):
                raise _passed_on(error) from error
            if isinstance(error, TimeoutError):
                raise self._late() from None
            raise

        async def all_of_it() -> AsyncIterator[dict[str, Any]]:
            async with stack:
                chunk = first
                while chunk:
                    yield self._ours(chunk, request)
                    try:
                        async with asyncio.timeout_at(late):
                            chunk = await _next(chunks)
                    except TimeoutError:
                        raise self._late() from None

        return streamed(all_of_it(), self._headers())

    def _ours(self, reply: dict[str, Any], request: Request) -> dict[str, Any]:
        told = counts(reply)
        if told is not None:
            seen(request, usage=Usage(told.prompt, told.sampled, calls=1))
        return {**reply, "model": self.asked.model}

    def _headers(self) -> dict[str, str]:
        """Return what names the fields that the other server did not take: unknown ones are its to judge."""
        left_out = sorted(self.wire.dropped & self.body.keys())
        return ignored(self.asked, left_out) if left_out else {}

    def _late(self) -> Refusal:
        return Refusal(504, f"{self.wire.address.host} did not answer within {self.seconds:g} s", code="timeout")


async def _next(chunks: AsyncIterator[dict[str, Any]]) -> dict[str, Any]:
    """Return the next chunk, an empty one at the end."""
    return await anext(chunks, {})


def _passed_on(error: Status) -> Refusal:
    """Return a server's own refusal as one of ours: what was wrong with the request is told as it told it."""
    if error.status == 429:
        wait = max(1, round(error.wait_s or 1))
        return Refusal(429, error.message, code="endpoint_busy", headers={"Retry-After": str(wait)})
    if error.status in (400, 404, 413, 422):
        return Refusal(400, error.message, code="endpoint_refused")
    return Refusal(502, str(error), code="endpoint_error")
