"""POST /v1/completions: plain text goes on; with `echo` its own log-probabilities are told.

Streams are as in `chat`, but for the role, which plain text has not.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from nightschool.asks import Refused, Weighed
from nightschool.drive.service import Heard, Over
from nightschool.items import Draw, Prompt, Usage
from nightschool.surface.server.answering import Answers, Plain, begun, settled, streamed, wait_for
from nightschool.surface.server.ask import Wish, job_of, texts_of
from nightschool.surface.server.chat import told_tokens
from nightschool.surface.server.engine import Failed, Ticket
from nightschool.surface.server.minds import Meant
from nightschool.surface.server.refusal import Refusal
from nightschool.surface.server.served import Served, seen, served_of
from nightschool.surface.server.shapes import finish_of, pieces, text_logprobs, usage
from nightschool.surface.server.wire import CompletionRequest, ignored, read, refuse_unfollowed

_MOST_PROMPTS = 256


async def complete(request: Request) -> Response:
    """Go on with one text or several."""
    served = served_of(request)
    asked = read(CompletionRequest, await request.body())
    refuse_unfollowed(asked)
    space = request.state.space
    meant = await served.minds.meant(asked.model, asked.nightschool, space)
    seen(request, model=asked.model)
    headers = ignored(asked)
    if meant.file is not None or meant.strategy is not None:
        raise Refusal(400, "minds that think answer at /v1/chat/completions", code="unsupported", param="model")
    if (asked.best_of or 1) > (asked.n or 1):
        raise Refusal(400, 'best_of is not supported; think instead: "model": "NAME+think(best_of=16)"',
                      code="unsupported", param="best_of")  # fmt: skip
    prompts = await _prompts(asked, meant)
    if asked.stream:
        if len(prompts) > 1 or asked.echo or asked.logprobs is not None:
            raise Refusal(400, "a stream has one prompt, no echo and no logprobs", code="unsupported", param="stream")
        ticket = meant.engine.ask(job_of(_wish(asked, prompts[0]), meant, served.minds, space, served.limits))
        first = await begun(ticket, request)
        return streamed(ticket, _Reply(asked, meant).chunks(ticket, first, request), headers)
    return Plain(await _Reply(asked, meant).whole(prompts, served, request), headers=headers)


async def _prompts(asked: CompletionRequest, meant: Meant) -> list[str]:
    """Return the prompts as texts; token ids are read by the model. Raises Refusal."""
    given = asked.prompt
    if isinstance(given, str):
        return [given]
    if not given or len(given) > _MOST_PROMPTS:
        raise Refusal(400, f"1 to {_MOST_PROMPTS} prompts, not {len(given)}", code="invalid_request", param="prompt")
    return await texts_from(given, meant, "prompt")


async def texts_from(given: list[str] | list[int] | list[list[int]], meant: Meant, param: str) -> list[str]:
    """Return texts that were given as such or as token ids. Raises Refusal for ids that are none."""
    if isinstance(given[0], str):
        return [str(text) for text in given]
    ids: list[Any] = [given] if isinstance(given[0], int) else list(given)
    try:
        return await meant.engine.call(lambda model: [model.decode(each) for each in ids])  # type: ignore[attr-defined]
    except (AttributeError, OverflowError, ValueError, TypeError, IndexError, KeyError) as error:
        raise Refusal(
            400, f"{meant.engine.name} cannot read these token ids; send text", code="unsupported", param=param
        ) from error


def _wish(asked: CompletionRequest, prompt: str) -> Wish:
    return Wish(
        prompt=Prompt(text=prompt),
        text=prompt,
        n=asked.n or 1,
        max_tokens=16 if asked.max_tokens is None else asked.max_tokens,
        temperature=asked.temperature,
        top_p=1.0 if asked.top_p is None else max(asked.top_p, 1e-6),
        top_k=asked.top_k or 0,
        stop=asked.stops(),
        seed=asked.seed,
        extension=asked.nightschool,
    )


@dataclass(slots=True)
class _Reply:
    """One reply on its way."""

    asked: CompletionRequest
    meant: Meant
    id: str = field(default_factory=lambda: f"cmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def _frame(self, choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "text_completion",
            "created": self.created,
            "model": self.asked.model,
            "choices": choices,
            **more,
        }

    async def whole(self, prompts: list[str], served: Served, request: Request) -> dict[str, Any]:
        """Return the body of a response that is not streamed; all prompts are in work at once."""
        space, asked = request.state.space, self.asked
        echoed = await self._echo(prompts, served, request) if asked.echo else None
        tickets: list[Ticket] = []
        choices: list[dict[str, Any]] = []
        spent = Usage() if echoed is None else echoed.over.trace.usage
        prompt_tokens = 0
        try:
            for prompt in prompts:
                make = job_of(_wish(asked, prompt), self.meant, served.minds, space, served.limits)
                tickets.append(self.meant.engine.ask(make))
            for at, ticket in enumerate(tickets):
                answers = settled(await wait_for(ticket, request))
                spent += answers.over.trace.usage
                prompt_tokens += answers.prompt_tokens
                for draw in answers.draws:
                    choices.append(await self._choice(len(choices), draw, at, prompts[at], echoed))
        finally:
            for ticket in tickets:
                ticket.cancel()
        seen(request, usage=spent)
        return self._frame(choices, usage=usage(prompt_tokens, spent.sampled_tokens))

    async def _echo(self, prompts: list[str], served: Served, request: Request) -> Answers | None:
        """Return the weights of the prompts themselves, None where nobody asked for log-probabilities."""
        if self.asked.logprobs is None:
            return None
        make = texts_of(
            tuple(prompts), self.meant, served.minds, request.state.space, served.limits, weigh=True
        )  # fmt: skip
        return settled(await wait_for(self.meant.engine.ask(make), request))

    async def _choice(self, number: int, draw: Draw, at: int, prompt: str, echoed: Answers | None) -> dict[str, Any]:
        text = (prompt if self.asked.echo else "") + draw.segment.text
        logprobs = None
        if self.asked.logprobs is not None:
            texts, logps = await told_tokens(self.meant, draw)
            known: list[float | None] = list(logps)
            if echoed is not None:
                before, weights = await self._weights(at, echoed)
                texts, known = before + texts, [*weights, *known]
            logprobs = text_logprobs(texts, known, 0 if echoed is not None or not self.asked.echo else len(prompt))
        return {"index": number, "text": text, "logprobs": logprobs, "finish_reason": finish_of(draw)}

    async def _weights(self, at: int, echoed: Answers) -> tuple[list[str], list[float | None]]:
        replies = {reply.id: reply for reply in echoed.over.state.replies}
        reply = replies[f"text-{at}"]
        if isinstance(reply, Refused):
            raise Refusal(502, f"the model failed: {reply.reason}", code="model_error")
        assert isinstance(reply, Weighed)
        [segment] = reply.segments
        texts = await self.meant.engine.call(lambda model: pieces(getattr(model, "decode", None), segment))
        # as others have it, the first token has no log-probability: nothing was in front of it
        return texts, [None, *(segment.logps or ())[1:]] if texts else []

    async def chunks(self, ticket: Ticket, event: Any, request: Request) -> AsyncIterator[dict[str, Any]]:
        """Yield the chunks of a stream, `event` being the first that came."""
        said: dict[int, str] = {}
        with_usage = self.asked.stream_options is not None and bool(self.asked.stream_options.include_usage)
        more: dict[str, Any] = {"usage": None} if with_usage else {}
        while not isinstance(event, (Over, Failed)):
            if isinstance(event, Heard) and event.text:
                said[event.draw] = said.get(event.draw, "") + event.text
                yield self._frame([_piece(event.draw, event.text)], **more)
            event = await ticket.next()
        answers = settled(event)
        seen(request, usage=answers.over.trace.usage)
        for number, draw in enumerate(answers.draws):
            rest = draw.segment.text[len(said.get(number, "")) :]
            yield self._frame([_piece(number, rest, finish_of(draw))], **more)
        if with_usage:
            yield self._frame([], usage=usage(answers.prompt_tokens, answers.over.trace.usage.sampled_tokens))


def _piece(number: int, text: str, finish: str | None = None) -> dict[str, Any]:
    return {"index": number, "text": text, "logprobs": None, "finish_reason": finish}
