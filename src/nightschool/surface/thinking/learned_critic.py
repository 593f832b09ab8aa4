"""From a file of labels to a learned critic: what must be asked of a model is asked here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nightschool.asks import Hidden, Read, Refused
from nightschool.critics.learning.labels import Label
from nightschool.critics.learning.learn import answers_of, check, held_to, learn_judge, learn_states, learn_text
from nightschool.critics.learning.taught import Features, Taught, read_taught
from nightschool.critics.learning.traits import matrix, traits
from nightschool.critics.lm_judge import QUESTION, LmJudge, odds_of
from nightschool.critics.texts.case import case_prefix
from nightschool.drive import Budget, Drive, Job
from nightschool.errors import ModelError, UsageError
from nightschool.items import Noise, Prompt, Score, Task
from nightschool.ports import Model, Watcher
from nightschool.think.asking import Asking

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned. before: how often the critic that was there agrees with the fresh ones among these labels."""

    taught: Taught
    before: Score | None


def learn_file(
    labels: Sequence[Label],
    path: Path,
    features: Features,
    *,
    model: Callable[[], Model] | None = None,
    question: str = QUESTION,
    layer: int = -1,
    watch: Watcher | None = None,
    budget: Budget | None = None,
) -> Learned:
    """Return what `labels` teach, saved at `path`. A critic that is there already is held to what it has not seen.

    model: opened for `hidden` and `judge` alone, and closed. Raises UsageError for too few labels, BadFile, Leak,
    Unsupported and ModelError for a model that cannot be asked.
    """
    check(labels)
    old = read_taught(path) if path.exists() else None
    if features == "text":
        found, looked = learn_text(labels), None
    else:
        if model is None:
            raise UsageError(f"features {features} are read from a model; name one with --model")
        opened = model()
        try:
            looked = _read(opened, labels, features, question, layer, watch, budget)
        finally:
            opened.close()
        if features == "hidden":
            found = learn_states(labels, looked, identity=opened.identity, layer=layer)
        else:
            found = learn_judge(labels, looked[:, 0], identity=opened.identity, question=question)
    before = None if old is None else _held(old, found, labels, looked)
    found.save(path)
    return Learned(found, before)


def _held(old: Taught, new: Taught, labels: Sequence[Label], looked: Floats | None) -> Score | None:
    """Return the agreement of `old` with labels it has not seen, where the same features were looked at."""
    if old.features == "text":
        return held_to(old, labels, partial(_traits, old.names))
    same = (old.features, old.identity, old.layer, old.question) == (
        new.features,
        new.identity,
        new.layer,
        new.question,
    )
    if looked is None or not same:
        return None
    rows: dict[int, list[Floats]] = {id(label): [] for label in labels}
    for (label, _), row in zip(answers_of(labels), looked, strict=True):
        rows[id(label)].append(row)
    return held_to(old, labels, lambda fresh: np.array([row for label in fresh for row in rows[id(label)]]))


def _traits(names: Sequence[str], labels: Sequence[Label]) -> Floats:
    return matrix([traits(label.item(), answer) for label, answer in answers_of(labels)], names)


def _read(
    model: Model,
    labels: Sequence[Label],
    features: Features,
    question: str,
    layer: int,
    watch: Watcher | None,
    budget: Budget | None,
) -> Floats:
    """Return what the model says of every answer: its hidden state, or its log-odds of yes."""
    judge = LmJudge(question)
    jobs = []
    for number, (label, answer) in enumerate(answers_of(labels)):
        item = label.item()
        ask = Read("case", case_prefix(item, answer), layer) if features == "hidden" else judge.consult(item, answer)
        jobs.append(Job(Asking((ask,)), Task(item, Prompt(text="")), Noise(("label", number))))
    rows = []
    for trace in Drive(model, watch=watch).run(jobs, budget):
        reply = trace.best.value if trace.best is not None else None
        if reply is None or isinstance(reply, Refused):
            raise ModelError(
                f"{model.name} could not be asked about an answer: {'; '.join(trace.errors) or 'no reply'}"
            )
        rows.append(np.asarray(reply.state, dtype=float) if isinstance(reply, Hidden) else np.array([odds_of(reply)]))
    return np.array(rows)
