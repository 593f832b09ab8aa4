"""POST /v1/chat/completions: a conversation goes on, at once or after thinking.

A stream is, for each choice, a chunk with the role, chunks of text, and a chunk with the finish reason; then, where it
was asked for, one chunk without choices that has the usage; then [DONE]. Thoughts come as `reasoning` and
`reasoning_content`, before the answer.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response

from nightschool.drive.service import Heard, Over
from nightschool.items import Message, Prompt
from nightschool.models.openai_http.shapes import CHAT
from nightschool.surface.server.answering import Answers, Plain, begun, settled, streamed, wait_for
from nightschool.surface.server.engine import Changed, Event, Failed, Ticket
from nightschool.surface.server.minds import Meant
from nightschool.surface.server.refusal import Refusal
from nightschool.surface.server.served import Served, seen, served_of
from nightschool.surface.server.v1 import telling
from nightschool.surface.server.v1.ask import Wish, job_of
from nightschool.surface.server.v1.perceiving import Perceived, perceive
from nightschool.surface.server.v1.relay import relayed
from nightschool.surface.server.v1.shapes import (
    chat_logprobs,
    finish_of,
    spent,
    thought_data,
    thought_line,
    usage,
)
from nightschool.surface.server.wire import ChatRequest, ignored, read, refuse_contradictions

_ROLES: dict[str, Literal["system", "user", "assistant"]] = {
    "system": "system", "developer": "system", "user": "user", "assistant": "assistant",
}  # fmt: skip


async def chat(request: Request) -> Response:
    """Answer a conversation."""
    served = served_of(request)
    asked = read(ChatRequest, await request.body())
    refuse_contradictions(asked)
    if asked.top_logprobs and not asked.logprobs:
        raise Refusal(400, "top_logprobs goes with logprobs: true", code="invalid_request", param="top_logprobs")
    space = request.state.space
    meant = await served.minds.meant(asked.model, asked.nightschool, space)
    seen(request, model=asked.model)
    if (there := await relayed(asked, CHAT, meant, served, request)) is not None:
        return there
    wish = _wish(asked)
    perceived = await _perceived(asked, meant, served, wish, space)
    if perceived is not None:
        wish = replace(wish, recalled=perceived.called.memories)
    thinks = meant.file is not None or meant.strategy is not None
    if thinks and asked.logprobs:
        raise Refusal(400, "a mind that thinks tells no logprobs", code="unsupported", param="logprobs")
    make = job_of(wish, meant, served.minds, space, served.limits)
    ticket = meant.engine.ask(make, watched=thinks)
    reply = _Reply(asked, meant, served, thinks, wish.n, perceived)
    headers = ignored(asked)
    if asked.stream:
        first = await begun(ticket, request)
        return streamed(reply.chunks(ticket, first, request), headers, ticket.cancel)
    answers = settled(await wait_for(ticket, request))
    seen(request, usage=answers.over.trace.usage)
    await reply.remembered(answers)
    return Plain(await reply.whole(answers), headers=headers)


async def _perceived(asked: ChatRequest, meant: Meant, served: Served, wish: Wish, space: str) -> Perceived | None:
    """Return what the last message calls up, once it is kept; None where nothing is to be remembered."""
    extension = asked.nightschool
    if extension is None or not extension.memory:
        return None
    if meant.file is not None:
        raise Refusal(400, f"{meant.name} settles itself what it is shown", code="unsupported",
                      param="nightschool.memory")  # fmt: skip
    return await perceive(served.rooms, space, wish.text, extension.session, len(asked.messages) - 1)


def _wish(asked: ChatRequest) -> Wish:
    turns = tuple(Message(_ROLES[m.role], m.text()) for m in asked.messages)
    form = asked.response_format
    schema = None
    if form is not None and form.type == "json_object":
        schema = json.dumps({"type": "object"})
    elif form is not None and form.type == "json_schema":
        if form.json_schema is None or form.json_schema.schema_ is None:
            raise Refusal(400, "json_schema needs a schema", code="missing", param="response_format.json_schema.schema")
        schema = json.dumps(form.json_schema.schema_)
    return Wish(
        prompt=Prompt(turns),
        text=next((turn.content for turn in reversed(turns) if turn.role == "user"), turns[-1].content),
        n=asked.n or 1,
        max_tokens=asked.max_completion_tokens or asked.max_tokens,
        temperature=asked.temperature,
        top_p=1.0 if asked.top_p is None else max(asked.top_p, 1e-6),
        top_k=asked.top_k or 0,
        stop=asked.stops(),
        seed=asked.seed,
        schema=schema,
        extension=asked.nightschool,
        tops=asked.top_logprobs or None,
    )


@dataclass(slots=True)
class _Reply:
    """One reply on its way. said: what each choice was sent so far; told: thoughts that were shown."""

    asked: ChatRequest
    meant: Meant
    served: Served
    thinks: bool
    n: int
    perceived: Perceived | None = None
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))
    said: dict[int, str] = field(default_factory=dict)
    told: set[int] = field(default_factory=set)

    def _frame(self, kind: str, choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.asked.model,
            "system_fingerprint": f"nightschool-{self.meant.night.name if self.meant.night else 'none'}",
            "choices": choices,
            **more,
        }

    async def remembered(self, answers: Answers) -> None:
        """Keep what was answered, where this conversation is remembered: the first choice of several."""
        if self.perceived is not None:
            said = answers.text if answers.text is not None else answers.draws[0].segment.text
            await self.perceived.answered(self.served.rooms, said)

    # --- not streamed --------------------------------------------------------------------------------------------

    async def whole(self, answers: Answers) -> dict[str, Any]:
        """Return the body of a response that is not streamed."""
        choices: list[dict[str, Any]] = []
        for number, draw in enumerate(answers.draws):
            logprobs = None
            if self.asked.logprobs:
                logprobs = chat_logprobs(await telling.of_draw(self.meant, answers.over.state, number))
            message = {"role": "assistant", "content": draw.segment.text, "refusal": None}
            choices.append(
                {"index": number, "message": message, "logprobs": logprobs, "finish_reason": finish_of(draw)}
            )
        if answers.text is not None:
            thought = "".join(thought_line(t) for t in answers.over.trace.thoughts)
            message = {
                "role": "assistant", "content": answers.text, "refusal": None, "reasoning": thought,
                "reasoning_content": thought,
            }  # fmt: skip
            choices.append({"index": 0, "message": message, "logprobs": None, "finish_reason": answers.finish})
        body = self._frame("chat.completion", choices, usage=await self._usage(answers))
        if self.asked.nightschool is not None:
            body["nightschool"] = self._about(answers.over)
        return body

    async def _usage(self, answers: Answers) -> dict[str, Any]:
        used = answers.over.trace.usage
        if not self.thinks:
            return usage(answers.prompt_tokens, used.sampled_tokens)
        best = answers.over.trace.best
        segments = best.prefix.segments if best is not None else ()
        kept = sum(len(segment.tokens or ()) for segment in segments)
        return usage(answers.prompt_tokens, used.sampled_tokens, kept)

    def _about(self, over: Over) -> dict[str, Any]:
        trace = over.trace
        about: dict[str, Any] = {
            "night": self.meant.night.name if self.meant.night else None,
            "strategy": trace.strategy,
            "stopped": trace.stopped,
            "best": trace.best.id if trace.best and self.thinks else None,
            "usage": spent(trace.usage),
            "errors": list(trace.errors),
        }
        if self.perceived is not None:
            about["session"] = self.perceived.session
            about["recalled"] = self.perceived.told(trace.task.prompt)
        if self.thinks:
            about["thoughts"] = [thought_data(thought) for thought in trace.thoughts]
        return about

    # --- streamed ------------------------------------------------------------------------------------------------

    async def chunks(self, ticket: Ticket, event: Event, request: Request) -> AsyncIterator[dict[str, Any]]:
        """Yield the chunks of a stream, `event` being the first that came."""
        for number in range(self.n):
            yield self._chunk(number, {"role": "assistant", "content": ""})
        while not isinstance(event, (Over, Failed)):
            for chunk in self._news(event):
                yield chunk
            event = await ticket.next()
        answers = settled(event)
        seen(request, usage=answers.over.trace.usage)
        await self.remembered(answers)
        async for chunk in self._rest(answers):
            yield chunk
        if self.asked.stream_options is not None and self.asked.stream_options.include_usage:
            yield self._frame("chat.completion.chunk", [], usage=await self._usage(answers))

    def _news(self, event: Heard | Changed) -> list[dict[str, Any]]:
        chunks: list[dict[str, Any]] = []
        if isinstance(event, Changed):
            lines = "".join(thought_line(t, again=t.id in self.told) for t in event.thoughts)
            self.told |= {t.id for t in event.thoughts}
            about = {"thoughts": [thought_data(t) for t in event.thoughts]} if self._events else None
            chunks.append(self._chunk(0, {"reasoning": lines, "reasoning_content": lines}, nightschool=about))
        elif self.thinks:
            if self._events:
                grown = {"ask": event.ask, "draw": event.draw, "text": event.text, "tokens": event.tokens}
                chunks.append(self._chunk(0, {}, nightschool={"grown": grown}))
        elif event.text and not self.asked.logprobs:
            self.said[event.draw] = self.said.get(event.draw, "") + event.text
            chunks.append(self._chunk(event.draw, {"content": event.text}))
        return chunks

    async def _rest(self, answers: Answers) -> AsyncIterator[dict[str, Any]]:
        for number, draw in enumerate(answers.draws):
            if self.asked.logprobs:
                told = await telling.of_draw(self.meant, answers.over.state, number)
                for at, text in enumerate(told.texts):
                    logprobs = chat_logprobs(told, slice(at, at + 1))
                    yield self._chunk(number, {"content": text}, logprobs=logprobs)
                self.said[number] = "".join(told.texts)
            if rest := draw.segment.text[len(self.said.get(number, "")) :]:
                yield self._chunk(number, {"content": rest})
            about = self._about(answers.over) if self.perceived is not None and not number else None
            yield self._chunk(number, {}, finish=finish_of(draw), nightschool=about)
        if answers.text is not None:
            if answers.text:
                yield self._chunk(0, {"content": answers.text})
            about = self._about(answers.over) if self.asked.nightschool is not None else None
            yield self._chunk(0, {}, finish=answers.finish, nightschool=about)

    @property
    def _events(self) -> bool:
        return self.asked.nightschool is not None and bool(self.asked.nightschool.events)

    def _chunk(
        self,
        number: int,
        delta: dict[str, Any],
        *,
        finish: str | None = None,
        logprobs: dict[str, Any] | None = None,
        nightschool: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        choice = {"index": number, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        more: dict[str, Any] = {} if nightschool is None else {"nightschool": nightschool}
        if self.asked.stream_options is not None and self.asked.stream_options.include_usage:
            more["usage"] = None
        return self._frame("chat.completion.chunk", [choice], **more)
