"""A model that does not do twice what it did before: it looks its draws up in a cache, and keeps the port `Model`.

A reply has the usage that it had when it was made, so that the same budget gives the same trace. From a logbook it also
comes in the step that it came in: until the record is at its end, what is to be made anew waits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from nightschool.asks import Hidden, ModelAsk, ModelReply, Progress, Propose, Proposed, Refused, Weighed
from nightschool.drive.cache import Cache, Made
from nightschool.drive.keys import draw_key, reply_key
from nightschool.drive.logbook import Logbook
from nightschool.errors import MissingDependency, ModelError, Unsupported, UsageError
from nightschool.items import Adapter, Draw, Segment, Usage
from nightschool.ports import Model, Requesting, Requests


@dataclass(slots=True, eq=False)
class _Whole:
    """An ask of which some draws are made anew.

    keys: of its draws, by number; parts: asks in flight for it; sampled: tokens of each draw; note: of how they were
    made.
    """

    ask: Propose
    keys: dict[int, str]
    made: dict[int, Made]
    parts: dict[str, Propose] = field(default_factory=dict)
    sampled: dict[int, int] = field(default_factory=dict)
    note: str = ""


class Remembering:
    """`model` with `cache` before it."""

    def __init__(self, model: Model, cache: Cache | Logbook) -> None:
        self.model, self.cache = model, cache
        self.name, self.identity = model.name, model.identity
        self.abilities, self.context_tokens = model.abilities, model.context_tokens
        # the same weights computed in other numbers give other draws
        self._named = model.identity + getattr(model, "numerics", "")
        self._wholes: dict[str, _Whole] = {}  # by the id of a part
        self._keys: dict[str, str] = {}  # of what is weighed and read, by the id of the ask
        self._ready: list[tuple[int, ModelReply]] = []  # with the step in which it is due
        self._held: dict[str, ModelAsk] = {}  # what waits for the end of the record, by id

    def submit(self, asks: Sequence[ModelAsk]) -> None:
        """Take asks in; what is not in the cache is passed on. Raises what the model raises, taking none in."""
        passed_on: list[ModelAsk] = []
        wholes: list[_Whole] = []
        known: list[tuple[int, ModelReply]] = []
        keys: dict[str, str] = {}
        used: list[str] = []
        for ask in asks:
            if isinstance(ask, Propose):
                whole = self._look_up(ask)
                wholes.append(whole)
                passed_on += whole.parts.values()
                continue
            key = reply_key(self._named, ask)
            if (reply := self.cache.reply(key, ask.id)) is not None:
                known.append((self.cache.when(key), reply))
                used.append(key)
            else:
                keys[ask.id] = key
                passed_on.append(ask)
        if self.cache.step < self.cache.recorded:
            self._held |= {ask.id: ask for ask in passed_on}
        elif passed_on:
            self.model.submit(passed_on)
            self.cache.live()
        self._ready += known
        self._keys |= keys
        for whole in wholes:
            self._wholes.update(dict.fromkeys(whole.parts, whole))
            if not whole.parts:
                self._ready.append((max(map(self.cache.when, whole.keys.values()), default=0), _reply(whole)))
            used += [whole.keys[number] for number in whole.made]
        self.cache.use(used)

    def _look_up(self, ask: Propose) -> _Whole:
        numbers = range(ask.first_draw, ask.first_draw + ask.n)
        keys = {number: draw_key(self._named, ask, number) for number in numbers}
        found = {number: self.cache.find(key) for number, key in keys.items()}
        whole = _Whole(ask, keys, {number: made for number, made in found.items() if made is not None})
        missing = [number for number, made in found.items() if made is None]
        begun = {number: self.cache.begun(keys[number])[: ask.sampling.max_tokens - 1] for number in missing}
        fresh = [number for number in missing if not begun[number]]
        for number in (number for number in missing if begun[number]):
            self._part(whole, replace(ask, first_draw=number, n=1, begun=begun[number]))
            whole.sampled[number] = len(begun[number])
        for first, count in _runs(fresh):
            self._part(whole, replace(ask, first_draw=first, n=count))
        return whole

    @staticmethod
    def _part(whole: _Whole, ask: Propose) -> None:
        part = replace(ask, id=f"{ask.id}~{ask.first_draw}")
        whole.parts[part.id] = part

    def step(self) -> Progress:
        """Return what was found and is due, and what one step of the model brings."""
        self.cache.advance()
        now = self.cache.step
        due = [reply for step, reply in self._ready if step <= now]
        replies: list[ModelReply] = [] if now <= self.cache.recorded else self._release()
        try:
            progress = self.model.step()
        except BaseException:
            self._ready += [(0, reply) for reply in replies]
            raise
        self._ready = [(step, reply) for step, reply in self._ready if step > now]
        replies = due + replies
        deltas = []
        news: list[tuple[str, tuple[int, float]]] = []
        for delta in progress.deltas:
            whole = self._wholes.get(delta.id)
            if whole is not None:
                news += [(whole.keys[delta.draw], token) for token in delta.sampled]
                whole.sampled[delta.draw] = whole.sampled.get(delta.draw, 0) + delta.tokens
                delta = replace(delta, id=whole.ask.id)
            deltas.append(delta)
        self.cache.note(news)
        for reply in progress.replies:
            whole = self._wholes.pop(reply.id, None)
            if whole is None:
                key = self._keys.pop(reply.id, None)
                if key is not None and isinstance(reply, (Weighed, Hidden)):
                    self.cache.keep_reply(key, reply)
                replies.append(reply)
            elif isinstance(reply, (Proposed, Refused)):
                self._take_in(whole, reply)
                if not whole.parts:
                    replies.append(_reply(whole))
        return Progress(tuple(replies), tuple(deltas))

    def _release(self) -> list[ModelReply]:
        """Pass on what was held; return refusals of what the model will not have."""
        held, self._held = list(self._held.values()), {}
        refused: list[ModelReply] = []
        if not held:
            return refused
        self.cache.live()
        try:
            self.model.submit(held)
        except (ModelError, Unsupported, UsageError, MissingDependency) as first:
            for ask in held:
                try:
                    self.model.submit([ask])
                except type(first) as error:
                    refused.append(Refused(ask.id, str(error), "error"))
        return [reply for one in refused for reply in self._refused(one)]

    def _refused(self, reply: ModelReply) -> list[ModelReply]:
        whole = self._wholes.pop(reply.id, None)
        if whole is None or not isinstance(reply, Refused):
            self._keys.pop(reply.id, None)
            return [reply]
        self._take_in(whole, reply)
        return [] if whole.parts else [_reply(whole)]

    def _take_in(self, whole: _Whole, reply: Proposed | Refused) -> None:
        part = whole.parts.pop(reply.id)
        numbers = range(part.first_draw, part.first_draw + part.n)
        if isinstance(reply, Refused):
            failed = Draw(Segment(""), "error", reply.reason) if reply.by == "error" else Draw(Segment(""), "cancelled")
            draws: Sequence[Draw] = [failed] * part.n
            prompt_tokens = 0
        else:
            draws, prompt_tokens = reply.draws, reply.usage.prompt_tokens
            whole.note = whole.note or reply.note
        made = {}
        for number, draw in zip(numbers, draws, strict=True):
            spoken = len(draw.segment.tokens or ())
            made[number] = Made(draw, max(whole.sampled.get(number, 0), spoken), prompt_tokens)
        whole.made |= made
        self.cache.keep({whole.keys[number]: one for number, one in made.items()})

    def cancel(self, ids: Sequence[str]) -> None:
        """End these asks; the next steps reply with what they have."""
        wanted = set(ids)
        parts = [id for id, whole in self._wholes.items() if whole.ask.id in wanted]
        whole_ids = {whole.ask.id for whole in self._wholes.values()}
        held = [self._held.pop(id) for id in (*parts, *ids) if id in self._held]
        if held:  # the model, which has not seen them, says what was sampled of them
            self.model.submit(held)
        self.model.cancel([*parts, *(id for id in ids if id not in whole_ids)])

    def requests(self, ask: ModelAsk) -> Requests:
        """Return what the model makes of `ask`, where nothing of it is known."""
        return self.model.requests(ask) if isinstance(self.model, Requesting) else Requests()

    def load_adapter(self, adapter: Adapter) -> None:
        """Pass the adapter on. Raises Unsupported."""
        self.model.load_adapter(adapter)

    def count_tokens(self, text: str) -> int:
        """Return what the model counts."""
        return self.model.count_tokens(text)

    def close(self) -> None:
        """Close the model; the cache is its owner's."""
        self.model.close()


def _reply(whole: _Whole) -> Proposed:
    """Return the draws in order, with the usage that they had when they were made."""
    made = [whole.made[number] for number in sorted(whole.made)]
    usage = Usage(
        prompt_tokens=max(one.prompt_tokens for one in made), sampled_tokens=sum(one.sampled for one in made), calls=1
    )
    return Proposed(whole.ask.id, tuple(one.draw for one in made), usage, whole.note)


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield (first, count) of each unbroken run."""
    start = 0
    for end in range(1, len(numbers) + 1):
        if end == len(numbers) or numbers[end] != numbers[end - 1] + 1:
            yield numbers[start], end - start
            start = end
