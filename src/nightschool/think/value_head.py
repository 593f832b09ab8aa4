"""A value head: how likely a beginning ends in an answer that passes, by the model's hidden state at its end.

Learned from past traces: every beginning that an answer went through is an example, and whether that answer passed is
its label (a Monte Carlo return, so the head estimates the chance of success under the strategy that wrote the traces).
Ref: silver2017 (a learned value in place of rollouts).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nightschool.asks import Hidden, Read
from nightschool.critics.learning.labels import Label
from nightschool.critics.learning.logistic import sigmoid
from nightschool.critics.learning.taught import Taught, read_taught
from nightschool.errors import BadFile
from nightschool.items import Prefix, Segment, Trace
from nightschool.think.steps import ENDS, Split


@dataclass(frozen=True, slots=True)
class ValueHead:
    """A linear head on hidden states. taught: as `nightschool think --teach FILE` saved it."""

    taught: Taught

    @classmethod
    def read(cls, path: str) -> ValueHead:
        """Return the head in a file. Raises BadFile for one that is none, or that judges text."""
        taught = read_taught(path)
        if taught.features != "hidden" or taught.facts.get("of") != "beginnings":
            raise BadFile(f"{path} is no value head; learn one: nightschool think --task TASK --teach {path}")
        return cls(taught)

    def ask(self, id: str, prefix: Prefix, adapter: str | None) -> Read:
        """Return what to ask about a beginning."""
        return Read(id, prefix, self.taught.layer, adapter)

    def value(self, reply: Hidden) -> float:
        """Return the chance of success, in [0, 1]. Raises BadFile for states of a model that it did not learn from."""
        state = np.asarray(reply.state, dtype=np.float64)
        if state.shape != (len(self.taught.weights),):
            raise BadFile(
                f"the value head learned from states of {len(self.taught.weights)} numbers, and this model's have "
                f"{state.size}; name the model that it learned from"
            )
        return float(sigmoid(self.taught.odds(state[None, :]))[0])


@dataclass(frozen=True, slots=True)
class Beginning:
    """A beginning that an answer went through. label: whether that answer passed, and of which item."""

    prefix: Prefix
    label: Label


def beginnings(traces: Sequence[Trace], split: Split) -> list[Beginning]:
    """Return the beginnings of all judged answers of `traces`, one for each step that `split` ends, without doubles.

    A beginning that several answers went through is there once for each, so that the head learns their share. Answers
    that were not judged, or whose critic failed, teach nothing.
    """
    found = []
    for trace in traces:
        item = trace.task.item
        for thought in trace.thoughts:
            if thought.verdict is None or thought.verdict.error is not None:
                continue
            for prefix in _cuts(Prefix(trace.task.prompt), thought.prefix.text, ENDS[split]):
                label = Label(item.inputs, prefix.text, wanted=thought.verdict.passed, key=item.key)
                found.append(Beginning(prefix, label))
    return found


def _cuts(start: Prefix, text: str, ends: Sequence[str]) -> list[Prefix]:
    """Return the beginnings of `text` behind each of its steps, built as a search builds them: step, then its end."""
    cuts, prefix, rest = [], start, text
    while rest:
        places = sorted((rest.index(end), -len(end), end) for end in ends if end in rest)
        if not places:
            break
        at, _, end = places[0]
        prefix = prefix.append(Segment(rest[:at])).append(Segment(end))
        rest = rest[at + len(end) :]
        if rest:
            cuts.append(prefix)
    return cuts
