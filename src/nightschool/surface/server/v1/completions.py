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

from nightschool.drive.service import Heard, Over
from nightschool.items import Draw, Prompt, Segment, Usage
from nightschool.models.openai_http.shapes import COMPLETIONS
from nightschool.surface.server.answering import Answers, Plain, begun, settled, streamed, wait_for
from nightschool.surface.server.engine import Failed, Ticket
from nightschool.surface.server.minds import Meant
from nightschool.surface.server.refusal import Refusal
from nightschool.surface.server.served import Served, seen, served_of
from nightschool.surface.server.v1 import telling
from nightschool.surface.server.v1.ask import Wish, job_of
from nightschool.surface.server.v1.relay import relayed
from nightschool.surface.server.v1.shapes import finish_of, text_logprobs, usage
from nightschool.surface.server.v1.told import Told
from nightschool.surface.server.wire import CompletionRequest, ignored, read, refuse_contradictions

_MOST_PROMPTS = 256


async def complete(request: Request) -> Response:
    """Go on with one text or several."""
    served = served_of(request)
    asked = read(CompletionRequest, await request.body())
    refuse_contradictions(asked)
    space = request.state.space
    meant = await served.minds.meant(asked.model, asked.nightschool, space)
    seen(request, model=asked.model)
    headers = ignored(asked)
    if meant.file is not None or meant.strategy is not None:
        raise Refusal(400, "minds that think answer at /v1/chat/completions", code="unsupported", param="model")
    if asked.nightschool is not None and asked.nightschool.memory:
        raise Refusal(400, "plain text has no memory; talk at /v1/chat/completions", code="unsupported",
                      param="nightschool.memory")  # fmt: skip
    if (asked.best_of or 1) > (asked.n or 1):
        raise Refusal(400, 'best_of is not supported; think instead: "model": "NAME+think(best_of=16)"',
                      code="unsupported", param="best_of")  # fmt: skip
    if (there := await relayed(asked, COMPLETIONS, meant, served, request)) is not None:
        return there
    prompts = await _prompts(asked, meant)
    if asked.stream:
        if len(prompts) > 1:
            raise Refusal(400, f"a stream has one prompt, not {len(prompts)}", code="unsupported", param="prompt")
        ticket = meant.engine.ask(job_of(_wish(asked, prompts[0]), meant, served.minds, space, served.limits))
        first = await begun(ticket, request)
        return streamed(_Reply(asked, meant).chunks(ticket, first, prompts[0], request), headers, ticket.cancel)
    return Plain(await _Reply(asked, meant).whole(prompts, served, request), headers=headers)


async def _prompts(asked: CompletionRequest, meant: Meant) -> list[Prompt]:
    """Return the prompts; those in token ids stay so, with the text that the model reads in them. Raises Refusal."""
    given = asked.prompt
    if isinstance(given, str):
        return [Prompt(text=given)]
    if not given or len(given) > _MOST_PROMPTS:
        raise Refusal(400, f"1 to {_MOST_PROMPTS} prompts, not {len(given)}", code="invalid_request", param="prompt")
    return await texts_from(given, meant, "prompt")


async def texts_from(given: list[str] | list[int] | list[list[int]], meant: Meant, param: str) -> list[Prompt]:
    """Return texts that were given as such or as token ids. Raises Refusal for ids that are none."""
    if isinstance(given[0], str):
        return [Prompt(text=str(text)) for text in given]
    ids: list[Any] = [given] if isinstance(given[0], int) else list(given)
    if not all(ids):
        raise Refusal(400, "a text without a single token", code="invalid_request", param=param)
    try:
        texts = await meant.engine.call(lambda model: [model.decode(each) for each in ids])  # type: ignore[attr-defined]
        return [Prompt(text=text, tokens=tuple(each)) for text, each in zip(texts, ids, strict=True)]
    except (AttributeError, OverflowError, ValueError, TypeError, IndexError, KeyError) as error:
        raise Refusal(
            400, f"{meant.engine.name} cannot read these token ids; send text", code="unsupported", param=param
        ) from error


def _wish(asked: CompletionRequest, prompt: Prompt) -> Wish:
    tells = asked.logprobs is not None
    return Wish(
        prompt=prompt,
        text=str(prompt),
        n=asked.n or 1,
        max_tokens=16 if asked.max_tokens is None else asked.max_tokens,
        temperature=asked.temperature,
        top_p=1.0 if asked.top_p is None else max(asked.top_p, 1e-6),
        top_k=asked.top_k or 0,
        stop=asked.stops(),
        seed=asked.seed,
        extension=asked.nightschool,
        tops=asked.logprobs,
        ended=tells,
        echo=tells and bool(asked.echo),
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

    async def whole(self, prompts: list[Prompt], served: Served, request: Request) -> dict[str, Any]:
        """Return the body of a response that is not streamed; all prompts are in work at once."""
        space, asked = request.state.space, self.asked
        tickets: list[Ticket] = []
        choices: list[dict[str, Any]] = []
        spent = Usage()
        prompt_tokens = 0
        try:
            for prompt in prompts:
                make = job_of(_wish(asked, prompt), self.meant, served.minds, space, served.limits)
                tickets.append(self.meant.engine.ask(make))
            for ticket, prompt in zip(tickets, prompts, strict=True):
                answers = settled(await wait_for(ticket, request))
                spent += answers.over.trace.usage
                prompt_tokens += answers.prompt_tokens or answers.over.trace.usage.weighed_tokens
                choices += await self._choices(answers, prompt, len(choices))
        finally:
            for ticket in tickets:
                ticket.cancel()
        seen(request, usage=spent)
        return self._frame(choices, usage=usage(prompt_tokens, spent.sampled_tokens))

    async def _choices(self, answers: Answers, prompt: Prompt, first: int = 0) -> list[dict[str, Any]]:
        """Return the choices of one prompt, numbered from `first`."""
        asked, drawing = self.asked, answers.over.state
        tells = asked.logprobs is not None
        echoed = await telling.of_prompt(self.meant, drawing) if tells and asked.echo else Told()
        choices = []
        for number in range(asked.n or 1):
            # asked for no token at all, there are as many choices as ever, each of the prompt alone
            draw = answers.draws[number] if answers.draws else Draw(Segment("", (), ()), "length")
            told = Told()
            if tells and answers.draws:
                told = await telling.of_draw(self.meant, drawing, number)
            text = (str(prompt) if asked.echo else "") + draw.segment.text
            logprobs = text_logprobs(echoed + told) if tells else None
            choices.append(
                {"index": first + number, "text": text, "logprobs": logprobs, "finish_reason": finish_of(draw)}
            )
        return choices

    async def chunks(
        self, ticket: Ticket, event: Any, prompt: Prompt, request: Request
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield the chunks of a stream, `event` being the first that came. With logprobs a choice comes as a whole."""
        said: dict[int, str] = {}
        with_usage = self.asked.stream_options is not None and bool(self.asked.stream_options.include_usage)
        more: dict[str, Any] = {"usage": None} if with_usage else {}
        tells = self.asked.logprobs is not None
        if self.asked.echo and not tells:
            for number in range(self.asked.n or 1):
                yield self._frame([_piece(number, str(prompt))], **more)
        while not isinstance(event, (Over, Failed)):
            if isinstance(event, Heard) and event.text and not tells:
                said[event.draw] = said.get(event.draw, "") + event.text
                yield self._frame([_piece(event.draw, event.text)], **more)
            event = await ticket.next()
        answers = settled(event)
        seen(request, usage=answers.over.trace.usage)
        if tells:
            for choice in await self._choices(answers, prompt):
                yield self._frame([choice], **more)
        for number, draw in enumerate(() if tells else answers.draws):
            rest = draw.segment.text[len(said.get(number, "")) :]
            yield self._frame([_piece(number, rest, finish_of(draw))], **more)
        if with_usage:
            yield self._frame([], usage=usage(answers.prompt_tokens, answers.over.trace.usage.sampled_tokens))


def _piece(number: int, text: str, finish: str | None = None) -> dict[str, Any]:
    return {"index": number, "text": text, "logprobs": None, "finish_reason": finish}
