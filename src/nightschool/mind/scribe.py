"""What a model notes beside its answers: tags, what surprised it, and summaries, in the very batches of the answer.

Nothing here can fail a conversation: what the model refused, or did not get to, is left out, and keyphrases and
extracts stand in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nightschool.drive.job import Job
from nightschool.drive.service import Over, Service
from nightschool.errors import NightschoolError
from nightschool.items import Item, Noise, Prompt, Sampling, Task, Trace, digest
from nightschool.ports import Ability, Search
from nightschool.registry import make
from nightschool.remember import gist, topics
from nightschool.remember.memory import Memory
from nightschool.think.reading import Reading

_IMPOSSIBLE = 50.0  # nats per token: what a model says never is no more surprising than this
_WEIGHED = 1000  # characters: how a memory begins tells how surprising it is
_TELLING = 4  # tokens behind the first: fewer say how odd it is to begin so, and nothing of what was said


@dataclass
class Scribe:
    """Puts its questions into a service, and holds what came of them.

    surprise: nats per token by memory; tags: by memory; sentences: of the summary, those that the turns bear out.
    """

    service: Service
    adapter: str | None
    noise: Noise
    surprise: dict[str, float] = field(default_factory=dict)
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)
    _waiting: dict[int, Callable[[Trace], None]] = field(default_factory=dict)

    def note(self, memory: Memory) -> None:
        """Ask how surprising `memory` is, and what it is about."""
        if Ability.WEIGH in self.service.model.abilities:
            reading = Reading(memory.content[:_WEIGHED])
            self._join(reading, Prompt(text=""), Sampling(), memory.id, lambda trace: self._weighed(memory, trace))
        if topics.worth_asking(memory.content):
            prompt = topics.asked(memory.content, chat=self._chat)
            sampling = Sampling(topics.LONGEST, temperature=0.0, stop=(topics.STOP,))
            self._join(_single(), prompt, sampling, memory.id, lambda trace: self._tagged(memory, trace))

    def summarise(self, turns: Sequence[Memory]) -> None:
        """Ask for a summary of `turns`."""
        if not turns:
            return
        sampling = Sampling(gist.LONGEST, temperature=0.0, stop=(gist.STOP,))
        prompt = gist.asked(turns, chat=self._chat)
        self._join(_single(), prompt, sampling, turns[0].id, lambda trace: self._told(turns, trace))

    def hear(self, over: Over) -> None:
        """Take in what is over, where it was asked from here."""
        done = self._waiting.pop(over.number, None)
        if done is not None and over.fault is None and over.trace.best is not None:
            done(over.trace)

    def finish(self) -> None:
        """Wait for what is still asked."""
        while self._waiting:
            for over in self.service.turn():
                self.hear(over)
            self.service.heard()

    @property
    def _chat(self) -> bool:
        return Ability.DOCUMENT not in self.service.model.abilities

    def _join(
        self, search: Search[Any], prompt: Prompt, sampling: Sampling, about: str, done: Callable[[Trace], None]
    ) -> None:
        item = Item(about, {}, None, digest("noted", about))
        job = Job(search, Task(item, prompt, sampling, self.adapter), self.noise)
        try:
            self._waiting[self.service.join(job)] = done
        except NightschoolError:  # too long for this model, or not for it at all
            return

    def _weighed(self, memory: Memory, trace: Trace) -> None:
        assert trace.best is not None  # `hear` looked
        logps = (trace.best.prefix.segments[-1].logps or ())[1:]
        if len(logps) >= _TELLING:
            self.surprise[memory.id] = min(max(0.0, -sum(logps) / len(logps)), _IMPOSSIBLE)

    def _tagged(self, memory: Memory, trace: Trace) -> None:
        assert trace.best is not None
        self.tags[memory.id] = topics.read(trace.best.prefix.text, memory.content)

    def _told(self, turns: Sequence[Memory], trace: Trace) -> None:
        assert trace.best is not None
        self.sentences = gist.believed(trace.best.prefix.text, turns)


def _single() -> Search[Any]:
    single: Search[Any] = make("strategies", "single")
    return single
