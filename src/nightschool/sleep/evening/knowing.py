"""How well the weights know something already: the loss of the answers that they would have to learn."""

from __future__ import annotations

from collections.abc import Sequence

from nightschool.drive import Drive, Job
from nightschool.errors import ModelError, StopRequested
from nightschool.items import Item, Lesson, Noise, Task
from nightschool.think.reading import Reading

IMPOSSIBLE = 50.0
"""nats per token: what a model says never is no further from being known than this"""


def nats_of(drive: Drive, lessons: Sequence[Lesson], adapter: str | None = None) -> list[float]:
    """Return for each lesson the loss of its answer after its prompt, in nats per token, under `adapter`,
    at most `IMPOSSIBLE`.

    Raises Unsupported for a model that cannot weigh text, ModelError where an answer could not be read, StopRequested
    where it was interrupted.
    """
    jobs = [
        Job(
            Reading(lesson.answer),
            Task(Item(lesson.id, {}, None, "knowing"), lesson.prompt, adapter=adapter),
            Noise(("knowing", lesson.id)),
        )
        for lesson in lessons
    ]
    traces = drive.run(jobs)
    if drive.interrupted:
        raise StopRequested("interrupted while it was asked what is known already; nothing was changed")
    found = []
    for lesson, trace in zip(lessons, traces, strict=True):
        logps = trace.best.prefix.segments[-1].logps if trace.best is not None else None
        if not logps:
            why = "; ".join(trace.errors) or "the model told no log-probabilities"
            raise ModelError(f"the answer {lesson.answer!r} could not be read: {why}")
        found.append(min(-sum(logps) / len(logps), IMPOSSIBLE))
    return found
