"""How likely a model finds given text: what a night must not make worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nightschool.asks import Ask, CriticRole, Refused, Reply, Weigh, Weighed
from nightschool.drive import Drive, Job
from nightschool.errors import ModelError, StopRequested
from nightschool.items import Item, Noise, Prefix, Prompt, Segment, Task, Thought


@dataclass(frozen=True, slots=True)
class TextLoss:
    """nats: per token, the mean of each chunk; tokens: of each chunk."""

    nats: tuple[float, ...]
    tokens: tuple[int, ...]

    @property
    def mean(self) -> float:
        """Return nats per token of all the text."""
        return sum(n * t for n, t in zip(self.nats, self.tokens, strict=True)) / sum(self.tokens)


def text_loss(drive: Drive, chunks: Sequence[str], adapter: str | None = None) -> TextLoss:
    """Return the loss of each chunk, read by itself from its first token on.

    chunks: see `watch_text.chunks`; adapter: which mind reads, None for the bare weights.
    Raises Unsupported for a model that cannot weigh text, ModelError where a chunk could not be read (a loss over
    the others would not be paired), StopRequested where it was interrupted.
    """
    prompt = Prompt(text="")
    jobs = [
        Job(Reading(chunk), Task(Item(f"text {i}", {}, None, "text"), prompt, adapter=adapter), Noise(("text", i)))
        for i, chunk in enumerate(chunks)
    ]
    nats: list[float] = []
    tokens: list[int] = []
    traces = drive.run(jobs)
    if drive.interrupted:
        raise StopRequested("interrupted while the watched text was read; nothing was changed")
    for i, trace in enumerate(traces):
        logps = trace.best.prefix.segments[-1].logps if trace.best is not None else None
        if not logps:
            why = "; ".join(trace.errors) or "the model told no log-probabilities"
            raise ModelError(f"chunk {i} of the watched text could not be read: {why}; read fewer tokens at once")
        nats.append(-sum(logps) / len(logps))
        tokens.append(len(logps))
    return TextLoss(tuple(nats), tuple(tokens))


@dataclass(frozen=True, slots=True)
class _Read:
    task: Task
    told: bool = False
    found: Thought | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A search that only weighs `text`: its one thought is the text with its log-probabilities."""

    text: str

    @property
    def spec(self) -> str:
        """Return `reading`."""
        return "reading"

    @property
    def needs(self) -> frozenset[CriticRole]:
        """Return nothing: nobody judges."""
        return frozenset()

    def start(self, task: Task, noise: Noise) -> _Read:
        """Return the state before the text was weighed."""
        return _Read(task)

    def ask(self, state: _Read) -> Sequence[Ask]:
        """Return the one ask, until it is answered."""
        if state.told:
            return ()
        return (Weigh("text", Prefix(state.task.prompt), (Segment(self.text),), state.task.adapter),)

    def tell(self, state: _Read, replies: Sequence[Reply]) -> _Read:
        """Return the state with the weighed text, or with nothing where it was refused."""
        for reply in replies:
            if isinstance(reply, Weighed):
                prefix = Prefix(state.task.prompt, (reply.segments[0],))
                logp = reply.segments[0].logp
                state = _Read(state.task, True, Thought(0, None, prefix, self.text, logp=logp))
            elif isinstance(reply, Refused):
                state = _Read(state.task, True)
        return state

    def best(self, state: _Read) -> Thought | None:
        """Return the weighed text."""
        return state.found

    def thoughts(self, state: _Read) -> Sequence[Thought]:
        """Return the weighed text, where there is one."""
        return () if state.found is None else (state.found,)
