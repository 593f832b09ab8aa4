"""From what a search just wrote to a value head: the states of all beginnings are read, and a head is fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nightschool.asks import Hidden, Read
from nightschool.critics.learning.learn import FEWEST, FEWEST_ITEMS, learn_states
from nightschool.critics.learning.taught import Floats, Taught
from nightschool.drive import Drive, Job
from nightschool.errors import ModelError, UsageError
from nightschool.items import Noise, Task, Trace
from nightschool.ports import Model
from nightschool.think.asking import Asking
from nightschool.think.steps import Split
from nightschool.think.value_head import Beginning, beginnings

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
