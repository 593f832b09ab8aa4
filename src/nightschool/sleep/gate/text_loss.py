"""How likely a model finds given text: what a night must not make worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nightschool.drive import Drive, Job
from nightschool.errors import ModelError, StopRequested
from nightschool.items import Item, Noise, Prompt, Task
from nightschool.think.reading import Reading


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
        Job(
            Reading(chunk),
            Task(Item(f"text {i}", {}, None, "text"), prompt, adapter=adapter),
            Noise(("text", i)),
        )
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
