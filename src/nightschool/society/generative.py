"""The one interface of the society: whatever can be run forwards, run with some choices known, and changed its mind.

Everything is a generative model: a distribution, a program that calls other models, a language model, a rule. Each
works on n runs at once. The weights are those of cusumano2019: with them importance sampling is `generate`,
Metropolis-Hastings is `update`, and particles are `update` with longer arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from nightschool.errors import NotANumber, UsageError
from nightschool.society.lanes import Lanes
from nightschool.society.port import Port
from nightschool.society.traces import Given, Trace


@dataclass(frozen=True, slots=True)
class Call:
    """A model and what it is called with. Arguments are shared by all runs, or columns of one row for each run."""

    model: Generative
    args: tuple[Any, ...] = ()


class Generative(Protocol):
    """Whatever can be run forwards, run with some choices known, and changed."""

    @property
    def name(self) -> str:
        """Return the name that messages and traces use."""

    @property
    def ports(self) -> Mapping[str, Port]:
        """Return what it predicts, by address."""

    @property
    def primitive(self) -> bool:
        """Return whether it makes one choice and calls nothing."""

    def __call__(self, *args: Any) -> Call:
        """Return the call of this model with `args`; nothing runs yet."""

    def simulate(self, args: tuple[Any, ...], lanes: Lanes) -> Trace:
        """Return one run for each lane, every choice drawn. The same lanes give the same trace."""

    def generate(
        self, args: tuple[Any, ...], given: Given, lanes: Lanes, proposal: Call | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Return runs with the choices in `given`, and their log-weights [n].

        The weight is log p(all choices) - log q(those that were drawn): from the model itself, or at the addresses
        that `proposal` makes from the proposal. Its mean estimates p(given). Raises UnknownName for an address that
        the model does not have.
        """

    def update(
        self, trace: Trace, given: Given, lanes: Lanes, args: tuple[Any, ...] | None = None
    ) -> tuple[Trace, torch.Tensor]:
        """Return `trace` with `given` choices (and `args`, where not None) changed, and the log-weights [n].

        What else there was stays; what is new is drawn. The weight is log p(new) - log p(old) - log q(drawn). Choices
        that were fixed stay fixed; those in `given` keep what they were.
        """

    def imagine(self, trace: Trace, do: Given, lanes: Lanes, args: tuple[Any, ...] | None = None) -> Trace:
        """Return what would have happened with `do` held and the same noise in everything else.

        The noise of each choice is drawn from what it can have been, given the choice (abduction). A choice whose
        arguments stay as they were stays as it was. `do` is held without being believed: it weighs nothing.
        Ref: pearl2009, 7.1.
        """


def generate_by(model: Generative, args: tuple[Any, ...], given: Given, lanes: Lanes, proposal: Call
                ) -> tuple[Trace, torch.Tensor]:  # fmt: skip
    """Return `model.generate` with choices made by `proposal`, weighted against it. Raises UsageError where both
    know a choice."""
    guess = proposal.model.simulate(proposal.args, lanes.child("proposal"))
    made = guess.choices()
    if clash := sorted(made.keys() & given.keys()):
        raise UsageError(f"{proposal.model.name} proposes {clash[0]!r}, which is given; leave it out of one of them")
    trace, logw = model.generate(args, {**given, **made}, lanes)
    return trace.loosened(frozenset(made)), logw - guess.logp


def checked(name: str, logp: torch.Tensor) -> torch.Tensor:
    """Return `logp`. Raises NotANumber, naming the model, where it holds NaN."""
    if bool(torch.isnan(logp).any()):
        bad = int(torch.isnan(logp).nonzero()[0, 0])
        raise NotANumber(f"the log-probability of {name} is NaN in run {bad} of {len(logp)}; check its arguments")
    return logp
