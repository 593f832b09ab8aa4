"""A served model behind the port: requests run in the background, and a step waits for the next that comes of them."""

from __future__ import annotations

import math
import os
import queue
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from nightschool.asks import Delta, ModelAsk, ModelReply, Progress, Propose, Proposed, Read, Refused, Weigh, Weighed
from nightschool.config import Endpoint
from nightschool.errors import EndpointError, PromptTooLong, Unsupported
from nightschool.items import Adapter, Segment, Usage, digest
from nightschool.models.kinds import asked_for, unsupported
from nightschool.models.openai_http import shapes
from nightschool.models.openai_http.address import Address
from nightschool.models.openai_http.background import Background, Job
from nightschool.models.openai_http.draws import Growing
from nightschool.models.openai_http.listing import likeliest, listed
from nightschool.models.openai_http.probe import Found, probe
from nightschool.models.openai_http.wire import Wire
from nightschool.ports import Ability, Requests, Watcher

_WAIT_S = 0.1
"""How long a step waits for news: short enough that budgets of seconds and interrupts are met."""


@dataclass(slots=True)
class _Request:
    """One request of an ask. numbers: of its draws or continuations; told: the server's own counts."""

    id: str
    numbers: Sequence[int]
    job: Job | None = None
    done: bool = False
    told: shapes.Counts = shapes.NOTHING
    reply: shapes.Echo | None = None


@dataclass(slots=True)
class _Running:
    """An ask in flight, with its draws and requests."""

    ask: Propose | Weigh
    draws: dict[int, Growing] = field(default_factory=dict)
    requests: list[_Request] = field(default_factory=list)
    failed: str | None = None
    listed: Sequence[tuple[str, float]] = ()  # the likeliest next tokens, where they alone were asked for


_News = tuple[_Request, Mapping[str, Any] | EndpointError | None]
"""A chunk, a failure, or the end of a request."""


class HttpModel:
    """The model behind `URL#MODEL`.

    What it can do is found out when first needed, by listing the server's models and one request of a few tokens.
    Log-probabilities and token counts are taken from what came, not from what the server says that it sent.
    `Usage.prompt_tokens` has the prompt once for each request, as it is billed.
    """

    def __init__(
        self,
        address: Address,
        settings: Endpoint,
        watch: Watcher,
        *,
        name: str,
        key: str | None,
        also: frozenset[Ability] = frozenset(),
    ) -> None:
        """Speak to the model at `address`. also: what this server can do beside what the protocol has."""
        self.name, self.address, self.settings = name, address, settings
        self.identity = digest("openai", address.url, address.model)
        self._watch, self._key, self._also = watch, key, also
        self._background = Background()
        self._wire: Wire | None = None
        self._found: Found | None = None
        self._running: dict[str, _Running] = {}
        self._replies: list[ModelReply] = []
        self._news: queue.SimpleQueue[_News] = queue.SimpleQueue()

    @classmethod
    def at(cls, address: str, settings: Endpoint, watch: Watcher, *, name: str) -> HttpModel:
        """Return the model at `URL#MODEL`; the key is in the environment variable `settings.key_variable`, if any."""
        key = os.environ.get(settings.key_variable) or None
        return cls(Address.parse(address), settings, watch, name=name, key=key)

    @property
    def abilities(self) -> frozenset[Ability]:
        """Return what this server can do. Raises EndpointError where none answers."""
        found = self._probed().abilities | self._also
        assert self._wire is not None
        dropped = self._wire.dropped
        if dropped & {"logprobs", "top_logprobs"}:
            found -= {Ability.NEXT}
        return found - {Ability.LOGPS} if "logprobs" in dropped else found

    @property
    def context_tokens(self) -> int:
        """Return the longest prompt and answer together, as the server says."""
        return self._probed().context_tokens

    def _probed(self) -> Found:
        if self._found is None:
            self._found = self._background.run(self._probe())
        return self._found

    async def _probe(self) -> Found:
        if self._wire is None:
            self._wire = Wire(self.address, self.settings, self._key, self._watch.say)
        return await probe(self._wire)

    def submit(self, asks: Sequence[ModelAsk]) -> None:
        """Send asks off. Raises Unsupported, PromptTooLong and EndpointError, sending none."""
        taken: dict[str, _Running] = {}
        for ask in asks:
            if ask.id in self._running or ask.id in taken:
                raise ValueError(f"an ask with id {ask.id!r} is in flight already")
            taken[ask.id] = _Running(self._admitted(ask))
        for id, running in taken.items():
            self._running[id] = running
            self._send(running)

    def _admitted(self, ask: ModelAsk) -> Propose | Weigh:
        needed = {asked_for(ask), Ability.CHAT if ask.prefix.prompt.text is None else Ability.DOCUMENT}
        if ask.adapter is not None:
            needed.add(Ability.ADAPTERS)
        if isinstance(ask, Propose) and ask.sampling.json_schema is not None:
            needed.add(Ability.SCHEMA)
        if missing := needed - self.abilities:
            raise unsupported(self.name, missing, "as this server answered")
        assert not isinstance(ask, Read)
        if isinstance(ask, Propose) and ask.sampling.json_schema is not None and ask.prefix.text:
            raise Unsupported(
                f"{self.name} begins a JSON schema anew behind what is written of an answer, and does not go on in it; "
                "draw whole answers (best-of-n, vote), or name a local model"
            )
        if isinstance(ask, Weigh) and ask.tops and ask.continuations:
            raise Unsupported(f"{self.name} tells no other likely tokens by their ids; a local model does")
        if isinstance(ask, Weigh) and ask.prefix.prompt.text is None and not ask.next_alone:
            raise Unsupported(
                f"{self.name} weighs documents only, as its chat template stays with the server; a local model weighs "
                "conversations too"
            )
        longest = ask.sampling.max_tokens if isinstance(ask, Propose) else 0
        # hardly a text has fewer tokens than this, so that none is refused here which the server would take
        fewest = len(str(ask.prefix.prompt) + ask.prefix.text) // 8
        if fewest + longest > self.context_tokens:
            raise PromptTooLong(
                f"a prompt of at least {fewest} tokens and {longest} more do not fit the {self.context_tokens} tokens "
                f"of {self.name}; shorten the prompt or ask for fewer tokens"
            )
        return ask

    def _send(self, running: _Running) -> None:
        ask, model, wire = running.ask, self._probed().model, self._wire
        assert wire is not None
        if isinstance(ask, Weigh) and ask.next_alone:
            running.requests.append(request := _Request(ask.id, []))
            request.job = self._background.start(self._tell(request, partial(likeliest, wire, model, ask)))
            return
        if isinstance(ask, Weigh):
            before = shapes.document(ask.prefix)
            for number, continuation in enumerate(ask.continuations):
                request = _Request(ask.id, [number])
                running.requests.append(request)
                body = shapes.weigh_body(before + continuation.text, model)
                request.job = self._background.start(self._tell(request, partial(wire.post, shapes.COMPLETIONS, body)))
            if not ask.continuations:
                self._finish(running)
            return
        numbers = range(ask.first_draw, ask.first_draw + ask.n)
        running.draws = {number: Growing(ask.sampling) for number in numbers}
        for at in range(0, ask.n, self.settings.draws_per_request):
            request = _Request(ask.id, numbers[at : at + self.settings.draws_per_request])
            running.requests.append(request)
            body = shapes.propose_body(ask, request.numbers, model)
            request.job = self._background.start(self._stream(request, shapes.path_of(ask.prefix), body))

    async def _stream(self, request: _Request, path: str, body: Mapping[str, Any]) -> None:
        assert self._wire is not None
        try:
            async with self._wire.stream(path, body) as chunks:
                async for chunk in chunks:
                    self._news.put((request, chunk))
        except EndpointError as error:
            hint = (
                "; it does not continue an assistant's message: pose this as a document"
                if _refuses(body, error)
                else ""
            )
            self._news.put((request, EndpointError(f"{error}{hint}")))
        except Exception as error:  # nobody waits for this task: what is not told here would hang its ask for ever
            self._news.put((request, EndpointError(f"{type(error).__name__}: {error}")))
        self._news.put((request, None))

    async def _tell(self, request: _Request, post: Callable[[], Awaitable[Any]]) -> None:
        """Do what is one reply, and tell of it, or how it failed."""
        try:
            self._news.put((request, await post()))
        except EndpointError as error:
            self._news.put((request, error))
        except Exception as error:  # as above
            self._news.put((request, EndpointError(f"{type(error).__name__}: {error}")))
        self._news.put((request, None))

    def step(self) -> Progress:
        """Wait a little for the next piece of any answer, and tell of all that has come."""
        deltas: list[Delta] = []
        wait = bool(self._running) and not self._replies
        while True:
            try:
                request, news = self._news.get(block=wait, timeout=_WAIT_S if wait else None)
            except queue.Empty:
                break
            wait = False
            running = self._running.get(request.id)
            if running is not None and not request.done and any(request is known for known in running.requests):
                self._take(running, request, news, deltas)
        replies, self._replies = tuple(self._replies), []
        return Progress(replies, tuple(deltas))

    def _take(
        self, running: _Running, request: _Request, news: Mapping[str, Any] | EndpointError | None, deltas: list[Delta]
    ) -> None:
        draws = [running.draws[number] for number in request.numbers] if running.draws else []
        try:
            if isinstance(news, EndpointError):
                raise news
            if news is not None:
                request.told = shapes.counts(news) or request.told
                if isinstance(running.ask, Weigh) and running.ask.next_alone:
                    running.listed = listed(news)[: running.ask.tops]
                elif isinstance(running.ask, Weigh):
                    [number] = request.numbers
                    before = shapes.document(running.ask.prefix)
                    request.reply = shapes.echo(news, before, running.ask.continuations[number].text)
                else:
                    self._grow(running, request, news, deltas)
        except EndpointError as error:
            running.failed = running.failed or str(error)
            for draw in draws:
                draw.fail(str(error))
        if news is None:
            for draw in draws:
                draw.fail(f"{self.address.url} ended the answer before it was finished")
        over = news is None or (bool(draws) and self._settled(request, draws))
        if over:
            self._end(request)
        if all(known.done for known in running.requests):
            self._finish(running)

    def _settled(self, request: _Request, draws: Sequence[Growing]) -> bool:
        """Return whether nothing more is needed: a server's counts come after a natural end, and are waited for."""
        ended_here = [draw.finish in ("stop", "error") for draw in draws]
        return all(ended_here) or (all(draw.finish for draw in draws) and request.told.sampled > 0)

    def _grow(self, running: _Running, request: _Request, chunk: Mapping[str, Any], deltas: list[Delta]) -> None:
        for piece in shapes.pieces(chunk):
            if not 0 <= piece.place < len(request.numbers):
                raise EndpointError(f"{self.address.url} sent draw {piece.place} of {len(request.numbers)}")
            number = request.numbers[piece.place]
            draw = running.draws[number]
            sampled = draw.take(piece)
            text = draw.news()
            if sampled or text:
                deltas.append(Delta(running.ask.id, number, text, sampled))

    def _end(self, request: _Request) -> None:
        request.done = True
        if request.job is not None:
            request.job.cancel()  # closes the connection where the server would go on

    def _finish(self, running: _Running) -> None:
        ask = running.ask
        self._running.pop(ask.id, None)
        if isinstance(ask, Propose):
            draws = [running.draws[number] for number in sorted(running.draws)]
            if running.failed and all(draw.finish == "error" and not draw.text for draw in draws):
                self._replies.append(Refused(ask.id, running.failed, "error"))
                return
            logps = Ability.LOGPS in self.abilities
            self._replies.append(Proposed(ask.id, tuple(draw.draw(logps) for draw in draws), self._usage(running)))
            return
        if running.failed:
            self._replies.append(Refused(ask.id, running.failed, "error"))
            return
        if ask.next_alone:
            listed = tuple(Segment(text, None, (logp,)) for text, logp in running.listed)
            places = tuple((place,) for place in range(len(listed)))
            self._replies.append(Weighed(ask.id, listed, places, self._usage(running)))
            return
        echoes = [request.reply for request in running.requests if request.reply is not None]
        segments = zip(ask.continuations, echoes, strict=True)
        weighed = tuple(Segment(segment.text, None, echo.logps) for segment, echo in segments)
        ranks = tuple(echo.ranks for echo in echoes)
        self._replies.append(Weighed(ask.id, weighed, ranks, self._usage(running), ranks_to=shapes.TOP))

    def _usage(self, running: _Running) -> Usage:
        ask = running.ask
        guess = self.count_tokens(str(ask.prefix.prompt) + ask.prefix.text)
        weighed = sum(len(request.reply.logps) for request in running.requests if request.reply)
        prompts = sampled = 0
        for request in running.requests:
            counted = sum(running.draws[number].sampled for number in request.numbers) if running.draws else 1
            most = len(request.numbers) * (ask.sampling.max_tokens + 1) if isinstance(ask, Propose) else 1
            sampled += max(counted, request.told.sampled if request.told.sampled <= most else 0)
            prompts += request.told.prompt or guess
        return Usage(max(prompts - weighed, 0), sampled, weighed, calls=1)

    def cancel(self, ids: Sequence[str]) -> None:
        """End these asks and close their connections; the next step replies with what they have."""
        for id in ids:
            running = self._running.get(id)
            if running is None:
                continue
            for request in running.requests:
                self._end(request)
            if isinstance(running.ask, Weigh):
                del self._running[id]
                self._replies.append(Refused(id, "cancelled", "cancelled"))
            else:
                self._finish(running)

    def requests(self, ask: ModelAsk) -> Requests:
        """Return how many requests `ask` becomes, and the token that each samples where it is to weigh."""
        if isinstance(ask, Propose):
            return Requests(math.ceil(ask.n / self.settings.draws_per_request))
        count = len(ask.continuations) if isinstance(ask, Weigh) and not ask.next_alone else 1
        return Requests(count, count)

    def load_adapter(self, adapter: Adapter) -> None:
        """Raise Unsupported: a server loads its adapters itself."""
        raise unsupported(self.name, {Ability.ADAPTERS}, "a server loads its adapters when it starts")

    def apart(self) -> tuple[Wire, str]:
        """Return a wire to the same server for another event loop, to be closed there, and the model's name there."""
        return Wire(self.address, self.settings, self._key, self._watch.say), self._probed().model

    def count_tokens(self, text: str) -> int:
        """Return an estimate, as the tokenizer is elsewhere: one token for every three bytes."""
        return math.ceil(len(text.encode("utf-8", "surrogatepass")) / 3)

    def close(self) -> None:
        """Close all connections and end the background thread."""
        wire, self._wire, self._found = self._wire, None, None
        self._background.close(wire.close() if wire is not None else None)
        self._running.clear()


def _refuses(body: Mapping[str, Any], error: EndpointError) -> bool:
    return any(field in body and field in str(error) for field in shapes.CONTINUE)
