"""A model that says what it was told to say: exact probabilities, exact draws, no weights.

One token is one character, unless a rule gives longer tokens. Steps, deltas, cancellation, budgets and errors are those
of a real model; a draw depends on its noise and its position alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from nightschool.asks import (
    Delta,
    Hidden,
    ModelAsk,
    ModelReply,
    Progress,
    Propose,
    Proposed,
    Read,
    Refused,
    Weigh,
    Weighed,
)
from nightschool.errors import ModelError, NotANumber, PromptTooLong, UnknownName, Unsupported
from nightschool.items import Adapter, Draw, Finish, Prefix, Sampling, Segment, Usage, digest
from nightschool.models.distribution import END, END_TOKEN, Distribution, log, normal, pick, spell, token_id, uniform
from nightschool.models.kinds import KINDS, asked_for
from nightschool.models.script import Answers, Babble, Ruled, Script, Spoken
from nightschool.models.stops import cut, shown
from nightschool.models.without import Without
from nightschool.ports import Ability

Fault = Literal["refuse", "draw", "hang", "nan", "crash"]
"""What can go wrong with an ask: it is refused; its draws fail after one token; it never ends until cancelled; its
logits are NaN; the whole model breaks down."""

_HANG_S = 0.001


@dataclass(slots=True)
class _Growing:
    """A draw on its way."""

    noise: int
    script: Script
    prompt: str
    before: str
    sampling: Sampling
    said: str | None = None
    text: str = ""
    tokens: list[str] = field(default_factory=list)
    spent: list[tuple[int, float]] = field(default_factory=list)
    shown: int = 0
    finish: Finish | None = None
    error: str | None = None
    stopped_by: str | None = None
    without: Without = field(default_factory=Without)

    @property
    def sampled(self) -> int:
        """Return how many tokens were sampled, what ended the draw included."""
        return len(self.spent)

    def grow(self) -> None:
        """Sample one token."""
        weights = normal(self.script.after(self.prompt, self.before + self.text))
        if self.said is None:
            token = pick(self._left(weights), self.sampling, uniform(self.noise, self.sampled))
        else:
            token = self.said[len(self.text) : len(self.text) + 1]
        self.spent.append((token_id(token), log(weights.get(token, 0.0))))
        if token == END:
            self.finish = "end"
            return
        self.without.take(token_id(token))
        self.text += token
        self.tokens.append(token)
        if (end := cut(self.text, self.sampling.stop)) is not None:
            self.stopped_by = max((s for s in self.sampling.stop if s and self.text.startswith(s, end)), key=len)
            self.text, self.finish = self.text[:end], "stop"
        elif self.sampled >= self.sampling.max_tokens:
            self.finish = "length"

    def _left(self, weights: Distribution) -> Distribution:
        """Return what is left of `weights` without what shall not come again; all of them where nothing is."""
        if not self.without:
            return weights
        shares = self.without.shares()
        lost = {token: shares.get(token_id(token), 0.0) for token in weights}
        heat = self.sampling.temperature  # what is taken out here is raised to its inverse by `pick`
        left = {token: w * (0.0 if lost[token] == 1 else (1 - lost[token]) ** heat) for token, w in weights.items()}
        return normal(left) if any(left.values()) else weights

    def resume(self, token: int, logp: float) -> None:
        """Take in a token that was sampled before."""
        weights = self.script.after(self.prompt, self.before + self.text)
        word = next((each for each in weights if token_id(each) == token), None)
        word = chr(token) if word is None and token < END_TOKEN else word
        if word is None:
            raise ModelError(f"the token {token} of a draw that was begun is none behind {self.text!r}")
        self.text += word
        self.tokens.append(word)
        self.spent.append((token, logp))
        self.without.take(token)
        self.shown = shown(self.text, self.sampling.stop)

    def news(self) -> str:
        """Return what became readable since the last time."""
        end = len(self.text) if self.finish else shown(self.text, self.sampling.stop)
        text, self.shown = self.text[self.shown : end], max(end, self.shown)
        return text

    def draw(self) -> Draw:
        """Return what there is so far; tokens behind the end of the text are left out."""
        kept, length = 0, 0
        while kept < len(self.tokens) and length + len(self.tokens[kept]) <= len(self.text):
            length += len(self.tokens[kept])
            kept += 1
        if length < len(self.text):  # a stop string began in the middle of a token
            return Draw(Segment(self.text), self.finish or "cancelled", self.error, self.stopped_by)
        own, rest = self.spent[:kept], self.spent[kept:]
        segment = Segment(self.text, tuple(token for token, _ in own), tuple(logp for _, logp in own))
        return Draw(segment, self.finish or "cancelled", self.error, self.stopped_by, tuple(rest))


@dataclass(slots=True)
class _Running:
    """An ask in flight."""

    ask: ModelAsk
    fault: Fault | None
    draws: list[_Growing]


class Scripted:
    """An exact fake that keeps the port `Model`.

    answers: see `script.Spoken`; none babbles what the prompt says. rule: (prompt, written so far) -> weights of the
    next token, END ("") among them, instead of answers. adapters: what it says under an adapter, by name.
    faults: what goes wrong with an ask, if anything. lacks: abilities to go without.
    `asked` lists everything submitted, `steps` counts, so that tests can see batches.
    """

    def __init__(
        self,
        answers: Answers | float | None = None,
        *,
        rule: Callable[[str, str], Distribution] | None = None,
        adapters: Mapping[str, Answers] | None = None,
        faults: Callable[[ModelAsk], Fault | None] | None = None,
        lacks: Sequence[Ability] = (),
        context_tokens: int = 32_768,
        name: str = "scripted",
        identity: str | None = None,
    ) -> None:
        self.name = name
        self.context_tokens = context_tokens
        self.end_ids = frozenset({END_TOKEN})
        self.abilities = KINDS["scripted"].abilities - frozenset(lacks)
        self.identity = identity or digest("scripted", _named(answers), _named(rule), _named(adapters))
        if isinstance(answers, (int, float)):  # `scripted:answers=42`
            answers = str(answers)
        self._script: Script = Ruled(rule) if rule else Babble() if answers is None else Spoken(answers)
        self._known = {adapter: Spoken(says) for adapter, says in (adapters or {}).items()}
        self._loaded: dict[str, Script] = {}
        self._faults = faults or (lambda ask: None)
        self._running: dict[str, _Running] = {}
        self._cancelled: list[ModelReply] = []
        self._words: dict[int, str] = {END_TOKEN: END}
        self.asked: list[ModelAsk] = []
        self.steps = 0
        self.closed = False

    def submit(self, asks: Sequence[ModelAsk]) -> None:
        """Take asks in. Raises Unsupported, PromptTooLong and UnknownName, taking none in."""
        running: dict[str, _Running] = {}
        for ask in asks:
            if ask.id in self._running or ask.id in running:
                raise ValueError(f"an ask with id {ask.id!r} is in flight already")
            running[ask.id] = self._begin(ask)
        self._running |= running
        self.asked += asks

    def _begin(self, ask: ModelAsk) -> _Running:
        needed = {asked_for(ask), Ability.DOCUMENT if ask.prefix.prompt.text is not None else Ability.CHAT}
        if ask.adapter is not None:
            needed.add(Ability.ADAPTERS)
        if isinstance(ask, Propose) and ask.sampling.json_schema is not None:
            needed.add(Ability.SCHEMA)
        if missing := needed - self.abilities:
            raise Unsupported(f"{self.name} was made to go without {', '.join(sorted(missing))}; local models have it")
        script = self._script_of(ask.adapter)
        prompt, written = str(ask.prefix.prompt), ask.prefix.text
        longest = ask.sampling.max_tokens if isinstance(ask, Propose) else 0
        if isinstance(ask, Weigh):
            longest = max((len(segment.text) for segment in ask.continuations), default=0)
        length = len(prompt) + len(written)
        if length + longest > self.context_tokens:
            raise PromptTooLong(
                f"a prompt of {length} tokens and {longest} more do not fit the {self.context_tokens} tokens of "
                f"{self.name}; shorten the prompt or ask for fewer tokens"
            )
        script.after(prompt, written)  # a prompt nobody wrote an answer for is said here, not amid a batch
        if not isinstance(ask, Propose):
            return _Running(ask, self._faults(ask), [])
        listed = script.listed(prompt, written)
        draws = []
        for number in range(ask.first_draw, ask.first_draw + ask.n):
            said = listed[number % len(listed)] if listed else None
            key = ask.noise.child(number).key()
            draws.append(_Growing(key, script, prompt, written, ask.sampling, said, without=Without(ask.without)))
        for token, logp in ask.begun:
            draws[0].resume(token, logp)
        return _Running(ask, self._faults(ask), draws)

    def _script_of(self, adapter: str | None) -> Script:
        if adapter is None:
            return self._script
        if adapter not in self._loaded:
            raise UnknownName("adapter loaded", adapter, self._loaded)
        return self._loaded[adapter]

    def step(self) -> Progress:
        """Sample one token of every draw in flight, and answer whatever else was asked. Raises NotANumber."""
        replies, self._cancelled = self._cancelled, []
        deltas: list[Delta] = []
        if self._running:
            self.steps += 1
        if self._running and all(r.fault == "hang" for r in self._running.values()) and not replies:
            time.sleep(_HANG_S)
        for id, running in list(self._running.items()):
            try:
                reply = self._advance(running, deltas)
            except ModelError:
                del self._running[id]
                self._cancelled = replies
                raise
            if reply is not None:
                del self._running[id]
                replies.append(reply)
        return Progress(tuple(replies), tuple(deltas))

    def _advance(self, running: _Running, deltas: list[Delta]) -> ModelReply | None:
        ask, fault = running.ask, running.fault
        if fault == "hang":
            return None
        if fault == "refuse":
            return Refused(ask.id, f"{self.name} was told to fail", "error")
        if fault == "nan":
            raise NotANumber(f"the logits of {self.name} were NaN for ask {ask.id!r}")
        if fault == "crash":
            raise ModelError(f"{self.name} was told to break down at ask {ask.id!r}")
        if isinstance(ask, Weigh):
            return self._weigh(ask)
        if isinstance(ask, Read):
            return Hidden(ask.id, _features(str(ask.prefix.prompt) + ask.prefix.text), self._usage(ask.prefix))
        for number, draw in enumerate(running.draws, ask.first_draw):
            if draw.finish is None:
                draw.grow()
                if fault == "draw":
                    draw.finish, draw.error = "error", f"{self.name} was told to fail in this draw"
                news = () if draw.finish else (draw.spent[-1],)
                deltas.append(Delta(ask.id, number, draw.news(), 1, news))
        return self._proposed(ask, running.draws) if all(draw.finish for draw in running.draws) else None

    def _proposed(self, ask: Propose, draws: Sequence[_Growing]) -> Proposed:
        for draw in draws:
            self._words |= {token_id(token): token for token in draw.tokens if len(token) > 1}
        sampled = sum(draw.sampled for draw in draws)
        done = tuple(draw.draw() for draw in draws)
        if Ability.LOGPS not in self.abilities:
            done = tuple(Draw(Segment(d.segment.text), d.finish, d.error, d.stopped_by) for d in done)
        return Proposed(ask.id, done, self._usage(ask.prefix, sampled_tokens=sampled))

    def _weigh(self, ask: Weigh) -> Weighed:
        script, prompt = self._script_of(ask.adapter), str(ask.prefix.prompt)
        if ask.next_alone:
            weights = normal(script.after(prompt, ask.prefix.text))
            best = sorted(weights.items(), key=lambda pair: -pair[1])[: ask.tops]
            listed = tuple(Segment(word, (token_id(word),), (log(weight),)) for word, weight in best)
            return Weighed(ask.id, listed, tuple((i,) for i in range(len(listed))), self._usage(ask.prefix))
        segments, ranks, tops = [], [], []
        for segment in ask.continuations:
            written, logps, places, likeliest = ask.prefix.text, [], [], []
            spelled: list[str] = []
            for token in self._tokens(segment, lambda so_far: script.after(prompt, ask.prefix.text + so_far)):
                weights = normal(script.after(prompt, written))
                p = weights.get(token, 0.0)
                logps.append(log(p))
                places.append(sum(other > p for other in weights.values()))
                best = sorted(weights.items(), key=lambda pair: -pair[1])[: ask.tops]
                self._words |= {token_id(word): word for word, _ in best if len(word) > 1}
                likeliest.append(tuple((token_id(word), log(weight)) for word, weight in best))
                spelled.append(token)
                written += token
            segments.append(Segment(segment.text, tuple(map(token_id, spelled)), tuple(logps)))
            ranks.append(tuple(places))
            tops.append(tuple(likeliest))
        usage = self._usage(ask.prefix, weighed_tokens=sum(map(len, ranks)))
        return Weighed(ask.id, tuple(segments), tuple(ranks), usage, tuple(tops) if ask.tops else ())

    def _tokens(self, segment: Segment, after: Callable[[str], Distribution]) -> Iterator[str]:
        if segment.tokens is not None:
            yield from (self._words.get(token) or chr(token) if token != END_TOKEN else END for token in segment.tokens)
            return
        spelled = ""
        while rest := segment.text[len(spelled) :]:
            token = spell(rest, after(spelled))
            yield token
            spelled += token

    def _usage(self, prefix: Prefix, **counts: int) -> Usage:
        return Usage(prompt_tokens=len(str(prefix.prompt)) + len(prefix.text), calls=1, **counts)

    def cancel(self, ids: Sequence[str]) -> None:
        """End these asks; the next step replies with what they have."""
        for id in ids:
            running = self._running.pop(id, None)
            if running is None:
                continue
            ask = running.ask
            if isinstance(ask, Propose):
                self._cancelled.append(self._proposed(ask, running.draws))
            else:
                self._cancelled.append(Refused(id, "cancelled", "cancelled"))

    def load_adapter(self, adapter: Adapter) -> None:
        """Say what `adapters` has for this name from now on, where it is asked for. Raises Unsupported."""
        if adapter.name not in self._known:
            raise Unsupported(f"{self.name} has no script for the adapter {adapter.name}; a local model loads any")
        self._loaded[adapter.name] = self._known[adapter.name]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of tokens that this model has said."""
        return "".join("" if token == END_TOKEN else self._words.get(token) or chr(token) for token in ids)

    def count_tokens(self, text: str) -> int:
        """Return the number of characters."""
        return len(text)

    def close(self) -> None:
        """Drop everything in flight."""
        self._running.clear()
        self.closed = True


def _features(text: str) -> Any:
    import numpy as np  # slow to import, and few ask

    counts = np.bincount(np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8) % 32, minlength=32)
    return (counts / max(len(text), 1)).astype(np.float32)


def _named(value: Any) -> Any:
    if callable(value):  # what a function closes over is not seen: give an `identity` where that matters
        code = getattr(value, "__code__", None)
        constants = [repr(c) for c in code.co_consts if not hasattr(c, "co_code")] if code else []
        return [getattr(value, "__qualname__", repr(type(value))), code.co_code.hex() if code else "", constants]
    if isinstance(value, Mapping):
        return {key: _named(part) for key, part in value.items()}
    return value
