"""A language model that writes: free text as a choice like any other, weighed where it is given.

    draft = yield "draft", Writes(ask)("Name a colour:")
    yield "checked", factor(torch.tensor([0.0 if rule(text) else -20.0 for text in draft]))

A program that yields a draft, a checker as a factor and a rule as another choice holds all three in one society; what
is called next can depend on what was written (`each`). The society calls no model: it is handed a way to ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from nightschool.asks import Propose, Proposed, Weigh, Weighed
from nightschool.errors import ModelError, UnknownName, Unsupported, UsageError
from nightschool.items import Prefix, Prompt, Sampling, Segment
from nightschool.society import columns
from nightschool.society.generative import Call, Given, Trace, checked, generate_by
from nightschool.society.lanes import Lanes
from nightschool.society.language import Asking
from nightschool.society.port import Port


@dataclass(frozen=True, slots=True)
class Writes:
    """What a model writes behind a prompt, up to `stop`, which is not part of it and is counted.

    The argument is a prompt, or a tuple of one for each run. max_tokens: where a text is cut off; one that is, is
    weighed without its end. Log-probabilities are those of the text as the model reads it, in nats.
    """

    asking: Asking
    stop: str = "\n"
    max_tokens: int = 32
    name: str = "writes"
    ports: Mapping[str, Port] = field(default_factory=lambda: {"": Port("text", "text")})
    primitive: bool = True

    def __post_init__(self) -> None:
        if not self.stop:
            raise UsageError("a text that is weighed must end somewhere; give a stop that is not empty")

    def __call__(self, *args: Any) -> Call:
        """Return the call with `args`: the prompt."""
        return Call(self, args)

    def simulate(self, args: tuple[Any, ...], lanes: Lanes) -> Trace:
        """Return one text for each lane; a lane's text depends on its noise and prompt alone. Raises ModelError."""
        prompts = columns.spread(args[0], len(lanes))
        sampling = Sampling(max_tokens=self.max_tokens, stop=(self.stop,))
        asks = [
            Propose(f"write {row}", Prefix(Prompt(text=prompt)), 1, sampling, lanes.noise, first_draw=lane)
            for row, (prompt, lane) in enumerate(zip(prompts, lanes.index.tolist(), strict=True))
        ]
        replies = {reply.id: reply for reply in self.asking(asks)}
        texts, ended = [], []
        for ask in asks:
            reply = replies.get(ask.id)
            draw = reply.draws[0] if isinstance(reply, Proposed) else None
            if draw is None or draw.error or draw.finish in ("cancelled", "error"):
                why = (draw.error or draw.finish) if draw else getattr(reply, "reason", "the model did not reply")
                raise ModelError(f"no text after {str(ask.prefix.prompt)[-40:]!r}: {why}")
            texts.append(draw.segment.text)
            ended.append(draw.finish != "length")
        return self._traced(args, tuple(texts), tuple(ended), fixed=False)

    def generate(
        self, args: tuple[Any, ...], given: Given, lanes: Lanes, proposal: Call | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Return the text given at the empty address, weighed; written where none is given."""
        if proposal is not None:
            return generate_by(self, args, given, lanes, proposal)
        if not given:
            trace = self.simulate(args, lanes)
            return trace, torch.zeros_like(trace.logp)
        trace = self._given(args, given, len(lanes), True)
        return trace, trace.logp

    def update(
        self, trace: Trace, given: Given, lanes: Lanes, args: tuple[Any, ...] | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Return the text changed, or kept and weighed behind another prompt."""
        args = trace.args if args is None else args
        if not given and all(map(columns.same, args, trace.args)):
            return trace, torch.zeros_like(trace.logp)
        new = self._given(args, given or {"": trace.value}, len(trace), trace.fixed)
        return new, new.logp - trace.logp

    def imagine(self, trace: Trace, do: Given, lanes: Lanes, args: tuple[Any, ...] | None = None) -> Trace:
        """Return the text where its prompt stays as it was, or the one that `do` holds.

        Raises Unsupported for another prompt: the noise of a text cannot be read back from it here; `leanings` can.
        """
        if do:
            held = columns.spread(do[""], len(trace))
            return Trace(self, trace.args, held, torch.zeros(len(trace), dtype=torch.float64), fixed=True)
        if args is None or all(map(columns.same, args, trace.args)):
            return trace
        raise Unsupported(
            "what a model would have written behind another prompt needs its noise, which a text does not tell; "
            "choose among listed answers instead: categorical(leanings(...))"
        )

    def _given(self, args: tuple[Any, ...], given: Given, n: int, fixed: bool) -> Trace:
        if given.keys() != {""}:
            raise UnknownName("choice", next(iter(given.keys() - {""})), [], f"{self.name} makes one choice")
        texts = columns.spread(given[""], n)
        if not isinstance(texts, tuple) or not all(isinstance(text, str) for text in texts):
            raise UsageError(f"{self.name} chooses texts, not {given['']!r}")
        if ending := [text for text in texts if self.stop in text]:
            raise UsageError(f"{ending[0]!r} holds {self.stop!r}, at which a text ends; cut it there")
        return self._traced(args, texts, (True,) * n, fixed)

    def _traced(self, args: tuple[Any, ...], texts: tuple[str, ...], ended: tuple[bool, ...], fixed: bool) -> Trace:
        """Return the trace of these texts, equal ones behind equal prompts weighed once."""
        prompts = columns.spread(args[0], len(texts))
        wholes = [text + self.stop * end for text, end in zip(texts, ended, strict=True)]
        by_prompt: dict[str, dict[str, None]] = {}
        for prompt, whole in zip(prompts, wholes, strict=True):
            by_prompt.setdefault(prompt, {})[whole] = None
        asks = [
            Weigh(f"weigh {i}", Prefix(Prompt(text=prompt)), tuple(map(Segment, some)))
            for i, (prompt, some) in enumerate(by_prompt.items())
        ]
        replies = {reply.id: reply for reply in self.asking(asks)}
        logps: dict[tuple[str, str], float] = {}
        for ask, (prompt, some) in zip(asks, by_prompt.items(), strict=True):
            reply = replies.get(ask.id)
            if not isinstance(reply, Weighed) or any(segment.logp is None for segment in reply.segments):
                why = getattr(reply, "reason", "the model told no log-probabilities")
                raise ModelError(f"no weight of a text after {prompt[-40:]!r}: {why}")
            logps |= {(prompt, whole): segment.logp or 0.0 for whole, segment in zip(some, reply.segments, strict=True)}
        found = torch.tensor([logps[pair] for pair in zip(prompts, wholes, strict=True)], dtype=torch.float64)
        return Trace(self, args, texts, checked(self.name, found), fixed=fixed)
