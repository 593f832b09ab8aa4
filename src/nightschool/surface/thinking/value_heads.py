"""From what searches wrote to a value head: the states of all beginnings are read, and a head is fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nightschool.asks import Hidden, Read
from nightschool.critics.learning.learn import FEWEST, FEWEST_ITEMS, learn_states
from nightschool.critics.learning.taught import Floats, Taught
from nightschool.drive import Drive, Job
from nightschool.errors import ModelError, StopRequested, UsageError
from nightschool.items import Noise, Task, Trace
from nightschool.ports import Model
from nightschool.surface.thinking.jobs import jobs_of_task
from nightschool.think.asking import Asking
from nightschool.think.steps import Split
from nightschool.think.value_head import Beginning, beginnings

if TYPE_CHECKING:
    from nightschool.day.run import Day

ITEMS, DRAWS = 60, 8
"""Practice items, and draws of each, from which a night's head is learned."""
_MOST = 4000
"""Beginnings that are read at most, of all items alike."""


def split_of_search(search: Any, named: Split | None) -> Split:
    """Return where steps end: as `named`, else as the search itself has it. Raises UsageError where neither tells."""
    split: Split | None = named or getattr(search, "split", None)
    if split is None:
        raise UsageError(f"{search.spec} has no steps; say where one ends: --step comma, or line, sentence, semicolon")
    if split == "tokens":
        raise UsageError(
            "steps of some tokens end anywhere; say where one ends: --step comma, line, sentence, semicolon"
        )
    return split


def teach(model: Model, traces: Sequence[Trace], path: Path, split: Split, layer: int = -1) -> Taught:
    """Return the value head that `traces` teach, saved at `path`; its accuracy is that on items left out of learning.

    Raises UsageError for too few beginnings or only one kind of end, Leak for items that are not of practice,
    ModelError for a model that could not be read.
    """
    found = beginnings(traces, split)
    found = found[:: len(found) // _MOST + 1]
    if len(found) < FEWEST or len({one.label.group for one in found}) < FEWEST_ITEMS:
        raise UsageError(
            f"{len(found)} beginnings of judged answers teach nothing; think about more items, with a verifier: "
            "--items 50 --strategy best-of-n:n=16"
        )
    if len(ends := {one.label.wanted for one in found}) < 2:
        raise UsageError(
            f"{len(found)} beginnings teach nothing: all their answers {'passed' if True in ends else 'failed'}; "
            "think about more items, or easier or harder ones, until some pass and some fail"
        )
    states = states_of(model, found, traces[0].task, layer)
    taught = learn_states([one.label for one in found], states, identity=model.identity, layer=layer)
    taught = replace(taught, seen=(), facts={**taught.facts, "of": "beginnings", "split": split})
    taught.save(path)
    return taught


def states_of(model: Model, found: Sequence[Beginning], task: Task, layer: int = -1) -> Floats:
    """Return states[beginnings, d] at the end of each, of the weights that `task` was answered with.

    Raises ModelError for a model that could not be read.
    """
    jobs = [  # a night turns hidden states: they are read as a search will read them
        Job(Asking((Read("state", one.prefix, layer, task.adapter),)), task, Noise(("teach", number)))
        for number, one in enumerate(found)
    ]
    states = []
    for trace in Drive(model).run(jobs):
        reply = trace.best.value if trace.best is not None else None
        if not isinstance(reply, Hidden):
            raise ModelError(f"{model.name} could not be read: {'; '.join(trace.errors) or 'no reply'}")
        states.append(np.asarray(reply.state, dtype=float))
    return np.array(states)


def told(taught: Taught) -> str:
    """Return how well a value head does on the beginnings of items that were left out of learning."""
    assert taught.held_out is not None
    rate = f"{taught.held_out.value:.2f} [{taught.held_out.low:.2f}, {taught.held_out.high:.2f}]"
    return (
        f"a value head of {taught.labels} beginnings; right about {rate} of those of items left out of learning "
        f"(always saying the usual: {taught.usual:.2f})"
    )


def leave_values(day: Day, path: Path, split: Split) -> tuple[str, dict[str, Any]]:
    """Return a line about the value head that was saved at `path`, or about why there is none, and the same as data.

    It is what a night over a task leaves to later searches. The mind that wakes answers practice items that no lesson
    asked: what was learned by heart passes however it begins.

    Raises StopRequested where it was interrupted; the night stands.
    """
    from nightschool.registry import make

    learned = frozenset[str]().union(*(lesson.keys for lesson in day.report.term.lessons)) if day.report.term else ()
    jobs = jobs_of_task(
        day.world.spec, ITEMS + len(learned), make("strategies", f"best-of-n:n={DRAWS}"), day.settings.seed,
        critic=None, wording=day.wording.name, temperature=1.0, max_tokens=None,
    )  # fmt: skip
    fresh = [job for job in jobs if job.task.item.key not in learned][:ITEMS]
    day.watch.stage("answers for a value head", len(fresh), "questions")
    traces = day.drive.run([replace(job, task=replace(job.task, adapter=day.adapter)) for job in fresh])
    if day.drive.interrupted:
        raise StopRequested("stopped; the night was over, and stands, and no value head was learned")
    day.watch.stage("learning a value head")
    try:
        taught = teach(day.model, traces, path, split)
    except (UsageError, ModelError) as error:
        return f"no value head: {error}", {"file": None, "why": str(error)}
    rate = taught.held_out
    assert rate is not None
    line = (
        f"{path}: {told(taught)}; use it: nightschool think --task {day.world.spec} --strategy "
        f"beam:split={split},head={path}"
    )
    facts = {"file": str(path), "beginnings": taught.labels, "items": len(fresh), "usual": taught.usual}
    return line, {**facts, "right": [rate.value, rate.low, rate.high]}
